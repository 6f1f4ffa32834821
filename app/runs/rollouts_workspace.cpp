#include "app/runs/rollouts_workspace.h"

#include <QAction>
#include <QApplication>
#include <QLabel>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <functional>
#include <utility>

#include "app/runs/small_picture.h"
#include "widgets/message_bar.h"
#include "widgets/rollouts/group_browser.h"
#include "widgets/rollouts/health_strips.h"
#include "widgets/rollouts/rollout_detail.h"
#include "widgets/rollouts/step_bar.h"

namespace lvr {
namespace {

QString nameOf(const std::filesystem::path& file) {
    return QString::fromStdU16String(file.u16string());
}

}  // namespace

RolloutsWorkspace::RolloutsWorkspace(StoreReader* reader, QWidget* parent)
    : QWidget(parent),
      reader_(reader),
      message_(new MessageBar(this)),
      pages_(new QStackedWidget(this)),
      empty_(new QLabel(this)),
      steps_(new StepBar(this)),
      filter_(new RolloutFilterBar(this)),
      foundRow_(makeFound()),
      browser_(new GroupBrowser(this)),
      health_(new HealthStrips(this)),
      detail_(new RolloutDetail(this)),
      checkpoints_(new QAction(tr("&Checkpoints"), this)) {
    build();
    wire();
    wireReader();
    addShortcuts();
    beginAgain();
}

// The tables outlive our members and look at their rows while they go.
RolloutsWorkspace::~RolloutsWorkspace() { browser_->show({}); }

void RolloutsWorkspace::build() {
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setWordWrap(true);
    empty_->setTextFormat(Qt::PlainText);
    empty_->setMargin(40);
    browser_->addUnderGroups(health_);
    browser_->addUnderRollouts(detail_);
    auto* content = new QWidget(this);
    auto* inside = new QVBoxLayout(content);
    inside->addLayout(makeHead());
    inside->addWidget(filter_);
    inside->addWidget(foundRow_);
    inside->addWidget(browser_, 1);
    pages_->addWidget(empty_);
    pages_->addWidget(content);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(message_);
    column->addWidget(pages_, 1);
    message_->dismiss();
}

QLayout* RolloutsWorkspace::makeHead() {
    checkpoints_->setObjectName("rollouts.checkpoints");
    checkpoints_->setToolTip(tr("What the run's checkpoints answered to its probe questions"));
    addAction(checkpoints_);
    auto* button = new QToolButton(this);
    button->setDefaultAction(checkpoints_);
    auto* head = new QHBoxLayout;
    head->addWidget(steps_, 1);
    head->addWidget(button);
    return head;
}

// "In 14 of 120 steps, first in step 12", and the way there.
QWidget* RolloutsWorkspace::makeFound() {
    auto* row = new QWidget(this);
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    foundText_ = new QLabel(row);
    foundText_->setAccessibleName(tr("Steps that were found"));
    foundText_->setTextFormat(Qt::PlainText);
    layout->addWidget(foundText_);
    const auto add = [&](const QString& name, const QString& text, const QString& tip, int by) {
        auto* button = new QToolButton(row);
        button->setObjectName(name);
        button->setText(text);
        button->setToolTip(tip);
        layout->addWidget(button);
        connect(button, &QToolButton::clicked, this, [this, by] { goToFound(by); });
    };
    add("firstFound", tr("First"), tr("The first step that has such rollouts"), 0);
    add("previousFound", tr("Previous"), tr("The step before this one that has such rollouts"), -1);
    add("nextFound", tr("Next"), tr("The step after this one that has such rollouts"), 1);
    layout->addStretch(1);
    row->hide();
    return row;
}

void RolloutsWorkspace::search() {
    found_.clear();
    foundText_->setText(tr("Looking through the steps of run %1 …").arg(run_));
    for (auto* button : foundRow_->findChildren<QToolButton*>()) button->setEnabled(false);
    foundRow_->show();
    reader_->findSteps(run_, filter_->filter());
}

void RolloutsWorkspace::showFound(std::int64_t run, const std::map<int, int>& found, int steps) {
    if (run != run_) return;
    found_ = found;
    int rollouts = 0;
    for (const auto& [step, count] : found) rollouts += count;
    foundText_->setText(found.empty() ? tr("None of the %1 steps has such rollouts.").arg(steps)
                                      : tr("%1 rollouts in %2 of %3 steps, the first in step %4.")
                                            .arg(rollouts)
                                            .arg(found.size())
                                            .arg(steps)
                                            .arg(found.begin()->first));
    for (auto* button : foundRow_->findChildren<QToolButton*>()) button->setEnabled(!found.empty());
}

// by: 0 the first, else the next one in this direction.
void RolloutsWorkspace::goToFound(int by) {
    if (found_.empty()) return;
    auto at = by == 0 ? found_.begin() : found_.lower_bound(by > 0 ? step_ + 1 : step_);
    if (by < 0) {
        if (at == found_.begin()) return;
        --at;
    }
    if (at != found_.end()) chooseRun(run_, at->first);
}

void RolloutsWorkspace::wire() {
    connect(steps_, &StepBar::runChosen, this,
            [this](std::int64_t run) { chooseRun(run, StoreReader::kNewest); });
    connect(steps_, &StepBar::stepChosen, this,
            [this](int step) { reader_->readStep(run_, step); });
    connect(health_, &HealthStrips::stepChosen, this, [this](int step) {
        stayAt(step);
        reader_->readStep(run_, steps_->step());
    });
    connect(checkpoints_, &QAction::triggered, this, [this] { Q_EMIT checkpointsRequested(run_); });
    connect(filter_, &RolloutFilterBar::changed, browser_, &GroupBrowser::setFilter);
    connect(filter_, &RolloutFilterBar::changed, foundRow_, &QWidget::hide);
    connect(filter_, &RolloutFilterBar::everyStepWanted, this, &RolloutsWorkspace::search);
    connect(reader_, &StoreReader::stepsFound, this, &RolloutsWorkspace::showFound);
    connect(browser_, &GroupBrowser::rolloutChosen, this, &RolloutsWorkspace::showRollout);
    connect(browser_, &GroupBrowser::nothingChosen, this, [this] {
        pictureFile_.clear();
        pictures_.drop();
        awaitsPicture_ = false;
        detail_->clear();
    });
}

void RolloutsWorkspace::wireReader() {
    connect(reader_, &StoreReader::opened, this, &RolloutsWorkspace::beginAgain);
    connect(reader_, &StoreReader::runsChanged, this, &RolloutsWorkspace::takeRuns);
    for (const auto trouble : {&StoreReader::missing, &StoreReader::failed})
        connect(reader_, trouble, this, &RolloutsWorkspace::showTrouble);
    connect(reader_, &StoreReader::stepsRead, this, &RolloutsWorkspace::takeSteps);
    connect(reader_, &StoreReader::stepRead, this, &RolloutsWorkspace::takeStep);
    connect(reader_, &StoreReader::healthRead, this,
            [this](std::int64_t run, const std::vector<MetricColumn>& added) {
                if (run == run_) health_->append(added);
            });
    connect(reader_, &StoreReader::rolloutsFollowed, this, [this](std::int64_t run) {
        if (run == run_) awaitsHealth_ = false;
        settle();
    });
    connect(reader_, &StoreReader::stepFailed, this, [this](const QString& sentence) {
        awaitsStep_ = awaitsPicture_ = false;
        message_->say(MessageBar::Kind::Error, sentence);
        settle();
    });
}

void RolloutsWorkspace::addShortcuts() {
    const auto add = [this](const QString& name, const QString& text,
                            const QList<QKeySequence>& keys, const std::function<void()>& act) {
        auto* action = new QAction(text, this);
        action->setObjectName("rollouts." + name);
        action->setShortcuts(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, this, act);
        addAction(action);
    };
    add("next", tr("Next rollout"), {Qt::Key_N}, [this] { browser_->moveRollout(1); });
    add("previous", tr("Previous rollout"), {Qt::Key_P}, [this] { browser_->moveRollout(-1); });
    add("next-group", tr("Next group"), {Qt::SHIFT | Qt::Key_N},
        [this] { browser_->moveGroup(1); });
    add("previous-group", tr("Previous group"), {Qt::SHIFT | Qt::Key_P},
        [this] { browser_->moveGroup(-1); });
    add("previous-step", tr("Previous training step"), {Qt::Key_BracketLeft},
        [this] { steps_->moveBy(-1); });
    add("next-step", tr("Next training step"), {Qt::Key_BracketRight},
        [this] { steps_->moveBy(1); });
    add("find", tr("Find in rollouts"), {Qt::Key_F, QKeySequence::Find},
        [this] { filter_->focusSearch(); });
    add("list", tr("Back to the list of rollouts"), {Qt::Key_Escape},
        [this] { browser_->focusRollouts(); });
}

void RolloutsWorkspace::showEmpty(const QString& why) {
    empty_->setText(why);
    pages_->setCurrentIndex(0);
}

// No store is how everything begins; what is shown of one that goes away stays.
void RolloutsWorkspace::showTrouble(const QString& sentence) {
    awaitsRuns_ = awaitsStep_ = awaitsHealth_ = awaitsPicture_ = false;
    hasStoreFailed_ = true;
    if (run_ != 0)
        message_->say(MessageBar::Kind::Error, sentence);
    else
        showEmpty(sentence + '\n' +
                  tr("A run of GRPO writes rollouts: start one in Train, or with “lvr grpo”."));
    settle();
}

// The keys work where the focus is; it must not be taken from another part of the window.
void RolloutsWorkspace::showContent() {
    if (pages_->currentIndex() == 1) return;
    pages_->setCurrentIndex(1);
    const QWidget* focus = QApplication::focusWidget();
    if (!focus || isAncestorOf(focus)) browser_->focusRollouts();
}

// As the reader knows the store now. What is looked at is looked for there, too.
void RolloutsWorkspace::beginAgain() {
    if (run_ != 0 && wantedRun_ == 0) wantedRun_ = run_, wantedStep_ = step_;
    run_ = 0;
    step_ = -1;
    awaitsRuns_ = !reader_->file().empty();
    wasSettled_ = false;
    message_->dismiss();
    browser_->show({});
    rollouts_.reset();
    steps_->setRuns({});
    steps_->setSteps({});
    health_->clear();
    showEmpty(awaitsRuns_ ? tr("Reading %1 …").arg(nameOf(reader_->file()))
                          : tr("Open a run store to read the rollouts of its runs."));
    if (!reader_->trouble().isEmpty()) return showTrouble(reader_->trouble());
    if (reader_->hasListed()) takeRuns(reader_->runs());
}

void RolloutsWorkspace::showStep(std::int64_t run, int step) {
    wantedRun_ = run;
    wantedStep_ = step;
    if (run_ != 0) chooseRun(run, step);
}

void RolloutsWorkspace::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    reader_->followRollouts(run_, StoreReader::From::WhereItWas);
}

