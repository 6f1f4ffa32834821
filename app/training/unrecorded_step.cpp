#include "app/training/unrecorded_step.h"

#include <filesystem>
#include <iostream>

#include "core/error.h"
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

}  // namespace lvr
