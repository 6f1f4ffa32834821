#include "app/training/run_log.h"

#include <iostream>

#include "app/training/disk_space.h"
#include "app/training/train_progress.h"
#include "core/error.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

constexpr const char* kElapsed = "time/elapsed";  // seconds of training
constexpr std::uintmax_t kStepBytes = 1 << 20;    // a step takes less

}  // namespace

RunLog::RunLog(RunStore& store, std::filesystem::path file, std::int64_t run, std::stop_token stop)
    : store_(&store), run_(run), file_(std::move(file)), stop_(std::move(stop)) {
    using namespace std::chrono;
    const auto before = store.newestMetrics(run);
    vitals_ = RunVitals(store.find(run)->info.out, before);
    const auto spent = before.find(kElapsed);
    const duration<double> seconds(spent == before.end() ? 0 : spent->second);
    began_ = steady_clock::now() - duration_cast<steady_clock::duration>(seconds);
}

void RunLog::record(const TrainReport& report, const std::vector<Rollout>& rollouts) {
    step_ = report.step;
    if (!store_) return;
    auto metrics = report.metrics;
    metrics["lr"] = report.learningRate;
    metrics["samples_per_second"] = report.samplesPerSecond;
    metrics[kElapsed] =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    vitals_.addTo(metrics);
    const auto alert = vitals_.alertsOf(report);
    write([&] { store_->append(run_, report.step, metrics, rollouts, alert); });
    printTrainReport(report);
    if (!alert.empty()) std::cerr << "step " << report.step << ": " << alert << std::endl;
}

void RunLog::addSamples(int step, const std::vector<SampleRow>& samples) {
    if (store_) write([&] { store_->addSamples(run_, step, samples); });
}

void RunLog::addCheckpoint(const CheckpointRow& checkpoint) {
    if (store_) write([&] { store_->addCheckpoint(run_, checkpoint); });
}

void RunLog::forgetCheckpoint(int step) {
    if (store_) write([&] { store_->forgetCheckpoint(run_, step); });
}

std::vector<CheckpointRow> RunLog::checkpoints() const {
    return store_ ? store_->checkpoints(run_) : std::vector<CheckpointRow>();
}

std::optional<double> RunLog::validationLoss(int step) const {
    if (!store_) return std::nullopt;
    std::map<std::string, double> at;
    for (const auto& metric : store_->metrics(run_))
        if (metric.step == step) at[metric.name] = metric.value;
    for (const char* name : {"val/ce", "probe/loss"})
        if (const auto found = at.find(name); found != at.end()) return found->second;
    return std::nullopt;
}

void RunLog::write(const std::function<void()>& change) {
    whenThereIsSpace(file_, kStepBytes, stop_, change);
}

Run findRun(const RunStore& store, const std::string& name) {
    const auto folder = std::filesystem::absolute(name).lexically_normal().string();
    std::string known;
    for (const auto& run : store.runs()) {
        if (std::to_string(run.id) == name || run.info.out == folder) return run;
        known = std::to_string(run.id) + (known.empty() ? "" : ", ") + known;
    }
    throw Error("there is no run \"" + name + "\" in the store; " +
                (known.empty() ? "it is empty" : "there are " + known));
}

namespace {

void carryOut(RunStore& store, RunLog log, const std::function<std::string(RunLog&)>& work) {
    const auto run = log.run();
    try {
        store.end(run, RunStatus::Finished, work(log));
    } catch (const Cancelled&) {
        store.end(run, RunStatus::Stopped, "interrupted");
        throw;
    } catch (const std::exception& error) {
        store.end(run, RunStatus::Failed, error.what());
        throw;
    }
}

}  // namespace

void recordRun(const std::filesystem::path& file, const RunInfo& info, const std::stop_token& stop,
               const std::function<std::string(RunLog&)>& work) {
    const auto path = file.empty() ? defaultStore() : file;
    RunStore store(path);
    const auto run = store.start(info);
    std::cout << "run " << run << " of " << path.string() << std::endl;
    carryOut(store, {store, path, run, stop}, work);
}

void resumeRun(RunStore& store, const std::filesystem::path& file, SavedStep saved,
               const std::stop_token& stop, const std::function<std::string(RunLog&)>& work) {
    store.resume(saved.run, saved.step);
    std::cout << "run " << saved.run << " goes on after step " << saved.step << std::endl;
    carryOut(store, {store, file, saved.run, stop}, work);
}

}  // namespace lvr
