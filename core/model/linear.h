#pragma once

#include <torch/types.h>

#include <optional>
#include <vector>

#include "core/model/fastest_product.h"
#include "core/model/parameters.h"

namespace lvr {

enum class Bias { No, Yes };

// x W^T + bias: [..., in] -> [..., out], in x's type. Where no gradient is wanted and x is float32
// on the CPU, the weights may lie in any type of core/kernels/weight_matrix.h: they are widened as
// they are read, and sums are float32.
torch::Tensor product(const torch::Tensor& x, const Weight& weight, const torch::Tensor& bias = {});
// The same by a way of one's choice where x has many rows and no gradient is wanted.
torch::Tensor product(const torch::Tensor& x, const Weight& weight, const torch::Tensor& bias,
                      ManyRows way);

struct Linear {
    Linear(const Parameters& parameters, std::int64_t in, std::int64_t out, Bias bias);
    torch::Tensor operator()(const torch::Tensor& x) const;  // [..., in] -> [..., out]
    Weight weight;                                           // [out, in]
    torch::Tensor bias;                                      // [out] or undefined
    std::optional<Lora> lora;
};

// What several Linears make of the same x, [..., out of each]. For a few rows their weights are
// read in one go.
std::vector<torch::Tensor> products(const torch::Tensor& x,
                                    const std::vector<const Linear*>& linears);

}  // namespace lvr
