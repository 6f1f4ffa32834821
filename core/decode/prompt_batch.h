#pragma once

#include <torch/types.h>

#include <vector>

#include "core/decode/decode_rows.h"

namespace lvr {

// Prompts padded on the left to one length.
struct PromptBatch {
    Sequence sequence;   // a row each
    torch::Tensor real;  // [P, T] bool; undefined when nothing is padded
    torch::Tensor next;  // [P] position of the first generated token
};
PromptBatch padLeft(const std::vector<Prompt>& prompts);

// Causal, and nobody looks at padding; a padded position looks at itself so that its softmax has
// something to add up to. [B, 1, T, T]; undefined when nothing is padded
torch::Tensor promptMask(const torch::Tensor& real, torch::Device device);

}  // namespace lvr
