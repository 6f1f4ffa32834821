#pragma once

#include <cstdint>
#include <optional>

#include "core/values/options.h"

namespace lvr {

// What a row knows after one forward pass inside a thought (the pass that read <|lvr_start|>
// included) and after the next id was sampled from it.
struct SpanState {
    int fed = 0;                          // latents read so far in this thought
    double endProbability = 0;            // sigmoid of the raw lvr_end logit
    std::optional<double> endDistance;    // of the latent just read to lvr_latent_end_emb
    bool endSampled = false;              // the sampled id is <|lvr_end|>
    std::optional<double> latentCosine;   // of the latent just read to the one before
    int answerHeld = 0;                   // latents over which the early answer stayed the same
    std::optional<double> answerEntropy;  // of the early answer's first word, nats
    std::optional<double> probedRight;    // what the rule's probe says of the latent just read
    int sameId = 0;                       // ids that are the same as the sampled one, up to it
};

// Whether a rule goes by what the answer would be if the thought ended now.
bool looksAhead(const ExitRule& rule);

// Whether the next input is a token again (lvr-spec 4.2 to 4.4).
bool leavesLatentMode(const ExitRule& rule, const SpanState& state);

// Distance between two vectors of equal length, averaged over channels; cosine is 1 - cosine.
double latentEndDistance(LatentEndMetric metric, const float* a, const float* b, std::int64_t size);

}  // namespace lvr
