#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace lvr {

class RunLog;

// Which of a training's checkpoints stay beside the newest.
struct KeepOptions {
    int last = 0;       // so many of the saved ones
    bool best = false;  // the one with the lowest validation loss
    bool any() const { return last > 0 || best; }
};

// After `out` was saved at `step`: tells the run, and keeps what is to be kept in
// OUT.checkpoints/checkpoint-STEP, whole, so that a training can go on from there. Files are shared
// with `out` by hard links: a checkpoint that is kept costs nothing until `out` moves on. loss: of
// validation at this step, as far as it is known.
void keepCheckpoint(const std::filesystem::path& out, int step, std::optional<double> loss,
                    const KeepOptions& options, RunLog& log);
// When the loss at a step that was saved is known: which ones are kept may be others now.
void judgeCheckpoint(const std::filesystem::path& out, int step, double loss,
                     const KeepOptions& options, RunLog& log);

// The `out` of what may be one of its kept checkpoints; empty: it isn't named like one.
std::filesystem::path outOfKept(const std::filesystem::path& folder);
// "checkpoint-20, checkpoint-40", those of `out` that are there, by step; empty: none.
std::string keptNames(const std::filesystem::path& out);
// `out` becomes what was kept of it after `step`. What was kept of later steps is removed: its
// names.
std::string goBackTo(const std::filesystem::path& out, int step);

}  // namespace lvr
