#pragma once

#include <QCoreApplication>
#include <QObject>
#include <vector>

#include "core/values/run.h"

class QAction;
class QSystemTrayIcon;
class QWidget;

namespace lvr {

class MessageBar;
class Workspaces;

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

// Trainings outlive the window, a comparison does not; whoever closes it says what is to become of
// them. Questions are not modal to the rest of the desktop.
class ClosingQuestions {
    Q_DECLARE_TR_FUNCTIONS(lvr::ClosingQuestions)
public:
    ClosingQuestions(QWidget* window, Workspaces& workspaces)
        : window_(window), workspaces_(workspaces) {}
    // Whether the window may close now. If not, a question is on screen, and its answer closes it.
    bool mayClose();
    void closeUnasked();

private:
    bool mayDropComparison();
    void askAboutComparison();
    void askAboutTrainings(const std::vector<Run>& running);

    QWidget* window_;
    Workspaces& workspaces_;
    bool closes_ = false;           // what was to be asked before has been answered
    bool dropsComparison_ = false;  // likewise of the set that is asked
};

}  // namespace lvr
