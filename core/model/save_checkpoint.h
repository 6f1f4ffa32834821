#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/model/lvr_checkpoint.h"

namespace lvr {

// Refuses, before any work is done, an output that is a file, holds anything already, or can't be
// written. Throws Error.
void checkOutputFolder(const std::filesystem::path& out);
// Makes it, the way a checkpoint is put there later: a file is written and the folders exchanged. A
// full disk may have room by then. Throws Error.
void makeOutputFolder(const std::filesystem::path& out);
// `target` becomes what `fresh` is, which lies on the same disk, in one step where the file system
// can do that; what `target` was is gone. Throws std::filesystem::filesystem_error.
void replaceFolder(const std::filesystem::path& target, const std::filesystem::path& fresh);

// The processor's files of a folder say how pictures are prepared from now on; without such files
// it gets one.
void writePreprocessor(const PreprocessConfig& config, const Backbone& backbone,
                       const std::filesystem::path& folder);

// A complete Hugging Face folder of what `checkpoint` has become, made from the folder `from`:
// weights, config.json and tokenizer files with the LVR tokens (lvr-spec 1.1, 1.3), or as they are
// where the checkpoint is of another dialect, the pixel limits in force, and our sidecar with
// `provenance`. Each other file and field of `from` (and of the model that it adapts, where it is
// an adapter without) stays as it is. Written beside `out` and exchanged with it in one step, so
// that `out` is always one whole checkpoint. alsoWrite: puts more files into it, or changes them.
// weights: writes model.safetensors in place of the checkpoint's own.
using WriteInto = std::function<void(const std::filesystem::path& folder)>;
void saveCheckpoint(const LvrCheckpoint& checkpoint, const std::filesystem::path& from,
                    const Provenance& provenance, const std::filesystem::path& out,
                    const WriteInto& alsoWrite = {}, const WriteInto& weights = {});

}  // namespace lvr
