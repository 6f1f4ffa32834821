#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/decode/decode_rows.h"
#include "core/grpo/grpo.h"
#include "core/model/lvr_checkpoint.h"
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
    std::vector<float> total;                            // weighted sum of a row's rewards
    std::vector<float> advantages;
    const Dialect* dialect = nullptr;  // of the model that said it
    bool mixed() const;                // rewards differ: there is something to learn
};

// A rank's part of a step.
struct RolloutPart {
    std::vector<const GrpoRecord*> records;
    int step = 0;   // makes the sampling of every step its own
    int first = 0;  // number of the first record in the step
    std::stop_token stop = {};
};

// options.groupSize completions of each record, all groups in one batch, not judged yet. A record
// whose image can't be read is left out; why is appended to `unreadable`. Throws Cancelled.
std::vector<RolloutGroup> rollOut(const LvrCheckpoint& checkpoint, VisionFeatures& features,
                                  const RolloutPart& part, const GrpoOptions& options,
                                  std::vector<std::string>& unreadable);

// From their rewards (Rewards::judge).
void fillAdvantages(std::vector<RolloutGroup>& groups, const GrpoOptions& options);

// What a step's rollouts were like, as far as one rank knows or all together.
struct RolloutFigures {
    std::map<std::string, std::vector<double>> each;  // metric: a value a rollout or group
    std::vector<torch::Tensor> thoughts;              // [latents, D] of each rollout
    std::vector<Rollout> rollouts;                    // for the store
};
// firstGroup: number of the first group in the step.
RolloutFigures describe(const std::vector<RolloutGroup>& groups, const LvrCheckpoint& checkpoint,
                        const GrpoOptions& options, int firstGroup);
RolloutFigures gather(const Ranks& ranks, const RolloutFigures& mine);
// reward/*, completions/*, span/*, latents/*, groups/*: means unless the name says otherwise.
std::map<std::string, double> rolloutMetrics(const RolloutFigures& figures);

}  // namespace lvr
