#include "app/training/kept_checkpoints.h"

#include <algorithm>
#include <set>

#include "app/training/run_log.h"
#include "core/error.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr const char* kState = "train_state.safetensors";  // large, and needed in `out` only

fs::path folderOf(const fs::path& out, int step) {
    return fs::path(out.string() + ".checkpoints") / ("checkpoint-" + std::to_string(step));
}

// Whole or not at all.
void link(const fs::path& out, const fs::path& to) {
    const fs::path fresh = to.string() + ".new";
    fs::remove_all(fresh);
    fs::create_directories(fresh);
    for (const auto& file : fs::directory_iterator(out)) {
        if (!file.is_regular_file() || file.path().filename() == kState) continue;
        const auto target = fresh / file.path().filename();
        std::error_code cannotLink;
        fs::create_hard_link(file, target, cannotLink);
        if (cannotLink) fs::copy_file(file, target);
    }
    fs::remove_all(to);
    fs::rename(fresh, to);
}

std::set<int> stepsToKeep(const std::vector<CheckpointRow>& kept, const KeepOptions& options) {
    std::set<int> steps;
    for (auto row = kept.rbegin();
         row != kept.rend() && static_cast<int>(steps.size()) < options.last; ++row)
        steps.insert(row->step);
    const CheckpointRow* best = nullptr;
    for (const auto& row : kept)
        if (row.loss && (!best || *row.loss < *best->loss)) best = &row;
    if (options.best && best) steps.insert(best->step);
    return steps;
}

}  // namespace

void keepCheckpoint(const fs::path& out, int step, std::optional<double> loss,
                    const KeepOptions& options, RunLog& log) {
    const auto whole = fs::absolute(out).lexically_normal();
    if (!options.any()) return log.addCheckpoint({step, whole.string(), loss});
    const auto folder = folderOf(whole, step);
    try {
        link(whole, folder);
        log.addCheckpoint({step, folder.string(), loss});
        auto kept = log.checkpoints();
        std::erase_if(kept, [](const CheckpointRow& row) { return !row.kept; });
        const auto steps = stepsToKeep(kept, options);
        for (const auto& row : kept) {
            if (steps.contains(row.step)) continue;
            fs::remove_all(folderOf(whole, row.step));
            log.forgetCheckpoint(row.step);
        }
    } catch (const fs::filesystem_error& e) {
        throw Error("cannot keep the checkpoint in " + folder.string() + ": " + e.code().message() +
                    "; what was saved in " + whole.string() + " is whole");
    }
}

}  // namespace lvr
