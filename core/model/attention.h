#pragma once

#include <torch/types.h>

namespace lvr {

// What T newest of S positions read of all that they may look at, by grouped-query attention
// (softmax(q k^T / sqrt(d)) v). q: [B, H, T, d]; k, v: [B, KV, S, d]; mask as in Context
// -> [B, H, T, d]
torch::Tensor attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                     const torch::Tensor& mask);

// What attend() weighs the values by, the mean over heads. q: [B, H, T, d]; k: [B, KV, S, d]
// -> [B, T, S] float32
torch::Tensor attentionOf(const torch::Tensor& q, const torch::Tensor& k,
                          const torch::Tensor& mask);

}  // namespace lvr
