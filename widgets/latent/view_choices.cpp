#include "widgets/latent/view_choices.h"

#include <algorithm>
#include <cmath>

namespace lvr {
namespace {

template <class Choice, std::size_t N>
QJsonValue nameIn(const Choice (&all)[N], Choice chosen) {
    for (const Choice each : all)
        if (each == chosen) return QString::fromUtf8(nameOf(each).data());
    return {};
}

template <class Choice, std::size_t N>
void choose(const Choice (&all)[N], const QJsonValue& name, Choice& chosen) {
    for (const Choice each : all)
        if (name.toString() == QString::fromUtf8(nameOf(each).data())) chosen = each;
}

// Walks what is not chosen by name: the least and the most that the panel's controls allow.
template <class State, class Number, class Toggle>
void forEachChoice(State& state, Number number, Toggle toggle) {
    number("temperature", state.shown.temperature, 0.01, 1);
    number("top_k", state.shown.topK, 1, 64);
    number("opacity", state.look.opacity, 0, 1);
    number("nearest_count", state.nearestCount, 1, 16);
    toggle("heat", state.heat);
    toggle("grid", state.grid);
    toggle("targets", state.rois);
    toggle("path", state.path);
    toggle("nearest", state.nearest);
    toggle("all_steps", state.multiples);
    toggle("small_pictures", state.thumbnails);
    toggle("curves", state.curves);
    toggle("loop", state.loop);
}

}  // namespace

QJsonObject viewChoices(const LatentViewState& state) {
    QJsonObject choices{{"mode", nameIn(kHeatModes, state.waitingMode.value_or(state.shown.mode))},
                        {"colours", nameIn(kColourMaps, state.look.colours)},
                        {"cover", nameIn(kHeatCovers, state.look.cover)}};
    forEachChoice(
        state,
        [&](const char* name, auto value, double, double) {
            choices[QLatin1String(name)] = static_cast<double>(value);
        },
        [&](const char* name, bool on) { choices[QLatin1String(name)] = on; });
    return choices;
}

void applyViewChoices(const QJsonObject& choices, LatentViewState& state) {
    choose(kHeatModes, choices["mode"], state.shown.mode);
    choose(kColourMaps, choices["colours"], state.look.colours);
    choose(kHeatCovers, choices["cover"], state.look.cover);
    forEachChoice(
        state,
        [&](const char* name, auto& value, double least, double most) {
            using Number = std::remove_reference_t<decltype(value)>;
            const double kept = choices[QLatin1String(name)].toDouble(static_cast<double>(value));
            value = static_cast<Number>(std::clamp(kept, least, most));
        },
        [&](const char* name, bool& on) { on = choices[QLatin1String(name)].toBool(on); });
}

}  // namespace lvr
