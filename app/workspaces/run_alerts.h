#pragma once

#include <QObject>

class QAction;
class QSystemTrayIcon;
class QWidget;

namespace lvr {

class MessageBar;

// Tells of a run's alert wherever the person is: on top of the window in every workspace, and by
// the desktop while the window is not looked at.
class RunAlerts : public QObject {
    Q_OBJECT
public:
    RunAlerts(QWidget* window, MessageBar* bar);
    // isOnScreen: the workspace in front says it already.
    void tell(const QString& sentence, bool isOnScreen);

Q_SIGNALS:
    void runsWanted();  // to see more of it

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void tellTheDesktop(const QString& sentence);
    void showRuns();

    QWidget* window_;
    MessageBar* bar_;
    QAction* look_;
    QSystemTrayIcon* tray_ = nullptr;  // there while an alert waits to be seen
};

}  // namespace lvr
