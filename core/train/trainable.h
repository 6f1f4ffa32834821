#pragma once

#include "core/model/lvr_model.h"
#include "core/train/optimizer.h"

namespace lvr {

// Learning rates of a model's parts, as multiples of the step's. 0: frozen.
struct PartRates {
    double language = 1;  // with embeddings, lm_head, lvr_head and lvr_latent_end_emb
    double merger = 0;    // visual.merger and deepstack_merger_list, the projectors
    double vision = 0;    // the rest of visual
};
// What is trained; its tensors require gradients from now on, all others none. Of a model with an
// adapter: the adapter, and what is saved with it. Throws Error: vision beside an adapter.
std::vector<Trained> trainable(const LvrModel& model, const PartRates& rates = {},
                               DecayOf decayOf = DecayOf::All);
std::vector<torch::Tensor> tensorsOf(const std::vector<Trained>& trained);
// For LvrModel::seedDropout: another one for each update, and on each rank.
std::uint64_t dropoutSeed(std::uint64_t seed, std::int64_t update, int rank);
void freeze(const LvrModel& model);  // nothing requires gradients any more

}  // namespace lvr
