#include "core/trace/trace_csv.h"

#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "core/trace/heat_modes.h"
#include "core/trace/nearest.h"
#include "core/trace/step_curves.h"
#include "core/values/csv_text.h"

namespace lvr {
namespace {

constexpr int kNearestColumns = 3;
using Cells = std::vector<std::string>;

std::string number(float value) {
    if (std::isnan(value)) return "";
    std::array<char, 64> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                   std::chars_format::general, 6)
                         .ptr;
    return {digits.data(), end};
}

Cells names() {
    Cells names{
        "step",         "position",           "norm",         "entropy",    "end_probability",
        "end_distance", "cosine_to_previous", "shadow_token", "shadow_text"};
    for (int i = 1; i <= kNearestColumns; ++i)
        for (const char* what : {"_image", "_row", "_col", "_cosine"})
            names.push_back("patch" + std::to_string(i) + what);
    return names;
}

std::string curveCell(const std::vector<StepCurve>& curves, const char* name, std::size_t step) {
    for (const StepCurve& curve : curves)
        if (curve.name == name) return number(curve.values[step]);
    return "";
}

void addNearest(Cells& cells, const Trace& trace, const LatentStep& latent) {
    const auto nearest = nearestOnAllImages(trace, latent, kNearestColumns);
    for (std::size_t i = 0; i < kNearestColumns; ++i) {
        if (i < nearest.size())
            cells.insert(cells.end(),
                         {std::to_string(nearest[i].image), std::to_string(nearest[i].row),
                          std::to_string(nearest[i].col), number(nearest[i].cosine)});
        else
            cells.insert(cells.end(), 4, "");
    }
}

}  // namespace

std::string toCsv(const Trace& trace) {
    const auto latents = latentSteps(trace);
    const auto curves = stepCurves(trace, HeatSettings{}.temperature);
    std::string out = csvLine(names());
    for (std::size_t i = 0; i < latents.size(); ++i) {
        const LatentStep& latent = latentOf(*latents[i]);
        Cells cells{std::to_string(i + 1),
                    std::to_string(latents[i]->position),
                    number(latent.norm),
                    curveCell(curves, "entropy", i),
                    number(latent.endProbability),
                    latent.endDistance ? number(*latent.endDistance) : "",
                    curveCell(curves, "to previous", i),
                    latents[i]->token < 0 ? "" : std::to_string(latents[i]->token),
                    latents[i]->text};
        addNearest(cells, trace, latent);
        out += csvLine(cells);
    }
    return out;
}

}  // namespace lvr
