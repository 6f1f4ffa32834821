#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/decode/lvr_checkpoint.h"
#include "core/grpo/grpo.h"
#include "core/train/vision_features.h"

namespace lvr {

// Completions of one question, as sampled and as judged.
struct RolloutGroup {
    const GrpoRecord* record = nullptr;
    Prompt prompt;
    PatchGrid grid;  // of the first image
    std::vector<RowResult> rows;
    std::vector<std::string> texts;  // what was said, LVR tokens spelled out, stop token left out
    std::vector<std::map<std::string, double>> rewards;  // by name, one map a row
    std::vector<float> total;                            // sum of a row's rewards
    std::vector<float> advantages;
    bool mixed() const;  // rewards differ: there is something to learn
};

// options.groupSize completions of each record, all groups in one batch. `step` makes the sampling
// of every step its own.
std::vector<RolloutGroup> rollOut(const LvrCheckpoint& checkpoint, VisionFeatures& features,
                                  const std::vector<const GrpoRecord*>& records,
                                  const GrpoOptions& options, int step);

// What the step's rollouts were like: reward/*, completions/*, span/*, latents/*, groups/*.
std::map<std::string, double> rolloutMetrics(const std::vector<RolloutGroup>& groups,
                                             const LvrCheckpoint& checkpoint,
                                             const GrpoOptions& options);

// For the store.
std::vector<Rollout> describeRollouts(const std::vector<RolloutGroup>& groups,
                                      const Tokenizer& tokenizer);

}  // namespace lvr
