#pragma once

#include <QList>
#include <QString>

class QAction;
class QWidget;

namespace lvr {

// Enables or disables an action; `whyNot` says in one sentence what is missing, in its tool tip and
// wherever the action is listed.
void allow(QAction& action, bool allowed, const QString& whyNot);
QString whyNot(const QAction& action);  // empty while it can be used

// A property of an action, menu or widget: the name of the workspace it belongs to. What belongs to
// different ones is never there at the same time.
inline constexpr auto kActionPlace = "actionPlace";

// A property of an action that stands for something else every time, such as a recent file: it is
// offered no keys.
inline constexpr auto kKeepsNoKeys = "keepsNoKeys";

// The tool tip, followed by the shortcut that is in force and by why the action can't be used.
void updateTip(QAction& action);

struct FixedKey {
    QString keys;  // "Left, Right"
    QString what;
    bool operator==(const FixedKey&) const = default;
};

// Keys that widgets answer to themselves while they have the focus. Nobody can change them, but the
// list of shortcuts tells of them; widgets of one kind share the name of their place.
struct FixedKeys {
    QString place;
    QList<FixedKey> keys;
    bool operator==(const FixedKeys&) const = default;
};
void setFixedKeys(QWidget& widget, const FixedKeys& keys);
FixedKeys fixedKeysOf(const QWidget& widget);

}  // namespace lvr
