#include "app/workspaces/run_alerts.h"

#include <QAction>
#include <QApplication>
#include <QEvent>
#include <QSystemTrayIcon>
#include <QWidget>

#include "app/look/icons.h"
#include "widgets/message_bar.h"

namespace lvr {

RunAlerts::RunAlerts(QWidget* window, MessageBar* bar)
    : QObject(window), window_(window), bar_(bar), look_(new QAction(tr("Show in Train"), this)) {
    connect(look_, &QAction::triggered, this, &RunAlerts::showRuns);
    window->installEventFilter(this);
}

void RunAlerts::tell(const QString& sentence, bool isOnScreen) {
    if (!isOnScreen) bar_->say(MessageBar::Kind::Error, sentence, look_);
    if (!window_->isActiveWindow()) tellTheDesktop(sentence);
}

void RunAlerts::tellTheDesktop(const QString& sentence) {
    QApplication::alert(window_);
    if (!QSystemTrayIcon::isSystemTrayAvailable()) return;
    if (!tray_) {
        tray_ = new QSystemTrayIcon(applicationIcon(), this);
        connect(tray_, &QSystemTrayIcon::messageClicked, this, &RunAlerts::showRuns);
        connect(tray_, &QSystemTrayIcon::activated, this, &RunAlerts::showRuns);
    }
    tray_->setToolTip(sentence);
    tray_->show();
    tray_->showMessage(tr("LVR Workbench"), sentence, QSystemTrayIcon::Warning);
}

void RunAlerts::showRuns() {
    bar_->dismiss();
    Q_EMIT runsWanted();
    window_->show();
    window_->raise();
    window_->activateWindow();
}

bool RunAlerts::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::WindowActivate && tray_) tray_->hide();
    return QObject::eventFilter(watched, event);
}

}  // namespace lvr
