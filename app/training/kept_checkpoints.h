#pragma once

#include <filesystem>
#include <optional>

namespace lvr {

class RunLog;

// Which of a training's checkpoints stay beside the newest.
struct KeepOptions {
    int last = 0;       // so many of the saved ones
    bool best = false;  // the one with the lowest validation loss
    bool any() const { return last > 0 || best; }
};

// After `out` was saved at `step`: tells the run, and keeps what is to be kept in
// OUT.checkpoints/checkpoint-STEP. Files are shared with `out` by hard links, so that a checkpoint
// that is kept costs nothing until `out` moves on. loss: of validation at this step.
void keepCheckpoint(const std::filesystem::path& out, int step, std::optional<double> loss,
                    const KeepOptions& options, RunLog& log);

}  // namespace lvr
