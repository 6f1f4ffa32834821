#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "app/causal/causal_set.h"
#include "widgets/causal/effects.h"

namespace lvr {

// One row an intervention. Only questions whose answer came after a thought count.
std::vector<InterventionSummary> effectsOf(const CausalSet& set);
// Noise by rising strength, from none on.
std::vector<EffectPoint> doseResponse(const std::vector<InterventionSummary>& summaries);
// How far the margin moves to the donor's answer, and to a random one, by how sure the untouched
// answer was: thirds of the questions.
std::vector<EffectSeries> shiftByMargin(const CausalSet& set);

// All of it; takes a while for a large set.
struct SetEffects {
    std::vector<InterventionSummary> summaries;
    std::vector<EffectPoint> dose;
    std::vector<EffectSeries> shift;
};
SetEffects measured(const CausalSet& set);

nlohmann::ordered_json toJson(const InterventionSummary& summary);
std::string toCsv(const std::vector<InterventionSummary>& summaries, const std::string& command);

}  // namespace lvr
