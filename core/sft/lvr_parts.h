#pragma once

#include "core/model/lvr_checkpoint.h"
#include "core/values/train_options.h"

namespace lvr {

// Adds what the options ask for and the checkpoint does not have: a fresh lvr_head, and
// lvr_latent_end_emb, a random direction of norm sqrt(hidden_size) (lvr-spec 1.4). What is there
// already stays as it is. Throws Error when there is a head of another kind.
void addLvrParts(LvrCheckpoint& checkpoint, const SftOptions& options);

}  // namespace lvr
