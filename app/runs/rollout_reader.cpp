#include "app/runs/rollout_reader.h"

#include <sys/stat.h>

#include <QMetaObject>
#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "core/error.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

// One sentence for a person out of whatever was thrown; call inside a catch block.
QString sentenceOf() {
    try {
        throw;
    } catch (const Error& error) {
        return QString::fromStdString(error.what());
    } catch (const std::bad_alloc&) {
        return QObject::tr("There is not enough memory for the rollouts of this step.");
    } catch (const std::exception& error) {
        return QObject::tr("A rollout of this step can't be read: %1.")
            .arg(QString::fromUtf8(error.what()).section('\n', 0, 0).left(300));
    }
}

// Empty when the model of this step is not kept.
std::string folderOf(const std::vector<CheckpointRow>& checkpoints, int step) {
    for (const auto& checkpoint : checkpoints)
        if (checkpoint.step == step && checkpoint.kept) return checkpoint.folder;
    return {};
}

// Nothing when there is no such file.
std::pair<std::uint64_t, std::uint64_t> identityOf(const std::filesystem::path& file) {
    struct stat status {};
    if (stat(file.c_str(), &status) != 0) return {};
    return {status.st_dev, status.st_ino};
}

}  // namespace

bool isGroupHealth(const Metric& metric) {
    return metric.name == "groups/zero_variance" || metric.name == "reward/mean" ||
           metric.name == "span/trigger_rate" || metric.name == "span/unclosed_rate";
}

RolloutReader::RolloutReader(QObject* parent) : QObject(parent) {
    inThread_.moveToThread(&thread_);
    thread_.setObjectName("rollouts");
    thread_.start();
}

RolloutReader::~RolloutReader() {
    stopStep_.request_stop();
    thread_.quit();
    thread_.wait();
}

template <class Report>
void RolloutReader::post(const RequestId& newest, RequestId id, Report report) {
    QMetaObject::invokeMethod(this, [&newest, id, report = std::move(report)] {
        if (id == newest) report();
    });
}

template <class Job>
void RolloutReader::start(const RequestId& newest, Failure failure, Job job) {
    QMetaObject::invokeMethod(&inThread_,
                              [this, &newest, id = newest, failure, job = std::move(job)] {
                                  try {
                                      job(id);
                                  } catch (...) {
                                      post(newest, id, [this, failure, sentence = sentenceOf()] {
                                          Q_EMIT(this->*failure)(sentence);
                                      });
                                  }
                              });
}

void RolloutReader::open(const std::filesystem::path& file) {
    stopStep_.request_stop();
    ++newestStore_;
    ++newestStep_;
    start(newestStore_, &RolloutReader::storeFailed,
          [this, file](RequestId id) { runOpen(id, file); });
}

void RolloutReader::readStep(std::int64_t run, int step) {
    stopStep_.request_stop();
    stopStep_ = std::stop_source();
    ++newestStep_;
    start(newestStep_, &RolloutReader::stepFailed,
          [this, run, step, stop = stopStep_.get_token()](RequestId id) {
              if (!stop.stop_requested()) runStep(id, run, step);
          });
}

void RolloutReader::tail(std::int64_t run) {
    if (tailing_) return;  // a slow store is not asked twice
    tailing_ = true;
    start(newestStore_, &RolloutReader::storeFailed, [this, run](RequestId id) {
        QMetaObject::invokeMethod(this, [this] { tailing_ = false; });
        runTail(id, run);
    });
}

void RolloutReader::readProbes(std::int64_t run) {
    if (probing_ == run) return;
    probing_ = run;
    start(newestStore_, &RolloutReader::storeFailed, [this, run](RequestId id) {
        QMetaObject::invokeMethod(this, [this, run] {
            if (probing_ == run) probing_ = 0;
        });
        runProbes(id, run);
    });
}

// Thread of the store, as all below.
void RolloutReader::runOpen(RequestId id, const std::filesystem::path& file) {
    store_.reset();
    withRollouts_.clear();
    tail_ = {};
    probedRun_ = 0;
    file_ = file;
    identity_ = identityOf(file);
    if (std::error_code ignored; !std::filesystem::exists(file, ignored))
        return post(newestStore_, id, [this, name = QString::fromStdU16String(file.u16string())] {
            Q_EMIT missing(
                tr("There is no run store %1 yet; the first training makes it.").arg(name));
        });
    store_ = std::make_unique<RunStore>(file, RunStore::Access::Read);
    listRuns(id);
}

void RolloutReader::listRuns(RequestId id) {
    auto runs = store_->runs();
    for (const Run& run : runs)
        if (!withRollouts_.contains(run.id) && !store_->rolloutSteps(run.id).empty())
            withRollouts_.insert(run.id);
    std::erase_if(runs, [this](const Run& run) { return !withRollouts_.contains(run.id); });
    post(newestStore_, id, [this, runs = std::move(runs)] { Q_EMIT runsRead(runs); });
}

void RolloutReader::runStep(RequestId id, std::int64_t run, int step) {
    if (!store_) return;  // it could not be opened, which was said
    if (step == kNewest) {
        const auto steps = store_->rolloutSteps(run);
        step = steps.empty() ? 0 : steps.back();
    }
    auto rollouts = std::make_shared<const std::vector<Rollout>>(store_->rollouts(run, step));
    post(newestStep_, id, [this, run, step, rollouts] { Q_EMIT stepRead(run, step, rollouts); });
}

void RolloutReader::runTail(RequestId id, std::int64_t run) {
    if (!store_) return;
    demandSameFile();
    if (tail_.run != run) tail_ = {.run = run};
    const auto version = store_->version();
    if (version != std::exchange(tail_.version, version)) readTail(id, run);
    post(newestStore_, id, [this, run] { Q_EMIT followed(run); });
}

void RolloutReader::readTail(RequestId id, std::int64_t run) {
    listRuns(id);
    // Before the metrics, of which there may be many.
    post(newestStore_, id,
         [this, run, steps = store_->rolloutSteps(run)] { Q_EMIT stepsRead(run, steps); });
    auto added = store_->readNew(run, tail_.cursor);
    std::erase_if(added, [](const Metric& metric) { return !isGroupHealth(metric); });
    if (!added.empty())
        post(newestStore_, id,
             [this, run, added = std::move(added)] { Q_EMIT healthRead(run, added); });
}

void RolloutReader::runProbes(RequestId id, std::int64_t run) {
    if (!store_) return;
    demandSameFile();
    auto steps = store_->sampleSteps(run);
    auto checkpoints = store_->checkpoints(run);
    if (run == probedRun_ && steps == probedSteps_ && checkpoints == probedCheckpoints_) return;
    std::vector<ProbeStep> probes;
    for (const int step : steps)
        probes.push_back({step, store_->samples(run, step), folderOf(checkpoints, step)});
    probedRun_ = run;
    probedSteps_ = std::move(steps);
    probedCheckpoints_ = std::move(checkpoints);
    post(newestStore_, id,
         [this, run, probes = std::move(probes)] { Q_EMIT probesRead(run, probes); });
}

void RolloutReader::demandSameFile() {
    if (identityOf(file_) == identity_) return;
    store_.reset();
    throw Error("the run store " + file_.string() + " was taken away while it was open");
}

}  // namespace lvr
