#pragma once

#include <QList>
#include <QString>

class QWidget;

namespace lvr {

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