void RolloutsWorkspace::hideEvent(QHideEvent* event) {
    reader_->followRollouts(0, StoreReader::From::WhereItWas);
    QWidget::hideEvent(event);
}

void RolloutsWorkspace::takeRuns(const std::vector<RunSummary>& summaries) {
    std::vector<Run> runs;
    for (const auto& summary : summaries)
        if (summary.hasRollouts) runs.push_back(summary.run);
    awaitsRuns_ = false;
    if (std::exchange(hasStoreFailed_, false)) message_->dismiss();
    if (runs.empty()) {
        run_ = 0;
        showEmpty(tr("No run in %1 has rollouts yet.\nA run of GRPO writes them: start one in "
                     "Train, or with “lvr grpo --store …”.")
                      .arg(nameOf(reader_->file())));
        return settle();
    }
    steps_->setRuns(runs);
    showContent();
    const bool wanted = std::any_of(runs.begin(), runs.end(),
                                    [this](const Run& run) { return run.id == wantedRun_; });
    if (wanted)
        chooseRun(wantedRun_, wantedStep_);
    else if (steps_->run() != run_)
        chooseRun(steps_->run(), StoreReader::kNewest);
}

void RolloutsWorkspace::chooseRun(std::int64_t run, int step) {
    wantedRun_ = 0;
    steps_->chooseRun(run);
    const bool isOther = run != run_;
    if (isOther) {
        run_ = run;
        step_ = -1;
        awaitsHealth_ = true;
        wasSettled_ = false;
        steps_->setSteps({});
        health_->clear();
        foundRow_->hide();
    }
    awaitsStep_ = true;
    wasSettled_ = false;
    if (step != StoreReader::kNewest) stayAt(step);
    reader_->readStep(run, step);
    reader_->followRollouts(run,
                            isOther ? StoreReader::From::Start : StoreReader::From::WhereItWas);
    if (!isVisible()) reader_->followRollouts(0, StoreReader::From::WhereItWas);
}

