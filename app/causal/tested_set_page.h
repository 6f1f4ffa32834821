#pragma once

#include <QPointer>
#include <QTimer>
#include <QWidget>
#include <functional>

#include "app/causal/diagnose_command_text.h"
#include "app/causal/tested_set_run.h"

class QLabel;
class QProgressBar;
class QPushButton;
class QSplitter;

namespace lvr {

class EffectPlot;
class EffectTable;
class PastComparisons;
class LinearProbeTable;
class SetChoiceForm;

// Interventions on many questions: which questions, how far it is, and what came out. What was
// tested before can be opened again and gone on with.
class TestedSetPage : public QWidget {
    Q_OBJECT
public:
    explicit TestedSetPage(CompareServices services, QWidget* parent = nullptr);

    SetChoice choice() const;
    void setChoice(const SetChoice& choice);
    void setModel(const DiagnosedModel& model);
    void setInterventions(const std::vector<Intervention>& chosen);  // to be asked next
    void run(const DecodeOptions& options);
    void stop();  // what there is stays
    bool isBusy() const { return run_->isBusy(); }
    bool isSettled() const { return !isBusy() && !counting_; }  // all that came is shown
    bool isTesting() const { return run_->isBusy() && !run_->isOpening(); }
    const TestedSet& set() const { return run_->set(); }
    const CausalReport& report() const { return report_; }  // of what is shown
    std::int64_t runNumber() const { return run_->runNumber(); }
    bool hasExport() const { return !isBusy() && !set().items.empty(); }
    void open(std::int64_t run);  // a tested set of the store; not while one is tested
    void showPast();
    void chooseExport();
    void exportTo(const QString& name);
    QString command() const;  // that makes what is shown, or would be asked, again

Q_SIGNALS:
    void runAsked();                       // run() is to follow
    void said(const QString& sentence);    // what was done, or is to be done first
    void failed(const QString& sentence);  // what went wrong with a file or the store
    void busyChanged();

private:
    void build();
    QWidget* makeChoice();
    QWidget* makeProgress();
    void wire();
    void wireRun();
    void showProgress();
    void showEffects();
    void showReport(const CausalReport& report);
    void counted();
    void showOpened(const TestedSet& set);
    void settle(bool stopped);
    void tellState(const QString& state);
    void updateWidgets();
    QImage picture();

    CompareServices services_;
    DiagnosedModel model_;
    std::vector<Intervention> interventions_;
    DecodeOptions options_;
    TestedSetRun* run_;
    Job* files_;
    Job* counts_;
    bool counting_ = false, stale_ = false;  // what is shown is counted; is not the newest
    QPointer<PastComparisons> past_;
    QTimer refresh_;
    QString state_;  // of what is shown; empty: there is nothing

    SetChoiceForm* choice_;
    QPushButton* start_;
    QPushButton* goOn_;
    QPushButton* stop_;
    QPushButton* pastButton_;
    QPushButton* export_;
    QProgressBar* progress_;
    QLabel* status_;
    QLabel* chosen_;  // how many interventions
    CausalReport report_;
    QLabel* verdict_;
    EffectTable* table_;
    EffectPlot* dose_;
    EffectPlot* shift_;
    LinearProbeTable* probes_;
    QSplitter* parts_;
};

}  // namespace lvr
