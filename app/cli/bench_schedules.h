#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/kernels/machine.h"
#include "core/model/lvr_checkpoint.h"

namespace lvr {

// What `lvr bench train` measures its steps beside. Of a checkpoint whose tensors require gradients
// as a training asks for. Each throws Cancelled when the program is interrupted.
struct ScheduleBench {
    const LvrCheckpoint& checkpoint;
    int pictures = 8, questions = 8;  // of a step
    int completions = 8;              // of a question, in GRPO
    int visualTokens = 64;            // of a picture, on average
    int microTokens = 16384;
    int repeats = 7;
    std::filesystem::path scratch = {};  // a folder for pictures
    Ceilings ceilings = {};
};

// Pictures of the sizes that photos have, and as many of one size: positions a second of both, and
// how far the loss of mixed ones is from that of passes over one picture each.
nlohmann::ordered_json benchMixedSizes(const ScheduleBench& bench);

// A step of SFT on photo-like pictures, and the same by the published schedule: seconds, how much
// memory each grows by, how far their losses are apart, the share of the CPU's multiply-adds.
nlohmann::ordered_json benchOfficialSft(const ScheduleBench& bench);

// A step of GRPO from the prompt to the gradients, likewise; how far their log-probabilities are
// apart.
nlohmann::ordered_json benchOfficialGrpo(const ScheduleBench& bench);

}  // namespace lvr