// Somebody asked for this step: the next one of the run must not take its place.
void RolloutsWorkspace::stayAt(int step) {
    steps_->setFollowsNewest(false);
    steps_->chooseStep(step);
}

void RolloutsWorkspace::takeSteps(std::int64_t run, const std::vector<int>& steps) {
    if (run != run_) return;
    steps_->setSteps(steps);
    if (steps.empty()) return;
    if (steps_->followsNewest() && step_ != steps.back()) {
        steps_->chooseStep(steps.back());
        reader_->readStep(run, steps.back());
    } else if (step_ >= 0) {
        steps_->chooseStep(step_);
    }
}

void RolloutsWorkspace::takeStep(std::int64_t run, int step, const SharedRollouts& rollouts) {
    if (run != run_) return;
    message_->dismiss();
    step_ = step;
    awaitsStep_ = false;
    if (!rollouts->empty()) {
        const auto [low, high] = std::minmax_element(
            rollouts->begin(), rollouts->end(),
            [](const Rollout& a, const Rollout& b) { return a.reward < b.reward; });
        filter_->widenRewardRange(low->reward, high->reward);
    }
    browser_->show(groupsOf(*rollouts));  // before those it showed go
    rollouts_ = rollouts;
    steps_->chooseStep(step);
    health_->markStep(step);
    Q_EMIT stepShown(run, step);
    settle();
}

