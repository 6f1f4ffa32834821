#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/model/lvr_checkpoint.h"

namespace lvr {

struct TrainBenchSizes {
    int pictures = 8, questions = 8;  // of a step; to each picture
    int repeats = 7;
    int positions = 512, hiddenSize = 512, vocabSize = 151936;  // of the cross-entropy
};

// A step of SFT on `data` (empty: generated scenes): its phases, its share of what the CPU can do,
// and what sharing a picture's prefix, keeping a frozen tower's tokens and chunking the
// cross-entropy bring, each checked against doing without. Throws Error, and Cancelled when the
// program is interrupted.
nlohmann::ordered_json benchTrainingStep(const TrainBenchSizes& sizes,
                                         const std::filesystem::path& data,
                                         LvrCheckpoint checkpoint);

}  // namespace lvr
