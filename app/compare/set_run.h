#pragma once

#include <QElapsedTimer>
#include <QObject>

#include "app/compare/sample_sets.h"

namespace lvr {

class CompareRun;
class RunKeeper;
class Job;

// A set under strategies: opened, asked question by question, kept in the run store as it comes.
// What it makes, or what is shown from the store, is in results(), which stays where it is.
class SetRun : public QObject {
    Q_OBJECT
public:
    explicit SetRun(CompareServices services, QObject* parent = nullptr);

    void setModelName(const std::string& name) { modelName_ = name; }  // of the one that is open
    void begin(const SetChoice& choice, const std::vector<Strategy>& strategies);
    void show(Comparison comparison);  // from the store; not while it is busy
    bool canGoOn() const;              // something is left to ask
    void goOn();                       // with what is left of results()
    void stop();                       // what there is stays

    bool isBusy() const { return opening_ || run_; }
    bool isOpening() const { return opening_; }
    const SetResults& results() const { return shown_.results; }
    const SetChoice& choice() const { return shown_.choice; }
    std::int64_t runNumber() const;  // in the store; 0: it is not there
    // Throws Error. Any question of the set that results() are about; any thread.
    std::function<Sample(int question)> sampleReader() const;

    int steps() const;                  // decodes of the whole set
    int step() const { return step_; }  // that are behind it
    qint64 msLeft() const;
    qint64 msSpent() const { return clock_.elapsed(); }

Q_SIGNALS:
    void replaced();                          // results() are others
    void questionChanged(std::size_t place);  // of results().questions: one more outcome
    void progressed();
    void busyChanged();
    void finished(bool stopped);
    void notBegun();                       // results() are what they were
    void failed(const QString& sentence);  // what went wrong with the set, a file or the store

private:
    struct Opened {
        SampleSet set;
        std::string modelHash;
    };
    void open(const SetChoice& choice, const std::string& model,
              std::function<void(const Opened&)> then);
    void openingEnded(const QString& sentence);
    void beginWith(const Opened& opened, const SetChoice& choice,
                   const std::vector<Strategy>& strategies);
    void goOnWith(const Opened& opened);
    QString whyNot(const Opened& opened) const;
    void makeKeeper();
    void startRun();
    void wireRun();
    void questionRead(int number, const Sample& sample);
    void questionFailed(int number, const QString& sentence);
    void answered(int number, int strategy, const StrategyAnswer& answer);
    void strategyFailed(int number, int strategy, const QString& sentence);
    void passed(int number, int strategy);
    std::size_t placeOf(int number) const;  // where it is, or is to be
    void keep(const SetQuestion& question);
    void settle(bool stopped);

    CompareServices services_;
    Job* opens_;
    std::string modelName_;
    Comparison shown_;
    std::optional<SampleSet> set_;  // of results(), while it is open
    CompareRun* run_ = nullptr;     // ours; gone when it has finished
    RunKeeper* keeper_ = nullptr;   // ours: of results(); null: nobody writes them
    bool opening_ = false;
    int step_ = 0, firstStep_ = 0;
    QElapsedTimer clock_;
};

}  // namespace lvr
