#include "app/shell/do_command.h"

#include <algorithm>

#include "app/shell/action_list.h"
#include "widgets/action_tip.h"

namespace lvr {
namespace {

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
