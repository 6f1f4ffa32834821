#pragma once

#include <QWidget>
#include <map>
#include <vector>

#include "app/runs/new_run.h"
#include "core/values/run.h"
#include "widgets/job.h"
#include "widgets/runs/curve_data.h"

class QAction;
class QSplitter;
class QStackedWidget;
class QTabWidget;

namespace lvr {

class CheckpointPanel;
class CurveGrid;
class MessageBar;
class NewRunDialog;
class NoRuns;
class RunDetails;
class RunsTable;
class StepBar;
class StoreReader;
class TrainingProcesses;
class UnsavedNotes;

// Launch trainings and watch them: the runs of a store, their curves and what is known of each.
class TrainWorkspace : public QWidget {
    Q_OBJECT
public:
    explicit TrainWorkspace(const TrainPlaces& places, QWidget* parent = nullptr);
    ~TrainWorkspace() override;

    StoreReader* reader() const { return reader_; }  // of the store, for others who show it
    const std::vector<RunSummary>& runs() const { return runs_; }  // of the store, newest first
    void showCheckpoints();                                        // of the chosen run
    void newRun();                                                 // asks what it is told
    void chooseFollowed();  // asks for the folder of another program's training, and follows it
    void follow(const QString& folder);
    // Draws its curves, too; also before the store was read.
    void select(std::int64_t run);
    // The step of the selected run that is looked at, in curves and checkpoints: the nearest that
    // has something to be seen, if any has.
    void goToStep(int step);
    int step() const { return step_; }  // -1: none
    bool hasRollouts() const;           // the selected run
    std::int64_t selected() const;      // the first, 0: none
    std::vector<Run> running() const;   // on this machine; they outlive the window
    void stopRunning();                 // each saves and ends
    QList<QAction*> runActions() const;
    QList<QAction*> barActions() const;  // those of them that a tool bar has room for
    QByteArray saveLayout() const;
    void restoreLayout(const QByteArray& layout);
    void resetLayout();
    bool isSettled() const;   // what the store holds of the selected runs is on screen
    QString message() const;  // the sentence on screen, empty when there is none

Q_SIGNALS:
    void rolloutsRequested(std::int64_t run, int step);
    void stepShown(std::int64_t run, int step);    // goToStep(), or a person went there
    void modelWanted(const QString& folder);       // of a run or its checkpoint, to be asked
    void comparisonWanted(const QString& folder);  // of that model
    // Something of a run that a person should know; shown. needsAHand: it does not go on by itself.
    void alerted(const QString& sentence, bool isNewKind, bool needsAHand);
    void storeFailed(const QString& sentence);  // shown
    void settled();

private:
    void build();
    void addView(QWidget* view, const QString& title, const QString& name, const QString& toolTip);
    void wireReader();
    void wireTable();
    void wireTrainings();
    void makeBridges();
    void wireSteps();
    NewRunDialog* makeForm();
    void start(const NewRun& run);
    void showRuns(const std::vector<RunSummary>& runs);
    void tellNews(const std::vector<RunSummary>& runs);
    std::vector<PlottedRun> toPlot() const;
    void plot();
    void subscribe();
    void showSteps();
    void showNotes();
    void showMissing(const QString& sentence);
    void choose();
    void showDetails();
    void settle();
    void openFolder(const QString& folder);
    void fail(const QString& sentence);
    void failTraining(const QString& sentence, const QString& output);

    TrainPlaces places_;
    StoreReader* reader_;
    TrainingProcesses* trainings_;
    std::map<std::int64_t, RunCurves> data_;  // of the plotted
    UnsavedNotes* unsaved_;
    std::vector<RunSummary> runs_;
    Run described_;  // whose details are shown
    std::vector<std::int64_t> subscribed_;
    std::vector<PlottedRun> plottedAs_;  // as they were given to the curves, without these
    std::int64_t wanted_ = 0;            // to be selected once it is listed
    bool upToDate_ = false;              // all metrics of the subscribed runs have come
    bool saidSettled_ = false;           // of this selection
    bool listed_ = false;                // runs of this store were shown
    bool hasStoreFailed_ = false;        // the message on screen is about it
    QString awaited_;                    // output folder of the run that was started last
    NewRun started_;                     // what it was told
    int step_ = -1;                      // that is looked at, of the described run
    bool isGoing_ = false;               // to a step: what follows is no wish of a person
    QString output_;                     // of the training that failed last
    Job looks_;                          // at folders

    MessageBar* messages_;
    QAction *new_, *follow_;
    QAction* showOutput_;
    QAction *ask_, *compare_, *like_, *next_, *previous_;
    RunsTable* table_;
    RunDetails* details_;
    CurveGrid* curves_;
    CheckpointPanel* checkpoints_;
    StepBar* steps_;
    QTabWidget* views_;
    QList<QAction*> viewActions_;
    QStackedWidget* pages_;
    QSplitter *upper_, *whole_;
    NoRuns* nothing_;
};

}  // namespace lvr
