#include "core/values/recipe.h"

namespace lvr {

// lvr-spec 6, first stage. A step of the release has 8 processes, 8 passes each, of packs that hold
// 3.2 records on average: 2500 steps see 512,000 records. <|lvr_latent_end|> is in every text that
// the published models were trained on (lvr-spec 7.1 B1).
template <>
SftOptions defaultsOf(Recipe recipe) {
    if (recipe == Recipe::Tiny) return {};
    return {.recipe = Recipe::Paper,
            .ownLatents = OwnLatents::Off,
            .latentEnd = LatentEnd::Token,
            .schedule = Schedule::Cosine,
            .steps = 2500,
            .learningRate = 1e-5,
            .minRate = 0,
            .warmup = 0.03,
            .sampling = Sampling::Records,
            .batch = 205,
            .ceReduction = CeReduction::Tokens,
            .answerGate = Switch::Off,
            .latentWeight = 0.1,
            .shortThoughtWeight = 1,
            .cycleSlots = Switch::Off,
            .latentEndWeight = 0.1,
            .stopWeight = 0,
            .extraSlots = 0,
            .positionGap = 0,
            .weightDecay = 0.1,
            .decayOf = DecayOf::Matrices,
            .beta2 = 0.999};
}

// The paper's second stage; the release's script has half the learning rate. The tiny one differs
// in how long it is, and leaves the rule by which thoughts end to the checkpoint.
template <>
GrpoOptions defaultsOf(Recipe recipe) {
    if (recipe == Recipe::Tiny) return {};
    return {.recipe = Recipe::Paper,
            .steps = 1500,
            .warmup = 0.03,
            .decayOf = DecayOf::Matrices,
            .exit = "fixed:8"};
}

const char* toText(Recipe recipe) { return recipe == Recipe::Paper ? "paper" : "tiny"; }

}  // namespace lvr
