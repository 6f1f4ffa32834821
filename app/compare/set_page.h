#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

#include "app/compare/compare_services.h"
#include "widgets/compare/comparison.h"

class QLabel;
class QProgressBar;
class QPushButton;
class QSplitter;

namespace lvr {

class Background;
class CompareRun;
class Disagreements;
class ScoreTable;
class SetChoiceForm;
class StepsPlot;

enum class SetExport { ScoresCsv, AnswersCsv, Json, Markdown, Picture };

// All strategies on many questions: which questions, how far it is, and what came out.
class SetPage : public QWidget {
    Q_OBJECT
public:
    explicit SetPage(CompareServices services, QWidget* parent = nullptr);
    ~SetPage() override;

    SetChoice choice() const;
    void setChoice(const SetChoice& choice);
    void setModelName(const std::string& name) { modelName_ = name; }
    void run(const std::vector<Strategy>& strategies);
    void stop();  // what there is stays
    bool isBusy() const { return opening_ || run_; }
    const SetResults& results() const { return results_; }
    void exportTo(SetExport what, const QString& file);

Q_SIGNALS:
    void runAsked();                       // run() is to follow
    void said(const QString& sentence);    // what was done, or is to be done first
    void failed(const QString& sentence);  // what went wrong with a file
    void busyChanged();
    // A question to see closer, with the strategies of the set.
    void questionChosen(const lvr::Sample& sample, const std::vector<lvr::Strategy>& strategies);

private:
    void build();
    QWidget* makeChoice();
    QWidget* makeProgress();
    void makeExportMenu();
    void wire();
    void begin(SampleSet set, const std::vector<Strategy>& strategies);
    void wireRun();
    void keep(int question, int strategy, const StrategyAnswer& answer);
    void showProgress();
    void showResults();
    void settle(bool stopped);
    void updateWidgets();
    void chooseExport(SetExport what);
    void showQuestion(int question);
    QImage picture();

    CompareServices services_;
    Background* files_;
    CompareRun* run_ = nullptr;  // ours; gone when it has finished
    bool opening_ = false;       // the set is being read
    bool stopOpening_ = false;
    SampleSet set_;
    SetResults results_;
    std::string modelName_;
    int decoded_ = 0;  // answers and failures so far
    QElapsedTimer clock_;
    QTimer refresh_;

    SetChoiceForm* choice_;
    QPushButton* start_;
    QPushButton* stop_;
    QPushButton* export_;
    QProgressBar* progress_;
    QLabel* status_;
    QSplitter* parts_;
    ScoreTable* table_;
    StepsPlot* plot_;
    Disagreements* disagreements_;
};

}  // namespace lvr
