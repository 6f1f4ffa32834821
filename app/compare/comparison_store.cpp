#include "app/compare/comparison_store.h"

#include <algorithm>
#include <utility>

#include "core/eval/kept_comparison.h"
#include "core/store/run_store.h"
#include "widgets/job.h"

namespace lvr {
namespace {

constexpr int kTryAgain = 2000;  // ms

bool isThere(const std::filesystem::path& store) {
    std::error_code unknown;
    return !store.empty() && std::filesystem::exists(store, unknown);
}

}  // namespace

ComparisonKeeper::ComparisonKeeper(std::filesystem::path store, RunInfo info, std::int64_t run,
                                   QObject* parent)
    : QObject(parent),
      store_(std::move(store)),
      info_(std::move(info)),
      run_(run),
      job_(std::make_unique<Job>()) {
    again_.setSingleShot(true);
    again_.setInterval(kTryAgain);
    connect(&again_, &QTimer::timeout, this, &ComparisonKeeper::write);
    write();
}

ComparisonKeeper::~ComparisonKeeper() {
    hurry_.request_stop();
    job_.reset();
    if (atWork_) takeBack(*atWork_);
    if (ended_) return;
    Work last{run_, isOurs_, std::move(unwritten_), end_, {}};
    if (!last.end) last.end = Ending{RunStatus::Stopped, "the window was closed"};
    carryOut(last);
}

void ComparisonKeeper::keep(const SetQuestion& question, int done) {
    step_ = std::max(step_, done);
    unwritten_[question.number] = {question, step_};
    write();
}

void ComparisonKeeper::end(RunStatus status, const std::string& message) {
    end_ = Ending{status, message};
    write();
}

void ComparisonKeeper::goOn() {
    end_.reset();
    ended_ = false;
    isOurs_ = false;
    write();
}

bool ComparisonKeeper::isDone() const { return ended_ && !hasWork() && !atWork_; }

bool ComparisonKeeper::hasWork() const {
    return !ended_ && (!isOurs_ || !unwritten_.empty() || end_.has_value());
}

void ComparisonKeeper::write() {
    if (atWork_ || again_.isActive() || !hasWork()) return;
    atWork_ =
        std::make_shared<Work>(Work{run_, isOurs_, std::exchange(unwritten_, {}), end_, QString()});
    job_->add([this, work = atWork_] { carryOut(*work); }, [this] { settle(); }, {});
}

// Whatever thread: touches nothing that changes but the work.
void ComparisonKeeper::carryOut(Work& work) const {
    try {
        RunStore store(store_);
        store.hurryWhen(hurry_.get_token());
        if (work.run == 0)
            work.run = store.start(info_);
        else if (!work.isOurs)
            store.resume(work.run, store.find(work.run).value_or(Run{}).step);
        work.isOurs = true;
        while (!work.questions.empty()) {
            const auto& [question, done] = work.questions.begin()->second;
            store.putQuestion(work.run, question, done);
            work.questions.erase(work.questions.begin());
        }
        if (work.end) store.end(work.run, work.end->status, work.end->message);
    } catch (...) {
        work.problem = thrownSentence();
    }
}

// What came in the meantime is newer.
void ComparisonKeeper::takeBack(Work& work) {
    const bool hasEnded = work.end && work.problem.isEmpty();
    run_ = work.run;
    isOurs_ = work.isOurs && !hasEnded;
    unwritten_.merge(work.questions);
    ended_ = hasEnded && end_;  // unless it goes on
}

void ComparisonKeeper::settle() {
    const auto work = std::exchange(atWork_, nullptr);
    takeBack(*work);
    if (!work->problem.isEmpty()) {
        again_.start();
        if (!std::exchange(told_, true))
            Q_EMIT failed(tr("The comparison can't be kept: %1. It goes on, and this is tried "
                             "again.")
                              .arg(work->problem));
        return;
    }
    told_ = false;
    write();
    if (isDone()) Q_EMIT done();
}

KeptComparisons::KeptComparisons(std::filesystem::path store, QObject* parent)
    : QObject(parent), store_(std::move(store)), job_(new Job(this)) {}

void KeptComparisons::list() {
    job_->add(
        [store = store_] {
            return isThere(store) ? listComparisons(RunStore(store, RunStore::Access::Read))
                                  : std::vector<ComparisonSummary>();
        },
        [this](const std::vector<ComparisonSummary>& all) { Q_EMIT listed(all); },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

void KeptComparisons::read(std::int64_t run) {
    job_->add([store = store_,
               run] { return readComparison(RunStore(store, RunStore::Access::Read), run); },
              [this](const Comparison& comparison) { Q_EMIT found(comparison); },
              [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

void KeptComparisons::remove(std::int64_t run) {
    job_->add([store = store_, run] { RunStore(store).remove(run); }, [this] { list(); },
              [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

}  // namespace lvr
