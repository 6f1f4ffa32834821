#pragma once

#include <torch/types.h>

#include <cstdint>

namespace lvr {

// What is added to the states of some positions after each of the first decoder layers: the
// features of earlier vision blocks (Qwen3-VL's DeepStack).
struct DeepStack {
    torch::Tensor at;      // [M] int64, ascending: places in rows that lie one after another
    torch::Tensor values;  // [K, M, D], for the first K layers; undefined: nothing is added

    // x: [B, T, D], what layer `layer` gave -> the same with its features added
    torch::Tensor addedTo(const torch::Tensor& x, std::size_t layer) const;
};

// What the language model reads in one pass: vectors, where they stand, what is added to them on
// the way.
struct Sequence {
    torch::Tensor embeddings;  // [B, T, D]
    torch::Tensor positions;   // [3, B, T] int64: t, h, w
    DeepStack deepstack = {};

    // Of one row: the positions from `first` on, `count` of them.
    Sequence narrow(std::int64_t first, std::int64_t count) const;
};

}  // namespace lvr
