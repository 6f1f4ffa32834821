#pragma once

#include <QIcon>
#include <QObject>

class QMenu;

namespace lvr {

enum class Theme { System, Light, Dark };

// Colours the application light or dark; System follows the desktop's setting, also when that
// changes while the window is open.
class ThemeSwitch : public QObject {
    Q_OBJECT
public:
    explicit ThemeSwitch(QObject* parent = nullptr);
    void choose(Theme theme);
    Theme chosen() const { return chosen_; }
    void addChoicesTo(QMenu* menu);

private Q_SLOTS:
    void settingChanged(const QString& area, const QString& key);

private:
    void apply();

    Theme chosen_ = Theme::System;
    bool listening_ = false;
};

// One of resources/icons, "open-picture", in the colour of the theme.
QIcon lineIcon(const QString& name);
QIcon applicationIcon();

}  // namespace lvr
