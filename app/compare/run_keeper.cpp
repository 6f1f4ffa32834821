#include "app/compare/run_keeper.h"

#include <algorithm>
#include <utility>

#include "core/store/run_store.h"
#include "widgets/job.h"

namespace lvr {
namespace {

constexpr int kTryAgain = 2000;  // ms

}  // namespace

RunKeeper::RunKeeper(std::filesystem::path store, RunInfo info, std::int64_t run, QObject* parent)
    : QObject(parent),
      store_(std::move(store)),
      info_(std::move(info)),
      run_(run),
      job_(std::make_unique<Job>()) {
    again_.setSingleShot(true);
    again_.setInterval(kTryAgain);
    connect(&again_, &QTimer::timeout, this, &RunKeeper::write);
    write();
}

RunKeeper::~RunKeeper() {
    hurry_.request_stop();
    job_.reset();
    if (atWork_) takeBack(*atWork_);
    if (ended_) return;
    Work last{run_, isOurs_, std::move(unwritten_), end_, {}};
    if (!last.end) last.end = Ending{RunStatus::Stopped, "the window was closed"};
    carryOut(last);
}

void RunKeeper::keep(int question, Write write, int done) {
    step_ = std::max(step_, done);
    unwritten_[question] = {std::move(write), step_};
    this->write();
}

void RunKeeper::end(RunStatus status, const std::string& message) {
    end_ = Ending{status, message};
    write();
}

void RunKeeper::goOn() {
    end_.reset();
    ended_ = false;
    isOurs_ = false;
    write();
}

bool RunKeeper::isDone() const { return ended_ && !hasWork() && !atWork_; }

bool RunKeeper::hasWork() const {
    return !ended_ && (!isOurs_ || !unwritten_.empty() || end_.has_value());
}

void RunKeeper::write() {
    if (atWork_ || again_.isActive() || !hasWork()) return;
    atWork_ =
        std::make_shared<Work>(Work{run_, isOurs_, std::exchange(unwritten_, {}), end_, QString()});
    job_->add([this, work = atWork_] { carryOut(*work); }, [this] { settle(); }, {});
}

// Whatever thread: touches nothing that changes but the work.
void RunKeeper::carryOut(Work& work) const {
    try {
        RunStore store(store_);
        store.hurryWhen(hurry_.get_token());
        if (work.run == 0)
            work.run = store.start(info_);
        else if (!work.isOurs)
            store.resume(work.run, store.find(work.run).value_or(Run{}).step);
        work.isOurs = true;
        while (!work.questions.empty()) {
            const auto& [write, done] = work.questions.begin()->second;
            write(store, work.run, done);
            work.questions.erase(work.questions.begin());
        }
        if (work.end) store.end(work.run, work.end->status, work.end->message);
    } catch (...) {
        work.problem = thrownSentence();
    }
}

// What came in the meantime is newer.
void RunKeeper::takeBack(Work& work) {
    const bool hasEnded = work.end && work.problem.isEmpty();
    run_ = work.run;
    isOurs_ = work.isOurs && !hasEnded;
    unwritten_.merge(work.questions);
    ended_ = hasEnded && end_;  // unless it goes on
}

void RunKeeper::settle() {
    const auto work = std::exchange(atWork_, nullptr);
    takeBack(*work);
    if (!work->problem.isEmpty()) {
        again_.start();
        if (!std::exchange(told_, true))
            Q_EMIT failed(tr("The answers can't be kept: %1. It goes on, and this is tried again.")
                              .arg(work->problem));
        return;
    }
    told_ = false;
    write();
    if (isDone()) Q_EMIT done();
}

void letGo(RunKeeper* keeper) {
    if (!keeper) return;
    if (keeper->isDone()) return keeper->deleteLater();
    QObject::connect(keeper, &RunKeeper::done, keeper, &QObject::deleteLater);
}

}  // namespace lvr
