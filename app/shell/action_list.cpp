#include "app/shell/action_list.h"

#include <QAbstractButton>
#include <QDockWidget>
#include <QMainWindow>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QRegularExpression>
#include <QSet>
#include <QToolButton>
#include <algorithm>

#include "widgets/action_tip.h"

namespace lvr {
namespace {

QString under(const QString& path, const QString& text) {
    return path.isEmpty() ? text : path + QStringLiteral(" › ") + text;
}

// Only for an action nobody gave a name.
QString idFrom(const QString& path, const QString& text) {
    static const QRegularExpression apart("[^a-z0-9]+");
    return (path + '.' + text).toLower().replace(apart, "-");
}

// The nearest part of the window around the widget that has a name for a person.
QString partOf(const QWidget* widget) {
    for (; widget && !widget->isWindow(); widget = widget->parentWidget()) {
        if (!widget->accessibleName().isEmpty()) return widget->accessibleName();
        if (qobject_cast<const QDockWidget*>(widget)) return widget->windowTitle();
    }
    return QObject::tr("Window");
}

QString placeOf(const QObject& object, const QString& around) {
    const QString own = object.property(kActionPlace).toString();
    return own.isEmpty() ? around : own;
}

// The workspace around the widget.
QString placeAround(const QWidget* widget) {
    for (; widget; widget = widget->parentWidget())
        if (const QString place = placeOf(*widget, {}); !place.isEmpty()) return place;
    return {};
}

class Collector {
public:
    explicit Collector(Reach reach) : reach_(reach) {}
    // Once each: one that is filled anew when it is shown would take back what was found in it.
    void addMenu(QMenu& menu, const QString& path, const QString& place) {
        if (seenMenus_.contains(&menu)) return;
        seenMenus_.insert(&menu);
        Q_EMIT menu.aboutToShow();  // some are filled or ticked only then
        for (QAction* action : menu.actions()) add(action, path, place);
    }
    void add(QAction* action, const QString& path, const QString& around) {
        if (action->isSeparator() || seen_.contains(action)) return;
        if (reach_ == Reach::InSight && !action->isVisible()) return;
        const QString text = withoutMnemonic(action->text());
        const QString place = placeOf(*action, around);
        if (QMenu* menu = action->menu()) return addMenu(*menu, under(path, text), place);
        if (text.isEmpty() || action->objectName().startsWith("_q_")) return;  // Qt's own
        seen_.insert(action);
        const QString name = action->objectName();
        found_.append({action, name.isEmpty() ? idFrom(path, text) : name, text, path, place});
    }
    QList<ListedAction> found() const {
        QList<ListedAction> alive = found_;
        alive.removeIf([](const ListedAction& listed) { return !listed.action; });
        return alive;
    }

private:
    Reach reach_;
    QSet<const QAction*> seen_;
    QSet<const QMenu*> seenMenus_;
    QList<ListedAction> found_;
};

// Not a dialog's or a menu's; a floating panel counts.
bool belongsTo(const QWidget& widget, const QWidget& window) {
    const QWidget* top = widget.window();
    return top == &window || qobject_cast<const QDockWidget*>(top);
}

QMenu* menuOf(const QWidget* widget) {
    if (const auto* button = qobject_cast<const QToolButton*>(widget)) return button->menu();
    if (const auto* button = qobject_cast<const QPushButton*>(widget)) return button->menu();
    return nullptr;
}

const ListedAction* find(const QList<ListedAction>& actions, const QString& name) {
    const auto found = std::ranges::find(actions, name, &ListedAction::id);
    return found == actions.end() ? nullptr : &*found;
}

// Those that begin alike, else those in which a part of it occurs.
QStringList near(const QList<ListedAction>& actions, const QString& name) {
    const QString room = name.section('.', 0, 0), end = name.section('.', -1);
    QStringList alike, others;
    for (const ListedAction& listed : actions) {
        if (listed.id.startsWith(room + '.')) alike << listed.id;
        if (!end.isEmpty() && listed.id.contains(end)) others << listed.id;
    }
    return (alike.isEmpty() ? others : alike).mid(0, 12);
}

QString notThere(const QList<ListedAction>& all, const QString& name) {
    const QStringList names = near(all, name);
    return names.isEmpty() ? QObject::tr("There is no command \"%1\".").arg(name)
                           : QObject::tr("There is no command \"%1\"; near it are %2.")
                                 .arg(name, names.join(", "));
}

QString notInSight(const ListedAction& listed, const QString& name) {
    return listed.place.isEmpty()
               ? QObject::tr("The command \"%1\" is not on screen just now.").arg(name)
               : QObject::tr(
                     "The command \"%1\" belongs to %2, which is not on screen; do "
                     "workspace.%3 first.")
                     .arg(name, listed.place, listed.place.toLower());
}

}  // namespace

QString withoutMnemonic(const QString& text) {
    static const QRegularExpression mark("&(.)");
    return QString(text).replace(mark, "\\1");
}

QList<ListedAction> listActions(QWidget& window, Reach reach) {
    Collector collector(reach);
    if (const auto* main = qobject_cast<QMainWindow*>(&window))
        for (QAction* action : main->menuBar()->actions()) collector.add(action, {}, {});
    for (QAction* action : window.actions()) collector.add(action, QObject::tr("Window"), {});
    for (const auto* dock : window.findChildren<QDockWidget*>())
        collector.add(dock->toggleViewAction(), QObject::tr("Panels"), placeAround(dock));
    for (const auto* widget : window.findChildren<QWidget*>()) {
        if (!belongsTo(*widget, window) || qobject_cast<const QMenuBar*>(widget)) continue;
        if (reach == Reach::InSight && !widget->isVisible()) continue;
        const QString part = partOf(widget), place = placeAround(widget);
        if (QMenu* menu = menuOf(widget)) {
            const QString text = static_cast<const QAbstractButton*>(widget)->text();
            collector.addMenu(*menu, under(part, withoutMnemonic(text)), place);
        } else {
            for (QAction* action : widget->actions()) collector.add(action, part, place);
        }
    }
    return collector.found();
}

QString doCommand(QWidget& window, const QString& name) {
    const auto inSight = listActions(window, Reach::InSight);
    if (const ListedAction* listed = find(inSight, name)) {
        if (listed->action->isEnabled()) {
            listed->action->trigger();
            return {};
        }
        const QString why = whyNot(*listed->action);
        return why.isEmpty() ? QObject::tr("The command \"%1\" can't be used just now.").arg(name)
                             : QObject::tr("The command \"%1\" can't be used: %2").arg(name, why);
    }
    const auto all = listActions(window, Reach::All);
    const ListedAction* listed = find(all, name);
    return listed ? notInSight(*listed, name) : notThere(all, name);
}

}  // namespace lvr
