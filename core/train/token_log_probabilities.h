#pragma once

#include <torch/types.h>

namespace lvr {

// What a model says of given next tokens.
struct TokenLogProbabilities {
    torch::Tensor value;      // [L] log softmax(logits / temperature) at the labels, with gradient
    torch::Tensor entropy;    // [L] of softmax(logits / temperature), without
    torch::Tensor likeliest;  // [L] argmax
};

// hidden: [L, D], lmHead: [V, D], labels: [L]. Logits exist for `chunk` positions at a time only,
// in the backward pass too, where they are computed again: at 152,000 ids a position they are what
// would fill the memory. Float32 whatever the type of the inputs.
TokenLogProbabilities tokenLogProbabilities(const torch::Tensor& hidden,
                                            const torch::Tensor& lmHead,
                                            const torch::Tensor& labels, double temperature = 1,
                                            std::int64_t chunk = 1024);

}  // namespace lvr
