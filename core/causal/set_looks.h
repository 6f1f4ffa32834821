#pragma once

#include "core/values/causal_set.h"

namespace lvr {

// Equal for equal pictures.
std::uint64_t pictureMark(const std::vector<Image>& images);

// Mean and standard deviation of all latents of a set; empty where nobody thought.
LatentMoments momentsOf(const SetLooks& looks);

// A question of a set with what is lent to it: by one in the middle of the others that has another
// picture and, where there is one, another answer; the random answer is of one that lends nothing.
// The same looks and seed lend the same, whoever asks.
CausalQuestion questionInSet(const SetLooks& looks, std::size_t index, const CausalSetItem& item,
                             const LatentMoments& moments, std::uint64_t seed);

}  // namespace lvr
