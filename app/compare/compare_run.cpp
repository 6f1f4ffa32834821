#include "app/compare/compare_run.h"

#include <QPointer>
#include <chrono>
#include <map>
#include <utility>

#include "core/error.h"
#include "core/eval/answer.h"

namespace lvr {
namespace {

// A strategy that failed so often without an answer in between is not asked again.
constexpr int kMostFailures = 3;

using Clock = std::chrono::steady_clock;
double millisecondsSince(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

bool isSpoken(const DecodeStep& step) {
    return std::holds_alternative<TextStep>(step.what) && !step.text.starts_with("<|");
}

// Asks and takes the time.
StrategyAnswer timedAnswer(AskEngine& engine, const Question& question,
                           const DecodeOptions& options, const AskHooks& hooks,
                           const std::stop_token& stop) {
    StrategyAnswer answer;
    const auto asked = Clock::now();
    auto ready = asked;
    bool spoke = false;
    answer.trace = engine.ask(question, options,
                              {.onGrids =
                                   [&](const std::vector<PatchGrid>& grids) {
                                       answer.times.picture = millisecondsSince(asked);
                                       ready = Clock::now();
                                       if (hooks.onGrids) hooks.onGrids(grids);
                                   },
                               .onStep =
                                   [&](const DecodeStep& step) {
                                       if (!spoke && isSpoken(step)) {
                                           spoke = true;
                                           answer.times.firstToken = millisecondsSince(ready);
                                       }
                                       if (hooks.onStep) hooks.onStep(step);
                                   }},
                              stop);
    answer.times.total = millisecondsSince(ready);
    if (!spoke) answer.times.firstToken = answer.times.total;
    return answer;
}

// An answer that was cut short is neither right nor wrong.
void judge(StrategyAnswer& answer, const Sample& sample) {
    answer.trace.rois = sample.rois;
    if (sample.answer.empty()) return;
    answer.trace.expectedAnswer = sample.answer;
    if (answer.trace.stopped != StopReason::Cancelled)
        answer.right = isRightAnswer(answer.trace.answer, sample.answer, sample.question.text);
}

}  // namespace

struct CompareRun::AtEngine {
    Sample sample;
    std::optional<std::string> openModel;  // its name when the run began
    std::map<std::string, std::unique_ptr<AskEngine>> others;

    // Throws Error. Null when stopped.
    AskEngine* engineOf(const std::string& model, AskEngine* open, const EngineFactory& factory,
                        const std::stop_token& stop) {
        if (!model.empty()) {
            auto& other = others[model];
            if (!other) other = factory({model}, {}, stop);
            return other.get();
        }
        if (!open) throw Error("No model is open; choose one with Open model…");
        if (!openModel) openModel = open->info().name;
        if (*openModel != open->info().name)
            throw Error("Another model was opened during the comparison; run it again.");
        return open;
    }
};

CompareRun::CompareRun(CompareServices services, SampleSet set, std::vector<Strategy> strategies,
                       Report report, QObject* parent)
    : QObject(parent),
      services_(std::move(services)),
      set_(std::move(set)),
      strategies_(std::move(strategies)),
      report_(report),
      atEngine_(std::make_shared<AtEngine>()),
      failuresInARow_(strategies_.size(), 0) {}

CompareRun::~CompareRun() {
    stop_.request_stop();
    // Other models are closed where they were opened.
    services_.runOnEngine([atEngine = std::move(atEngine_)](const EngineDesk&) {},
                          [](const std::string&) {});
}

void CompareRun::leaveOut(std::function<bool(int question, int strategy)> isAnswered) {
    isAnswered_ = std::move(isAnswered);
}

void CompareRun::start() { readQuestion(); }

void CompareRun::stop() { stop_.request_stop(); }

// Reports of a run that is gone by then are dropped: it is looked up on the GUI thread only.
template <class Job>
void CompareRun::post(Job job, std::function<void(const QString&)> failed) {
    const QPointer<CompareRun> self(this);
    services_.runOnEngine(
        [self, job = std::move(job), stop = stop_](const EngineDesk& desk) mutable {
            const std::stop_callback closing(desk.ending, [&] { stop.request_stop(); });
            job(desk, stop.get_token(), [&](auto what) {
                desk.report([self, what] {
                    if (self) what(*self);
                });
            });
        },
        [self, failed = std::move(failed)](const std::string& sentence) {
            if (self) failed(QString::fromStdString(sentence));
        });
}

bool CompareRun::isAsked(int question, int strategy) const {
    return failuresInARow_[strategy] < kMostFailures &&
           !(isAnswered_ && isAnswered_(question, strategy));
}

bool CompareRun::isAskedAnything(int question) const {
    for (int strategy = 0; strategy < std::ssize(strategies_); ++strategy)
        if (isAsked(question, strategy)) return true;
    return false;
}

void CompareRun::readQuestion() {
    while (question_ < set_.size && !isAskedAnything(question_)) ++question_;
    if (stop_.stop_requested() || question_ >= set_.size) return finish();
    post(
        [atEngine = atEngine_, set = set_, index = question_](const EngineDesk&, std::stop_token,
                                                              const auto& report) {
            atEngine->sample = set.sample(index);
            report([index, sample = atEngine->sample](CompareRun& run) {
                Q_EMIT run.questionRead(index, sample);
                run.strategy_ = -1;
                run.next();
            });
        },
        [this](const QString& sentence) {
            Q_EMIT questionFailed(question_, sentence);
            nextQuestion();
        });
}

void CompareRun::decode() {
    post(
        [atEngine = atEngine_, strategy = strategies_[strategy_], q = question_, s = strategy_,
         services = services_, steps = report_ == Report::StepsToo](
            const EngineDesk& desk, const std::stop_token& stop, const auto& report) {
            AskHooks hooks;
            if (steps) {
                hooks.onGrids = [&](const std::vector<PatchGrid>& grids) {
                    report([=](CompareRun& run) { Q_EMIT run.begun(q, s, grids); });
                };
                hooks.onStep = [&](const DecodeStep& step) {
                    report([=](CompareRun& run) { Q_EMIT run.stepDecoded(q, s, step); });
                };
            }
            auto* engine =
                atEngine->engineOf(strategy.model, desk.engine, services.openEngine, stop);
            const Sample& sample = atEngine->sample;
            auto answer = std::make_shared<StrategyAnswer>();  // heavy; never copied from here on
            if (engine && !stop.stop_requested())
                *answer = timedAnswer(*engine, sample.question, strategy.options, hooks, stop);
            else
                answer->trace.stopped = StopReason::Cancelled;
            judge(*answer, sample);
            report([q, s, answer](CompareRun& run) {
                run.failuresInARow_[s] = 0;
                Q_EMIT run.answered(q, s, *answer);
                run.next();
            });
        },
        [this](const QString& sentence) { fail(sentence); });
}

void CompareRun::fail(const QString& sentence) {
    ++failuresInARow_[strategy_];
    Q_EMIT strategyFailed(question_, strategy_, sentence);
    next();
}

void CompareRun::next() {
    if (stop_.stop_requested()) return finish();
    do {
        if (++strategy_ >= static_cast<int>(strategies_.size())) return nextQuestion();
    } while (!isAsked(question_, strategy_));
    decode();
}

void CompareRun::nextQuestion() {
    ++question_;
    readQuestion();
}

void CompareRun::finish() { Q_EMIT finished(stop_.stop_requested()); }

}  // namespace lvr
