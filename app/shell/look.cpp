#include "app/shell/look.h"

#include <QActionGroup>
#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusVariant>
#include <QFile>
#include <QIconEngine>
#include <QMenu>
#include <QPainter>
#include <QPalette>
#include <QPixmap>
#include <QStyle>
#include <QSvgRenderer>
#include <algorithm>

namespace lvr {
namespace {

constexpr auto kPortal = "org.freedesktop.portal.Desktop";
constexpr auto kPath = "/org/freedesktop/portal/desktop";
constexpr auto kSettings = "org.freedesktop.portal.Settings";
constexpr auto kAppearance = "org.freedesktop.appearance";
constexpr int kPatience = 300;  // ms; a desktop without the portal must not delay the start

// Without an address Qt would try to start a bus of its own.
bool hasSessionBus() {
    return !qEnvironmentVariableIsEmpty("DBUS_SESSION_BUS_ADDRESS") &&
           QDBusConnection::sessionBus().isConnected();
}

bool systemIsDark() {
    if (!hasSessionBus()) return false;
    auto call = QDBusMessage::createMethodCall(kPortal, kPath, kSettings, "Read");
    call << kAppearance << "color-scheme";
    const auto reply = QDBusConnection::sessionBus().call(call, QDBus::Block, kPatience);
    if (reply.type() != QDBusMessage::ReplyMessage || reply.arguments().isEmpty()) return false;
    QVariant value = reply.arguments().first();
    while (value.canConvert<QDBusVariant>()) value = value.value<QDBusVariant>().variant();
    return value.toUInt() == 1;  // 1: prefers dark
}

QPalette darkPalette() {
    const QColor window(37, 39, 43), base(27, 29, 32), text(228, 229, 231);
    const QColor accent(74, 144, 226), behindText(50, 114, 198);  // white is read on it
    QPalette dark(text, QColor(52, 55, 60), QColor(76, 80, 87), QColor(20, 21, 23),
                  QColor(40, 42, 46), text, Qt::white, base, window);
    dark.setColor(QPalette::AlternateBase, QColor(33, 35, 39));
    dark.setColor(QPalette::Highlight, behindText);
    dark.setColor(QPalette::HighlightedText, Qt::white);
    dark.setColor(QPalette::Link, accent);
    dark.setColor(QPalette::ToolTipBase, QColor(52, 55, 60));
    dark.setColor(QPalette::ToolTipText, text);
    dark.setColor(QPalette::PlaceholderText, QColor(146, 149, 155));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        dark.setColor(QPalette::Disabled, role, QColor(120, 123, 129));
    return dark;
}

QPalette lightPalette() {
    QPalette light = QApplication::style()->standardPalette();
    light.setColor(QPalette::Highlight, QColor(38, 110, 200));
    light.setColor(QPalette::HighlightedText, Qt::white);
    light.setColor(QPalette::PlaceholderText, QColor(110, 112, 116));
    return light;
}

// A line drawing in the colour that text on buttons has when it is painted, at whatever size and
// pixel ratio is asked for: it follows the theme, and no screen shows a scaled picture.
class LineIcon : public QIconEngine {
public:
    explicit LineIcon(const QString& name) {
        QFile file(":/icons/" + name + ".svg");
        if (file.open(QIODevice::ReadOnly)) drawing_ = file.readAll();
    }

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
        const auto group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
        const QColor ink = QApplication::palette().color(group, QPalette::ButtonText);
        QSvgRenderer lines(QByteArray(drawing_).replace("currentColor", ink.name().toLatin1()));
        const int side = std::min(rect.width(), rect.height());
        QRect square(0, 0, side, side);
        square.moveCenter(rect.center());
        lines.render(painter, square);
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
        QPixmap pixmap(size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        paint(&painter, pixmap.rect(), mode, state);
        return pixmap;
    }

    QIconEngine* clone() const override { return new LineIcon(*this); }

private:
    QByteArray drawing_;  // SVG
};

}  // namespace

ThemeSwitch::ThemeSwitch(QObject* parent) : QObject(parent) {}

void ThemeSwitch::choose(Theme theme) {
    chosen_ = theme;
    if (theme == Theme::System && !listening_ && hasSessionBus())
        listening_ =
            QDBusConnection::sessionBus().connect(kPortal, kPath, kSettings, "SettingChanged", this,
                                                  SLOT(settingChanged(QString, QString)));
    apply();
}

void ThemeSwitch::addChoicesTo(QMenu* menu) {
    auto* group = new QActionGroup(menu);
    const auto add = [&](const QString& name, const QString& text, Theme theme) {
        QAction* action = menu->addAction(text, this, [this, theme] { choose(theme); });
        action->setObjectName(name);
        action->setCheckable(true);
        group->addAction(action);
    };
    add("colours.system", tr("As the &system"), Theme::System);
    add("colours.light", tr("&Light"), Theme::Light);
    add("colours.dark", tr("&Dark"), Theme::Dark);
    connect(menu, &QMenu::aboutToShow, group,
            [this, group] { group->actions()[static_cast<int>(chosen_)]->setChecked(true); });
}

void ThemeSwitch::settingChanged(const QString& area, const QString& key) {
    if (chosen_ == Theme::System && area == kAppearance && key == "color-scheme") apply();
}

void ThemeSwitch::apply() {
    const bool dark = chosen_ == Theme::Dark || (chosen_ == Theme::System && systemIsDark());
    QApplication::setPalette(dark ? darkPalette() : lightPalette());
}

QIcon lineIcon(const QString& name) { return QIcon(new LineIcon(name)); }

QIcon applicationIcon() { return QIcon(":/lvr-workbench.png"); }

}  // namespace lvr
