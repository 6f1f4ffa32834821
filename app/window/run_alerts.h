#pragma once

#include <QObject>

class QAction;
class QSystemTrayIcon;
class QWidget;

namespace lvr {

class MessageBar;

// Tells of a run's alert wherever the person is. Alerts are counted, and the desktop is told of one
// of a new kind while the window is not looked at. What needs a hand is also said on top of the
// window in every workspace.
class RunAlerts : public QObject {
    Q_OBJECT
public:
    RunAlerts(QWidget* window, MessageBar* bar);
    // isOnScreen: the workspace in front says it already.
    void tell(const QString& sentence, bool isNewKind, bool needsAHand, bool isOnScreen);
    void seen();  // all that was told so far

Q_SIGNALS:
    void runsWanted();  // to see more of it
    void counted(int unseen);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void tellTheDesktop(const QString& sentence);
    void showRuns();

    QWidget* window_;
    MessageBar* bar_;
    QAction* look_;
    int unseen_ = 0;
    QSystemTrayIcon* tray_ = nullptr;  // there while an alert waits to be seen
};

}  // namespace lvr
