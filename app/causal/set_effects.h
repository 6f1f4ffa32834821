#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "app/causal/causal_set.h"
#include "widgets/causal/effects.h"

namespace lvr {

// One row an intervention. Only questions whose answer came after a thought count.
std::vector<InterventionEffect> effectsOf(const CausalSet& set);
// Noise by rising strength, from none on.
std::vector<EffectPoint> doseResponse(const CausalSet& set);
// How far the margin moves to the donor's answer, and to a random one, by how sure the untouched
// answer was: thirds of the questions.
std::vector<EffectSeries> shiftByMargin(const CausalSet& set);

nlohmann::ordered_json toJson(const InterventionEffect& effect);
std::string toCsv(const std::vector<InterventionEffect>& effects, const std::string& command);

}  // namespace lvr
