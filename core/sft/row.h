#pragma once

#include <cstdint>
#include <vector>

#include "core/decode/lvr_checkpoint.h"
#include "core/sft/training_set.h"
#include "core/values/train_options.h"

namespace lvr {

// One question with its response, in token ids, and what is supervised where. Indices are into ids.
struct SftRow {
    struct Slot {
        std::size_t at = 0;       // where the latent is fed; the position before is to be it
        std::vector<int> tokens;  // the target is the mean of these visual tokens
        float weight = 1;
    };
    struct Stop {  // where the lvr_end logit has a target
        std::size_t at = 0;
        float target = 0;
    };
    struct Label {
        std::size_t at = 0;  // of the supervised id
        bool isAnswer = false;
    };
    int record = 0, kind = 0;
    std::vector<std::int64_t> prefix;  // prompt ids up to the end of the last image
    std::vector<std::int64_t> ids;     // all after it, the response included
    std::vector<Slot> slots;
    std::vector<Stop> stops;
    std::vector<Label> labels;
    std::vector<std::size_t> latentEnds;  // where lvr_latent_end_emb is fed
    std::size_t gapFrom = 0;              // positions jump by `gap` here
    int gap = 0;
    int targets = 0;  // natural slots, of all thoughts
};

// What record `index` of the set is trained on under these options; what is random in it follows
// from `seed`. Throws Error that begins with the record's name.
SftRow planRow(const LvrCheckpoint& checkpoint, const TrainingSet& set, int index,
               const std::vector<PatchGrid>& grids, const SftOptions& options, std::uint64_t seed);

}  // namespace lvr
