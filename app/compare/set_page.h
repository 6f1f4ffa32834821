#pragma once

#include <QImage>
#include <QObject>
#include <QPointer>
#include <QTimer>
#include <QWidget>

#include "app/compare/sample_sets.h"
#include "core/values/comparison.h"

class QLabel;
class QMenu;
class QProgressBar;
class QPushButton;
class QSplitter;
class QWidget;

namespace lvr {

class Disagreements;
class Job;
class KeptComparisons;
class PastComparisons;
class ScoreTable;
class SetChoiceForm;
class SetRun;
class StepsPlot;

enum class SetExport { Table, Answers, Everything, Picture };

// The results of a set as files: a menu of what can be written, and what writes it.
class SetExporter : public QObject {
    Q_OBJECT
public:
    struct Source {
        std::function<const SetResults&()> results;
        std::function<QImage()> picture;  // of table and plot
    };
    SetExporter(Source source, QWidget* parent);

    QMenu* menu() const { return menu_; }
    // The file's ending says the format; another than it can be is a sentence.
    void exportTo(SetExport what, const QString& file);

Q_SIGNALS:
    void said(const QString& sentence);
    void failed(const QString& sentence);

private:
    void add(const QString& name, const QString& text, SetExport what);
    void ask(SetExport what);
    void write(SetExport what, const QString& file, const QString& ending);

    Source source_;
    QWidget* window_;
    QMenu* menu_;
    Job* files_;
};

// All strategies on many questions: which questions, how far it is, and what came out. What was
// compared before can be opened again and gone on with.
class SetPage : public QWidget {
    Q_OBJECT
public:
    explicit SetPage(CompareServices services, QWidget* parent = nullptr);
    ~SetPage() override;

    SetChoice choice() const;
    void setChoice(const SetChoice& choice);
    void setModelName(const std::string& name);
    void run(const std::vector<Strategy>& strategies);
    void stop();  // what there is stays
    bool isBusy() const;
    bool isAsking() const;  // answers are coming in
    const SetResults& results() const;
    std::int64_t runNumber() const;  // of the results in the store; 0: they are not there
    void open(std::int64_t run);     // a comparison of the store; not while one is made
    void exportTo(SetExport what, const QString& file);

Q_SIGNALS:
    void runAsked();                       // run() is to follow
    void said(const QString& sentence);    // what was done, or is to be done first
    void failed(const QString& sentence);  // what went wrong with a file or the store
    void busyChanged();
    // A question to see closer, with the strategies of the set.
    void questionChosen(const lvr::Sample& sample, const std::vector<lvr::Strategy>& strategies);

private:
    void build();
    QWidget* makeChoice();
    QWidget* makeProgress();
    void wire();
    void wireResults();
    void wireKept();
    void showProgress();
    void showScores();
    void showReplaced();
    void settle(bool stopped);
    void tellState(const QString& state);
    void showOpened(const Comparison& comparison);
    void updateWidgets();
    void showPast();
    void showQuestion(int question);
    QImage picture();

    CompareServices services_;
    Job* files_;
    SetRun* run_;
    KeptComparisons* kept_;
    SetExporter* exporter_;
    QPointer<PastComparisons> past_;
    QTimer refresh_;
    QString state_;  // of the results that are shown; empty: there are none

    SetChoiceForm* choice_;
    QPushButton* start_;
    QPushButton* goOn_;
    QPushButton* stop_;
    QPushButton* pastButton_;
    QPushButton* export_;
    QProgressBar* progress_;
    QLabel* status_;
    QSplitter* parts_;
    ScoreTable* table_;
    StepsPlot* plot_;
    Disagreements* disagreements_;
};

}  // namespace lvr
