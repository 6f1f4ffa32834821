#include "widgets/latent/latent_state.h"

#include <QJsonObject>
#include <algorithm>
#include <utility>

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
    number("speed", state.speed, 0.25, 4);
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

// A mode that this trace does not offer waits for one that does.
void fitMode(const std::vector<HeatMode>& modes, LatentViewState& state) {
    const auto offered = [&](HeatMode mode) {
        return std::ranges::find(modes, mode) != modes.end();
    };
    if (!offered(state.shown.mode))
        state.waitingMode = std::exchange(state.shown.mode, HeatMode::Cosine);
    else if (state.waitingMode && offered(*state.waitingMode))
        state.shown.mode = *std::exchange(state.waitingMode, std::nullopt);
    else
        return;
    state.limits.reset();
}

}  // namespace

void chooseMode(HeatMode mode, LatentViewState& state) {
    if (mode != state.shown.mode) state.limits.reset();
    state.shown.mode = mode;
    state.waitingMode.reset();
}

bool showsHeat(const LatentViewState& state) {
    return state.heat && !state.peeks && state.selectedStep >= 0;
}

void followTrace(const Trace& trace, LatentViewState& state) {
    const auto follow = [&] {
        state.heatOf.follow(trace, state.revision, {state.image, state.shown, state.limits});
    };
    follow();
    const int steps = static_cast<int>(state.heatOf.steps().size());
    state.selectedStep = std::min(state.selectedStep, steps - 1);
    const bool hasGrid = state.image < static_cast<int>(trace.grids.size());
    if (state.asked && (!hasGrid || *state.asked >= trace.grids[state.image].count()))
        state.asked.reset();
    if (steps > 0) fitMode(state.heatOf.modes(), state);
    follow();
}

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
