#pragma once

#include <QAction>
#include <QList>
#include <QPointer>
#include <QString>

class QWidget;

namespace lvr {

// An action of the window as a person finds it.
struct ListedAction {
    QPointer<QAction> action;
    QString id;     // stays the same when wording or menu change: the action's object name
    QString text;   // "Open picture…"
    QString path;   // the menus above it, "View › Colours", or the part of the window it is in
    QString place;  // the workspace it belongs to; empty: it is there in all of them
};

// The actions of the window: first those of its menus in their order, then those of toolbars,
// docks, menu buttons and context menus, none twice. InSight leaves out what is hidden or belongs
// to a part of the window that is not on screen.
enum class Reach { All, InSight };
QList<ListedAction> listActions(QWidget& window, Reach reach);

QString withoutMnemonic(const QString& text);

// Does a command of the palette by its object name, as a person at the window could. What went
// wrong, as a sentence; empty: it was done.
QString doCommand(QWidget& window, const QString& name);

}  // namespace lvr
