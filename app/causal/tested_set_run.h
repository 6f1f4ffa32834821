#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <memory>
#include <optional>
#include <stop_token>

#include "app/compare/sample_sets.h"
#include "core/eval/tested_set.h"

namespace lvr {

class Job;
class RunKeeper;

// What a set's questions lend each other, when each was asked once.
struct KnownSet {
    SetLooks looks;
    LatentMoments moments;
    std::vector<ProbeRow> probes;
};

// A set under interventions as `lvr diagnose` does it: opened, each question asked once, then each
// tested, on the inference thread, and kept in the run store as it comes. Between two questions the
// inference thread serves whoever else waits.
// What it makes, or what is shown from the store, is in set(), which stays where it is.
class TestedSetRun : public QObject {
    Q_OBJECT
public:
    explicit TestedSetRun(CompareServices services, QObject* parent = nullptr);
    ~TestedSetRun() override;

    void setModelName(const std::string& name) { modelName_ = name; }  // of the one that is open
    struct Plan {
        SetChoice choice;
        std::vector<Intervention> interventions;
        DecodeOptions options;
        std::string command;  // that makes it again
    };
    void begin(const Plan& plan);
    void show(TestedSet set);  // from the store; not while it is busy
    bool canGoOn() const;      // something is left to test
    void goOn();               // with what is left of set()
    void stop();               // what there is stays

    bool isBusy() const { return opening_ || testing_; }
    bool isOpening() const { return opening_; }
    const TestedSet& set() const { return set_; }
    std::int64_t runNumber() const;  // in the store; 0: it is not there
    int questions() const { return set_.run.info.steps; }
    bool isLooking() const { return testing_ && !known_; }  // asks each question once
    int looked() const { return static_cast<int>(looks_.size()); }
    int done() const { return static_cast<int>(set_.items.size()); }
    qint64 msLeft() const;
    qint64 msSpent() const { return clock_.elapsed(); }

Q_SIGNALS:
    void replaced();  // set() is another
    void progressed();
    void busyChanged();
    void finished(bool stopped);
    void notBegun();                       // set() is what it was
    void failed(const QString& sentence);  // what went wrong with the set, a file or the store

private:
    struct Opened {
        DiagnoseSet data;
        std::string modelHash;
    };
    using Then = std::function<void(TestedSetRun&)>;
    void open(const SetChoice& choice, const std::string& model,
              std::function<void(const Opened&)> then);
    void openingEnded(const QString& sentence);
    QString whyNot(const Opened& opened) const;
    void startTesting(const Opened& opened);
    int nextNumber() const;  // that has no item yet
    void onEngine(std::function<Then(AskEngine&, const std::stop_token&)> work);
    void goFurther();
    void lookNext();
    void takeLook(std::optional<SetLook> look, const std::string& problem);
    void knowSet();
    void takeKnown(std::shared_ptr<const KnownSet> known);
    void testNext();
    void put(TestedItem item);
    void settle(bool stopped);

    CompareServices services_;
    Job* opens_;
    std::string modelName_;
    TestedSet set_;
    CausalSet questions_;  // of set(), while it is open
    SetLooks looks_;       // until all are there
    std::shared_ptr<const KnownSet> known_;
    RunKeeper* keeper_ = nullptr;  // ours: of set(); null: nobody writes it
    bool opening_ = false, testing_ = false;
    int problemsInARow_ = 0, doneBefore_ = 0;
    std::stop_source stop_;
    QElapsedTimer clock_, part_;  // part_: since looking, or testing, began
};

}  // namespace lvr
