#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/values/trace.h"

namespace lvr {

// One number a latent step, over all steps of a trace. NaN where a step has none.
struct StepCurve {
    std::string name;         // "norm"
    std::string explanation;  // one sentence
    std::vector<float> values;
    std::optional<float> threshold;  // at which the exit rule leaves
    int decimals = 2;
};
// Those the trace holds: norm, entropy of softmax(cosine / temperature) over the first image's
// patches in bits, P(end), distance to the end vector, cosine with the step before.
std::vector<StepCurve> stepCurves(const Trace& trace, float temperature);

}  // namespace lvr
