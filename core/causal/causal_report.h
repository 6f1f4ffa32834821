#pragma once

#include <vector>

#include "core/values/causal_report.h"

namespace lvr {

// What panels of many questions say together: of each intervention how often it flips the answer,
// what it does to right ones and which way it moves the margin, with intervals and tests; then the
// verdict. Only items that emitted a span are counted. Draws follow from the seed. Fills in all but
// where the items came from, probes and geometry.
CausalReport summarise(const std::vector<CausalItem>& items, std::uint64_t seed);

// The rule, on a summary. Used: another question's or picture's latents move the margin towards
// its answer, further than towards a random one (Holm p < 0.05, at least 0.1 nats) and flip at
// least one answer in twenty (lower end of the interval). Slots, no feedback: not so, but without
// the slots (markers only) one answer in twenty flips. Not used: neither. Too few: fewer than 30
// answers that thought, or fewer than 20 with a donor whose answer differs.
LatentVerdict verdictOn(const CausalReport& report);

}  // namespace lvr
