#pragma once

#include <QObject>
#include <functional>
#include <stop_token>

#include "app/compare/sample_sets.h"
#include "core/values/comparison.h"

namespace lvr {

// Every strategy on every question, one decode after the other: all strategies on the first
// question, then on the second, so that what is there when it is stopped can be paired. Between
// two decodes the inference thread serves whoever else waits. Used and heard on the GUI thread.
class CompareRun : public QObject {
    Q_OBJECT
public:
    enum class Report { AnswersOnly, StepsToo };  // steps carry heat: much data for a whole set
    CompareRun(CompareServices services, SampleSet set, std::vector<Strategy> strategies,
               Report report, QObject* parent = nullptr);
    ~CompareRun() override;  // stops; nothing follows

    // Before start(): what need not be asked.
    void leaveOut(std::function<bool(int question, int strategy)> isAnswered);
    void start();
    void stop();  // what is being decoded still comes, cut short; then finished()

    int questions() const { return set_.size; }
    const std::vector<Strategy>& strategies() const { return strategies_; }

Q_SIGNALS:
    void questionRead(int question, const lvr::Sample& sample);
    void questionFailed(int question, const QString& sentence);  // it is left out
    void begun(int question, int strategy, const std::vector<lvr::PatchGrid>& grids);
    void stepDecoded(int question, int strategy, const lvr::DecodeStep& step);
    // trace.stopped is Cancelled when it was cut short.
    void answered(int question, int strategy, const lvr::StrategyAnswer& answer);
    void strategyFailed(int question, int strategy, const QString& sentence);
    void finished(bool stopped);

private:
    struct AtEngine;  // lives on the inference thread
    template <class Job>
    void post(Job job, std::function<void(const QString&)> failed);
    bool isAsked(int question, int strategy) const;
    bool isAskedAnything(int question) const;
    void readQuestion();
    void decode();
    void next();
    void nextQuestion();
    void fail(const QString& sentence);
    void finish();

    CompareServices services_;
    SampleSet set_;
    std::vector<Strategy> strategies_;
    Report report_;
    std::shared_ptr<AtEngine> atEngine_;
    std::function<bool(int question, int strategy)> isAnswered_;
    std::vector<int> failuresInARow_;
    int question_ = 0, strategy_ = 0;
    std::stop_source stop_;
};

}  // namespace lvr
