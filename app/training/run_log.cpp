#include "app/training/run_log.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <utility>

#include "app/training/pause.h"
#include "app/training/train_progress.h"
#include "core/error.h"
#include "core/model/save_checkpoint.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

fs::path unrecordedFile(const RunInfo& info) { return info.out + ".unrecorded.db"; }

void removeFileOf(const RunInfo& info) {
    for (const char* part : {"", "-wal", "-shm"}) {
        std::error_code isNotThere;
        fs::remove(unrecordedFile(info).string() + part, isNotThere);
    }
}

constexpr const char* kElapsed = "time/elapsed";  // seconds of training
constexpr std::uintmax_t kStepBytes = 1 << 20;    // a step takes less

}  // namespace

void keepUnrecorded(const RunInfo& info, int step, const std::map<std::string, double>& metrics,
                    const std::vector<Rollout>& rollouts, const std::string& alert) {
    try {
        removeFileOf(info);
        RunStore kept(unrecordedFile(info));
        kept.append(kept.start(info), step, metrics, rollouts, alert);
    } catch (const Error& error) {
        std::cerr << "lvr: the numbers of step " << step << " are lost: " << error.what()
                  << std::endl;
    }
}

void recordUnrecorded(RunStore& store, std::int64_t run, int step) {
    const auto info = store.find(run)->info;
    if (!fs::exists(unrecordedFile(info))) return;
    {
        const RunStore kept(unrecordedFile(info), RunStore::Access::Read);
        for (const auto& row : kept.runs()) {
            std::map<std::string, double> metrics;
            for (const auto& metric : kept.metrics(row.id)) metrics[metric.name] = metric.value;
            std::string alert;
            for (const auto& said : kept.alerts(row.id)) alert = said.message;
            if (row.step == step)
                store.append(run, step, metrics, kept.rollouts(row.id, step), alert);
        }
    }
    removeFileOf(info);
}

RunLog::RunLog(RunStore& store, std::filesystem::path file, std::int64_t run, std::stop_token stop)
    : store_(&store), run_(run), file_(std::move(file)), stop_(std::move(stop)) {
    using namespace std::chrono;
    const auto before = store.newestMetrics(run);
    info_ = store.find(run)->info;
    vitals_ = RunVitals(info_.out, before);
    vitals_.remember(store.metrics(run));
    const auto spent = before.find(kElapsed);
    const duration<double> seconds(spent == before.end() ? 0 : spent->second);
    began_ = steady_clock::now() - duration_cast<steady_clock::duration>(seconds);
}

bool RunLog::record(const TrainReport& report, const std::vector<Rollout>& rollouts) {
    step_ = report.step;
    if (!store_) return false;
    auto metrics = report.metrics;
    metrics["lr"] = report.learningRate;
    metrics["samples_per_second"] = report.samplesPerSecond;
    metrics[kElapsed] =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    vitals_.addTo(metrics);
    metrics.insert(ofEach_.begin(), ofEach_.end());
    const auto alert = vitals_.alertsOf(report);
    try {
        write([&] { store_->append(run_, report.step, metrics, rollouts, alert); });
    } catch (const Cancelled&) {
        keepUnrecorded(info_, report.step, metrics, rollouts, alert);
        throw;
    }
    const bool printed = print(report);
    if (!alert.empty()) std::cerr << "step " << report.step << ": " << alert << std::endl;
    return printed;
}

void RunLog::recordMeasurement(int step, const std::map<std::string, double>& metrics,
                               const std::vector<SampleRow>& samples, const std::string& alert) {
    if (!alert.empty()) std::cerr << "step " << step << ": " << alert << std::endl;
    if (!store_ || (metrics.empty() && samples.empty() && alert.empty())) return;
    if (!samples.empty()) write([&] { store_->addSamples(run_, step, samples); });
    write([&] { store_->append(run_, step, metrics, {}, alert); });
    if (!metrics.empty()) std::cout << measurementLine(step, metrics) << std::endl;
}

bool RunLog::print(const TrainReport& report) {
    const bool isDue = !printed_ || report.step % printEvery_ == 0 || report.step == report.steps;
    if (isDue) std::cout << progressLine(report) << std::endl;
    printed_ = true;
    return isDue;
}

bool RunLog::isMeasured(int step) const {
    for (const char* name : {"val/ce", "probe/loss", "probe/accuracy"})
        for (const auto& metric : metricsNamed(name))
            if (metric.step == step) return true;
    return false;
}

