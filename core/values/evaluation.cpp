#include "core/values/evaluation.h"

#include <numeric>

#include "core/values/option_field.h"

namespace lvr {
namespace {

const EnumNames kEvalModes{"lvr", "base", "cot", "crop", "crop:oracle", "imported"};

}  // namespace

std::string toText(EvalMode mode) { return kEvalModes.at(static_cast<std::size_t>(mode)); }

EvalMode parseEvalMode(const std::string& text) {
    return static_cast<EvalMode>(choiceOf(text, kEvalModes));
}

std::string toText(const EvalColumn& column) {
    if (column.mode == EvalMode::Lvr) return toText(column.exit);
    if (column.mode == EvalMode::Crop) return "crop " + toText(column.exit);
    return toText(column.mode);
}

int ItemAnswer::latents() const { return std::accumulate(thoughts.begin(), thoughts.end(), 0); }

}  // namespace lvr
