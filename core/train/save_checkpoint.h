#pragma once

#include <filesystem>

#include "core/decode/lvr_checkpoint.h"

namespace lvr {

// Refuses, before any work is done, an output that is a file, holds something other than a
// checkpoint, or can't be written. Throws Error.
void checkOutputFolder(const std::filesystem::path& out);

// A complete Hugging Face folder: weights and config of `checkpoint`, the tokenizer files of
// `tokenizerFolder`, generation and preprocessor config, and our sidecar with `provenance`.
// Written beside `out` and renamed over it, so that `out` is always one whole checkpoint.
void saveCheckpoint(const LvrCheckpoint& checkpoint, const std::filesystem::path& tokenizerFolder,
                    const Provenance& provenance, const std::filesystem::path& out);

}  // namespace lvr