void RunLog::addCheckpoint(const CheckpointRow& checkpoint) {
    if (store_) write([&] { store_->addCheckpoint(run_, checkpoint); });
}

void RunLog::forgetCheckpoint(int step) {
    if (store_) write([&] { store_->forgetCheckpoint(run_, step); });
}

std::vector<CheckpointRow> RunLog::checkpoints() const {
    std::vector<CheckpointRow> rows;
    if (store_) whenUnlocked(stop_, [&] { rows = store_->checkpoints(run_); });
    return rows;
}

std::vector<Metric> RunLog::metricsNamed(const char* name) const {
    std::vector<Metric> rows;
    if (store_) whenUnlocked(stop_, [&] { rows = store_->metrics(run_, name); });
    return rows;
}

std::optional<double> RunLog::validationLoss(int step) const {
    for (const auto& metric : validationLosses())
        if (metric.step == step) return metric.value;
    return std::nullopt;
}

std::vector<Metric> RunLog::validationLosses() const {
    for (const char* name : {"val/ce", "probe/loss"})
        if (auto found = metricsNamed(name); !found.empty()) return found;
    return {};
}

// How it ended is said to whoever started it in any case.
void RunLog::end(RunStatus status, const std::string& message) {
    if (status == RunStatus::Finished) return write([&] { store_->end(run_, status, message); });
    try {
        store_->end(run_, status, message);
    } catch (const Error& error) {
        std::cerr << "lvr: how the run ended could not be written: " << error.what() << std::endl;
    }
}

void RunLog::sayWaiting(const std::string& forWhat) {
    if (!store_) return;
    try {
        store_->setWaiting(run_, forWhat);
    } catch (const Error&) {  // perhaps for the same reason, which the terminal is told
    }
}

void RunLog::write(const std::function<void()>& change) {
    whenUnlocked(stop_, [&] { whenThereIsSpace(file_, kStepBytes, stop_, change); });
}

Run findRun(const RunStore& store, const std::string& name) {
    const auto folder =  // "OUT/" is OUT
        std::filesystem::absolute(std::filesystem::path(name) / "")
            .lexically_normal()
            .parent_path();
    const auto runs = store.runs();
    for (const auto& run : runs)
        if (std::to_string(run.id) == name || run.info.out == folder) return run;
    constexpr std::size_t kNamed = 5;
    std::string newest;
    for (std::size_t i = 0; i < std::min(kNamed, runs.size()); ++i)
        newest = std::to_string(runs[i].id) + (newest.empty() ? "" : ", ") + newest;
    throw Error("there is no run \"" + name + "\" in the store; " +
                (runs.empty()            ? "it is empty"
                 : runs.size() <= kNamed ? "there are " + newest
                                         : "the last of " + std::to_string(runs.size()) + " are " +
                                               newest + "; lvr runs list shows all"));
}

namespace {

void carryOut(RunLog log, const std::function<std::string(RunLog&)>& work) {
    try {
        log.end(RunStatus::Finished, work(log));
    } catch (const Cancelled&) {
        log.end(RunStatus::Stopped, "interrupted");
        throw;
    } catch (const std::exception& error) {
        log.end(RunStatus::Failed, error.what());
        throw;
    }
}

}  // namespace

std::filesystem::path storeFile(const std::filesystem::path& named) {
    return named.empty() ? defaultStore() : named;
}

void recordRun(RunStore& store, const std::filesystem::path& file, const RunInfo& info,
               const std::stop_token& stop, const std::function<std::string(RunLog&)>& work) {
    const bool isNew = !std::filesystem::exists(info.out);
    const auto run = store.start(info);
    try {
        makeOutputFolder(info.out);  // ours alone from now on
    } catch (const Error&) {
        store.end(run, RunStatus::Failed, "");
        store.remove(run);
        throw;
    }
    std::cout << "run " << run << " of " << file.string() << std::endl;
    store.hurryWhen(stop);
    try {
        carryOut({store, file, run, stop}, work);
    } catch (...) {
        std::error_code isInUse;
        if (isNew) std::filesystem::remove(info.out, isInUse);  // as long as it is empty
        throw;
    }
}

void resumeRun(RunStore& store, const std::filesystem::path& file, SavedStep saved,
               const std::stop_token& stop, const std::function<std::string(RunLog&)>& work) {
    store.resume(saved.run, saved.step);
    recordUnrecorded(store, saved.run, saved.step);
    std::cout << "run " << saved.run << " goes on after step " << saved.step << std::endl;
    store.hurryWhen(stop);
    carryOut({store, file, saved.run, stop}, work);
}

}  // namespace lvr
