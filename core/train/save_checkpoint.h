#pragma once

#include <filesystem>

#include "core/decode/lvr_checkpoint.h"
#include "core/train/train_state.h"

namespace lvr {

// Refuses, before any work is done, an output that is a file, holds anything already, or can't be
// written. Throws Error.
void checkOutputFolder(const std::filesystem::path& out);

// A complete Hugging Face folder: weights and config of `checkpoint`, the tokenizer files of
// `tokenizerFolder`, generation and preprocessor config, and our sidecar with `provenance`.
// Written beside `out` and exchanged with it in one step, so that `out` is always one whole
// checkpoint. state: of a training that is not over, kept in the folder too.
void saveCheckpoint(const LvrCheckpoint& checkpoint, const std::filesystem::path& tokenizerFolder,
                    const Provenance& provenance, const std::filesystem::path& out,
                    const TrainState* state = nullptr);

}  // namespace lvr
