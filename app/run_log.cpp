#include "app/run_log.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "app/train_progress.h"
#include "core/error.h"
#include "core/store/run_store.h"

namespace lvr {

void RunLog::record(const TrainReport& report) {
    auto metrics = report.metrics;
    metrics["lr"] = report.learningRate;
    metrics["samples_per_second"] = report.samplesPerSecond;
    store_.append(run_, report.step, metrics);
    printTrainReport(report);
}

void addStoreOption(CLI::App& command, std::filesystem::path& store) {
    command.add_option("--store", store,
                       "Run store (default: $LVR_STORE, else runs.db in "
                       "~/.local/share/lvr-workbench)");
}

void recordRun(const std::filesystem::path& file, const RunInfo& info,
               const std::function<std::string(RunLog&)>& work) {
    RunStore store(file.empty() ? defaultStore() : file);
    RunLog log(store, store.start(info));
    std::cout << "run " << log.run() << " of " << (file.empty() ? defaultStore() : file).string()
              << std::endl;
    try {
        store.end(log.run(), RunStatus::Finished, work(log));
    } catch (const Cancelled&) {
        store.end(log.run(), RunStatus::Stopped, "interrupted");
        throw;
    } catch (const std::exception& error) {
        store.end(log.run(), RunStatus::Failed, error.what());
        throw;
    }
}

}  // namespace lvr
