#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/trace/heat.h"

namespace lvr {

// What the heat of a latent step says about a patch.
enum class HeatMode {
    Cosine,    // between the vector that was fed and the visual token
    Distance,  // L2; near is hot
    Dot,       // cosine with both lengths put back
    Softmax,   // share of the patch in softmax(cosine / temperature)
    TopK,      // cosine of the nearest patches alone
    Relative,  // cosine minus the patch's mean over all steps: what this step adds
    Mean,      // of the cosine over all steps: the same whichever is selected
};
inline constexpr HeatMode kHeatModes[] = {HeatMode::Cosine,  HeatMode::Distance, HeatMode::Dot,
                                          HeatMode::Softmax, HeatMode::TopK,     HeatMode::Relative,
                                          HeatMode::Mean};
struct HeatSettings {
    HeatMode mode = HeatMode::Cosine;
    float temperature = 0.1f;  // of Softmax, and of the entropy curve
    int topK = 8;
    bool operator==(const HeatSettings&) const = default;
};

std::string_view nameOf(HeatMode mode);     // "cosine", as in a list
std::string_view explainOf(HeatMode mode);  // one sentence
// Those that the trace holds enough for on this image; Cosine is always the first.
std::vector<HeatMode> modesFor(const Trace& trace, int image);

// Values of all steps under one mode. Colours compare between steps: one scale for all.
struct HeatMaps {
    std::vector<std::vector<float>> steps;  // [latent steps][patches], NaN: left out; may be empty
    HeatScale scale;
};
HeatMaps heatMaps(const Trace& trace, int image, const HeatSettings& settings);
// The least and the greatest value of one step; absent where it was not measured.
std::optional<HeatLimits> limitsOf(const HeatMaps& maps, int step);
// The `count` nearest patches of what the heat shows: of the step, or of the mean of all steps;
// best first.
std::vector<Patch> nearestPatches(const Trace& trace, const LatentStep& step, int image,
                                  const HeatSettings& settings, int count);

// values: grid.count(). At most `side` rows and columns, each the hottest of those it stands for.
struct SmallHeat {
    PatchGrid grid;
    std::vector<float> values;
};
SmallHeat smallHeat(const HeatMaps& maps, int step, PatchGrid grid, int side);

// One patch asked the other way round: the steps, nearest first. Steps without a value are left
// out.
struct StepAtPatch {
    int step = 0;
    float cosine = 0;
    bool operator==(const StepAtPatch&) const = default;
};
std::vector<StepAtPatch> stepsNear(const Trace& trace, int image, int patch);
// The same of the text: at most `count` tokens.
struct TokenAtPatch {
    int step = 0;  // among all steps of the trace
    float cosine = 0;
    bool operator==(const TokenAtPatch&) const = default;
};
std::vector<TokenAtPatch> tokensNear(const Trace& trace, int image, int patch, int count);

}  // namespace lvr
