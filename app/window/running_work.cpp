#include "app/window/running_work.h"

#include <QAction>
#include <QApplication>
#include <QEvent>
#include <QMessageBox>
#include <QPushButton>
#include <QStringList>
#include <QSystemTrayIcon>
#include <QWidget>
#include <utility>

#include "app/causal/causal_workspace.h"
#include "app/compare/compare_workspace.h"
#include "app/runs/train_workspace.h"
#include "app/shell/look.h"
#include "app/window/workspaces.h"
#include "widgets/message_bar.h"

namespace lvr {
namespace {

QString listOf(const std::vector<Run>& running) {
    QStringList lines;
    for (const Run& run : running)
        lines << QObject::tr("Run %1, %2: step %3 of %4")
                     .arg(run.id)
                     .arg(QString::fromStdString(run.info.kind))
                     .arg(run.step)
                     .arg(run.info.steps);
    return lines.join('\n');
}

}  // namespace

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

// ---- Closing ----

bool ClosingQuestions::mayClose() {
    if (closes_) return true;
    if (!mayDropComparison()) {
        askAboutComparison();
        return false;
    }
    if (!workspaces_.trainIfMade()) return true;
    const auto running = workspaces_.train().running();
    if (running.empty()) return true;
    askAboutTrainings(running);
    return false;
}

void ClosingQuestions::closeUnasked() {
    closes_ = true;
    window_->close();
}

bool ClosingQuestions::mayDropComparison() {
    const auto* compare = workspaces_.compareIfMade();
    const auto* causal = workspaces_.causalIfMade();
    const bool asks = (compare && compare->isAskingSet()) || (causal && causal->isTestingSet());
    return !asks || dropsComparison_;
}

void ClosingQuestions::askAboutComparison() {
    const auto* causal = workspaces_.causalIfMade();
    auto* box = new QMessageBox(QMessageBox::Question, tr("Close LVR Workbench"),
                                causal && causal->isTestingSet()
                                    ? tr("A set is being tested. Stop it and close?")
                                    : tr("A set is being compared. Stop it and close?"),
                                QMessageBox::Cancel, window_);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setInformativeText(tr(
        "The answers that there are are kept: Past… in its workspace opens them again, and Go on "
        "asks what is missing."));
    auto* stops = box->addButton(tr("&Stop and close"), QMessageBox::DestructiveRole);
    box->setDefaultButton(QMessageBox::Cancel);
    QObject::connect(stops, &QPushButton::clicked, window_, [this] {
        dropsComparison_ = true;
        if (auto* compare = workspaces_.compareIfMade()) compare->stop();
        if (auto* causal = workspaces_.causalIfMade()) causal->stop();
        window_->close();
        dropsComparison_ = false;
    });
    box->open();
}

void ClosingQuestions::askAboutTrainings(const std::vector<Run>& running) {
    const bool isOne = running.size() == 1;
    auto* box =
        new QMessageBox(QMessageBox::Question, tr("Close LVR Workbench"),
                        isOne ? tr("A training is running. Does it go on?")
                              : tr("%1 trainings are running. Do they go on?").arg(running.size()),
                        QMessageBox::NoButton, window_);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setInformativeText(
        listOf(running) + "\n\n" +
        tr("A training needs no window; it is in Train again when you come back. "
           "A stopped one saves a checkpoint first and can be resumed."));
    auto* goes = box->addButton(tr("&Go on"), QMessageBox::AcceptRole);
    auto* stops =
        box->addButton(isOne ? tr("&Stop it") : tr("&Stop them"), QMessageBox::DestructiveRole);
    box->addButton(QMessageBox::Cancel);
    box->setDefaultButton(goes);
    QObject::connect(box, &QMessageBox::finished, window_, [this, box, goes, stops] {
        if (box->clickedButton() == stops) workspaces_.train().stopRunning();
        if (box->clickedButton() == goes || box->clickedButton() == stops) closeUnasked();
    });
    box->open();
}

}  // namespace lvr
