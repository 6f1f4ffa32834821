#pragma once

#include <QWidget>
#include <map>

#include "app/runs/store_reader.h"

class QAction;
class QLabel;
class QLayout;
class QStackedWidget;

namespace lvr {

class GroupBrowser;
class HealthStrips;
class MessageBar;
class RolloutDetail;
class RolloutFilterBar;
class StepBar;

// Reads the rollouts of a run: step, groups, rollouts, one of them whole. Follows the store while
// it is visible. n and p go to the next and previous rollout, N and P to the group, [ and ] to the
// step, f to the search.
class RolloutsWorkspace : public QWidget {
    Q_OBJECT
public:
    explicit RolloutsWorkspace(StoreReader* reader, QWidget* parent = nullptr);
    ~RolloutsWorkspace() override;

    // Also before the store was read. StoreReader::kNewest: the last step that has rollouts.
    void showStep(std::int64_t run, int step);
    std::int64_t run() const { return run_; }  // 0: none
    int step() const { return step_; }         // whose rollouts are shown, -1: none
    bool isSettled() const;  // what there is of them is on screen, or why there is nothing

Q_SIGNALS:
    void stepShown(std::int64_t run, int step);
    void checkpointsRequested(std::int64_t run);  // its probe answers; 0: of any run
    void settled();

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void build();
    void wire();
    void addShortcuts();
    void wireReader();
    void chooseRun(std::int64_t run, int step);
    void beginAgain();
    void takeRuns(const std::vector<RunSummary>& runs);
    void takeSteps(std::int64_t run, const std::vector<int>& steps);
    void takeStep(std::int64_t run, int step, const SharedRollouts& rollouts);
    void showRollout(const Rollout& rollout, const Rollout& best);
    void showEmpty(const QString& why);
    void showTrouble(const QString& sentence);
    void readPicture(const QString& file);
    QWidget* makeFound();
    void search();
    void showFound(std::int64_t run, const std::map<int, int>& found, int steps);
    void goToFound(int by);
    void stayAt(int step);
    QLayout* makeHead();
    void showContent();
    void settle();

    std::int64_t run_ = 0, wantedRun_ = 0;
    int step_ = -1, wantedStep_ = StoreReader::kNewest;
    SharedRollouts rollouts_;
    std::map<int, int> found_;  // step -> rollouts that passed
    QString pictureFile_;
    // What is still to come to what is chosen.
    bool awaitsRuns_ = false, awaitsStep_ = false, awaitsHealth_ = false, awaitsPicture_ = false;
    bool wasSettled_ = false;
    bool hasStoreFailed_ = false;  // the message on screen is about it

    StoreReader* reader_;
    Job pictures_;
    MessageBar* message_;
    QStackedWidget* pages_;
    QLabel* empty_;
    StepBar* steps_;
    RolloutFilterBar* filter_;
    QWidget* foundRow_;  // in which steps what was searched for is
    QLabel* foundText_;
    GroupBrowser* browser_;
    HealthStrips* health_;
    RolloutDetail* detail_;
    QAction* checkpoints_;
};

}  // namespace lvr
