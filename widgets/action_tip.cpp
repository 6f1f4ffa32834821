#include "widgets/action_tip.h"

#include <QAction>
#include <QKeySequence>
#include <QVariant>
#include <QWidget>

namespace lvr {
namespace {

constexpr auto kWhyNot = "whyNot";
constexpr auto kPlain = "plainTip";  // as the action's owner wrote it
constexpr auto kWhole = "wholeTip";  // what we made of it

void setIfNew(QAction& action, const char* name, const QString& value) {
    if (action.property(name).toString() != value) action.setProperty(name, value);
}

constexpr auto kProperty = "fixedKeys";

}  // namespace

void allow(QAction& action, bool allowed, const QString& whyNot) {
    setIfNew(action, kWhyNot, allowed ? QString() : whyNot);
    action.setEnabled(allowed);
    updateTip(action);
}

QString whyNot(const QAction& action) {
    return action.isEnabled() ? QString() : action.property(kWhyNot).toString();
}

void updateTip(QAction& action) {
    if (action.toolTip() != action.property(kWhole).toString())
        action.setProperty(kPlain, action.toolTip());
    QString tip = action.property(kPlain).toString();
    const QString keys = action.shortcut().toString(QKeySequence::NativeText);
    if (!keys.isEmpty()) tip = QObject::tr("%1 (%2)").arg(tip, keys);
    if (const QString why = whyNot(action); !why.isEmpty()) tip += '\n' + why;
    setIfNew(action, kWhole, tip);
    if (action.toolTip() != tip) action.setToolTip(tip);
}

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
