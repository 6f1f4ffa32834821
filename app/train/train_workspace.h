#pragma once

#include <QTimer>
#include <QWidget>
#include <memory>
#include <set>
#include <vector>

#include "app/train/train_places.h"
#include "core/values/run.h"

class QAction;
class QLabel;
class QSplitter;
class QStackedWidget;

namespace lvr {

class CurveGrid;
class MessageBar;
class PlottedRuns;
class RunDetails;
class RunsTable;
class StoreReader;
class TrainingProcesses;
struct NewRun;

// Launch trainings and watch them: the runs of a store, their curves and what is known of each.
class TrainWorkspace : public QWidget {
    Q_OBJECT
public:
    explicit TrainWorkspace(const TrainPlaces& places, QWidget* parent = nullptr);
    ~TrainWorkspace() override;

    void newRun();                                                 // asks what it is told
    void select(std::int64_t run);                                 // also before the store was read
    std::int64_t selected() const;                                 // the first, 0: none
    const std::vector<RunSummary>& runs() const { return runs_; }  // of the store, newest first
    std::vector<Run> running() const;  // on this machine; they outlive the window
    void stopRunning();                // each saves and ends
    QList<QAction*> runActions() const;
    QByteArray saveLayout() const;
    void restoreLayout(const QByteArray& layout);
    void resetLayout();
    bool isSettled() const;   // what the store holds of the selected runs is on screen
    QString message() const;  // the sentence on screen, empty when there is none

Q_SIGNALS:
    void rolloutsRequested(std::int64_t run, int step);
    void alerted(const QString& sentence);  // something of a run that a person should know; shown
    void storeFailed(const QString& sentence);  // shown
    void settled();

private:
    void build();
    QWidget* makeEmptyState();
    void sayWhere();
    void wireReader();
    void wireTable();
    void wireTrainings();
    void start(const NewRun& run);
    void showRuns(const std::vector<RunSummary>& runs);
    void tellNewAlerts(const std::vector<RunSummary>& runs);
    void showMissing(const QString& sentence);
    void choose(const std::vector<std::int64_t>& runs);
    void showDetails();
    void takeData();
    void settle();
    void openFolder(const QString& folder);
    void fail(const QString& sentence);
    void failTraining(const QString& sentence, const QString& output);

    TrainPlaces places_;
    StoreReader* reader_;
    TrainingProcesses* trainings_;
    std::unique_ptr<PlottedRuns> plotted_;
    std::vector<RunSummary> runs_;
    std::vector<std::int64_t> subscribed_;
    std::int64_t wanted_ = 0;      // to be selected once it is listed
    bool upToDate_ = false;        // all metrics of the subscribed runs have come
    bool saidSettled_ = false;     // of this selection
    bool listed_ = false;          // runs of this store were shown
    bool hasStoreFailed_ = false;  // the message on screen is about it
    QString awaited_;              // output folder of the run that was started last
    QString output_;               // of the training that failed last
    QTimer takes_;

    MessageBar* messages_;
    QAction* new_;
    QAction* showOutput_;
    RunsTable* table_;
    RunDetails* details_;
    CurveGrid* curves_;
    QStackedWidget* pages_;
    QSplitter *upper_, *whole_;
    QLabel* nothing_;  // said while there are no runs
    QLabel* where_;
};

}  // namespace lvr
