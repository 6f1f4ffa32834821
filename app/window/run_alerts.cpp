#include "app/window/run_alerts.h"

#include <QAction>
#include <QApplication>
#include <QEvent>
#include <QSystemTrayIcon>
#include <QWidget>
#include <utility>

#include "app/shell/icons.h"
#include "widgets/message_bar.h"

namespace lvr {

RunAlerts::RunAlerts(QWidget* window, MessageBar* bar)
    : QObject(window), window_(window), bar_(bar), look_(new QAction(tr("Show in Train"), this)) {
    connect(look_, &QAction::triggered, this, &RunAlerts::showRuns);
    window->installEventFilter(this);
}

void RunAlerts::tell(const QString& sentence, bool isNewKind, bool needsAHand, bool isOnScreen) {
    if (!isOnScreen) Q_EMIT counted(++unseen_);
    if (!isOnScreen && needsAHand) bar_->say(MessageBar::Kind::Error, sentence, look_);
    if (!window_->isActiveWindow() && (isNewKind || needsAHand)) tellTheDesktop(sentence);
}

void RunAlerts::seen() {
    if (std::exchange(unseen_, 0) > 0) Q_EMIT counted(0);
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