void RolloutsWorkspace::showRollout(const Rollout& rollout, const Rollout& best) {
    detail_->show(rollout, best);
    const QString file = QString::fromStdString(rollout.image);
    if (file != pictureFile_) readPicture(file);
}

void RolloutsWorkspace::readPicture(const QString& file) {
    pictureFile_ = file;
    detail_->showNoPicture(file.isEmpty() ? tr("This question has no picture.")
                                          : tr("Reading the picture …"));
    awaitsPicture_ = !file.isEmpty();
    wasSettled_ = false;
    pictures_.drop();
    if (file.isEmpty()) return;
    const auto end = [this] {
        awaitsPicture_ = false;
        settle();
    };
    pictures_.replace([file] { return readSmallPicture(file); },
                      [this, end](const QImage& picture) {
                          detail_->showPicture(picture);
                          end();
                      },
                      [this, end](const QString& sentence) {
                          detail_->showNoPicture(sentence);
                          end();
                      });
}

bool RolloutsWorkspace::isSettled() const {
    if (run_ == 0) return !awaitsRuns_;
    return !awaitsStep_ && !awaitsHealth_ && !awaitsPicture_;
}

void RolloutsWorkspace::settle() {
    const bool now = isSettled();
    if (now && !std::exchange(wasSettled_, now)) Q_EMIT settled();
}

}  // namespace lvr
