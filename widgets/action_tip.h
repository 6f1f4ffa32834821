#pragma once

#include <QString>

class QAction;

namespace lvr {

// Enables or disables an action; `whyNot` says in one sentence what is missing, in its tool tip and
// wherever the action is listed.
void allow(QAction& action, bool allowed, const QString& whyNot);
QString whyNot(const QAction& action);  // empty while it can be used

// A property of an action, menu or widget: the name of the workspace it belongs to. What belongs to
// different ones is never there at the same time.
inline constexpr auto kActionPlace = "actionPlace";

// The tool tip, followed by the shortcut that is in force and by why the action can't be used.
void updateTip(QAction& action);

}  // namespace lvr
