#pragma once

#include <optional>

#include "app/cli/bench_figure.h"
#include "core/model/lvr_checkpoint.h"
#include "core/values/image.h"

namespace lvr {

// What `lvr bench infer` measures, and with how much. Its functions throw Cancelled when the
// program is interrupted.
struct BenchModels {
    LvrCheckpoint fast;                 // as it answers
    std::optional<LvrCheckpoint> slow;  // the same weights in float32; nothing: left out
    std::int64_t visualTokens = 256;    // of the picture
    int rows = 8;                       // beside each other
    int repeats = 5;
    Ceilings ceilings = {};
};

// As near to a square as whole cells allow; it shows nothing.
Image benchPicture(const BenchModels& models);
PatchGrid gridOf(const BenchModels& models);  // of that picture

// The lowest of rows with rows, [n, D] each, in float64: equal ones have 1.
double lowestCosine(const torch::Tensor& a, const torch::Tensor& b);

using OnFigure = std::function<void(const BenchFigure&)>;

// A prompt, a step by what it puts out and for how many rows, a picture: one pass each, beside the
// same product by product by LibTorch.
void benchPasses(const BenchModels& models, const OnFigure& report);

// Whole questions: the first step of a second one about a picture beside the first one's; from a
// picture to an answer; rows of one question beside each other and one by one.
void benchQuestions(const BenchModels& models, const OnFigure& report);

}  // namespace lvr
