#include "widgets/fixed_keys.h"

#include <QVariant>
#include <QWidget>

namespace lvr {
namespace {

constexpr auto kProperty = "fixedKeys";

}  // namespace

void setFixedKeys(QWidget& widget, const FixedKeys& keys) {
    QStringList texts{keys.place};
    for (const FixedKey& key : keys.keys) texts << key.keys << key.what;
    widget.setProperty(kProperty, texts);
}

FixedKeys fixedKeysOf(const QWidget& widget) {
    const QStringList texts = widget.property(kProperty).toStringList();
    FixedKeys keys{.place = texts.value(0), .keys = {}};
    for (int i = 1; i + 1 < texts.size(); i += 2) keys.keys.append({texts[i], texts[i + 1]});
    return keys;
}

}  // namespace lvr
