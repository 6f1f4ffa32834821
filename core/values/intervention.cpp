#include "core/values/intervention.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "core/values/nearest_name.h"
#include "core/values/option_field.h"

namespace lvr {
namespace {

struct InterventionWords {
    const char *name, *words;
};

// In the order of the enumerators.
constexpr std::array kInterventions{
    InterventionWords{"own", "its own latents"},
    InterventionWords{"zero", "zeros"},
    InterventionWords{"mean", "the set's mean latent"},
    InterventionWords{"noise", "noise"},
    InterventionWords{"shuffle", "its own in another order"},
    InterventionWords{"freeze", "frozen"},
    InterventionWords{"repeat-first", "its first one repeated"},
    InterventionWords{"other-picture", "another picture's latents"},
    InterventionWords{"other-question", "another question's latents"},
    InterventionWords{"random-patches", "random patches"},
    InterventionWords{"oracle", "the right regions"},
    InterventionWords{"transplant", "another question's beginning"},
    InterventionWords{"snap", "snapped to patches"},
    InterventionWords{"regions", "drawn regions"},
    InterventionWords{"markers-only", "markers only"},
    InterventionWords{"span-removed", "no span"},
    InterventionWords{"evidence-removed", "evidence removed"},
    InterventionWords{"picture-black", "picture black"},
    InterventionWords{"target-occluded", "target covered"},
};

std::string withoutAliases(std::string_view name) {
    if (name == "swap") return "other-picture";
    if (name == "none") return "markers-only";
    return std::string(name);
}

InterventionKind kindNamed(std::string_view typed) {
    const auto names = interventionNames();
    const auto name = withoutAliases(typed);
    const auto best = nearestName(names, name);
    if (names[best] != name) {
        std::string valid;
        for (const auto& each : names) valid += (valid.empty() ? "" : ", ") + each;
        throw Error("unknown latents \"" + std::string(typed) + "\"; the nearest valid one is \"" +
                    names[best] + "\" (valid: " + valid + ")");
    }
    return static_cast<InterventionKind>(best);
}

template <class Number>
std::optional<Number> numberFrom(std::string_view text) {
    Number value = 0;
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
}

// Cuts what follows the sign off the text; absent where there is no such sign.
std::optional<std::string_view> cutAt(char sign, std::string_view& text) {
    const auto at = text.find(sign);
    if (at == text.npos) return std::nullopt;
    const auto after = text.substr(at + 1);
    text = text.substr(0, at);
    return after;
}

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
    throw Error("latents \"" + text + "\": " + why);
}

void readSteps(const std::string& text, std::string_view part, Intervention& intervention) {
    if (!replacesLatents(intervention.kind)) refuse(text, "this one has no steps to choose");
    auto from = part;
    const auto to = cutAt('-', from);
    const auto first = numberFrom<int>(from);
    const auto last = !to ? first : to->empty() ? std::optional(0) : numberFrom<int>(*to);
    if (!first || *first < 1 || !last || (*last != 0 && *last < *first))
        refuse(text, "steps are counted from 1 and written like \"@3\", \"@2-4\" or \"@3-\"");
    intervention.first = *first - 1;
    const bool toTheLast = *last == 0 || (!to && intervention.kind == InterventionKind::Freeze);
    intervention.last = toTheLast ? -1 : *last - 1;
}

void readStrength(const std::string& text, std::string_view part, Intervention& intervention) {
    if (!hasStrength(intervention.kind)) refuse(text, "this one has no strength");
    const double most = intervention.kind == InterventionKind::Noise ? 100 : 1;
    const auto strength = numberFrom<double>(part);
    if (!strength || !(*strength >= 0 && *strength <= most))
        refuse(text, "the strength must be a number from 0 to " + numberText(most) + ", as in \"" +
                         nameOf(intervention.kind) + ":0.5\"");
    intervention.strength = *strength;
}

std::string stepsText(const Intervention& i) {
    if (i.first == 0 && i.last < 0 && i.kind != InterventionKind::Freeze) return {};
    const auto first = "@" + std::to_string(i.first + 1);
    if (i.last < 0) return i.kind == InterventionKind::Freeze ? first : first + "-";
    if (i.last == i.first && i.kind != InterventionKind::Freeze) return first;
    return first + "-" + std::to_string(i.last + 1);
}

}  // namespace

Intervention parseIntervention(const std::string& text) {
    std::string_view rest = text;
    const auto seed = cutAt('#', rest);
    const auto steps = cutAt('@', rest);
    const auto strength = cutAt(':', rest);
    Intervention intervention{.kind = kindNamed(rest)};
    if (steps) readSteps(text, *steps, intervention);
    if (strength) readStrength(text, *strength, intervention);
    if (seed) {
        const auto number = numberFrom<std::uint64_t>(*seed);
        if (!hasSeed(intervention.kind)) refuse(text, "nothing of this one is drawn by a seed");
        if (!number) refuse(text, "the seed must be a whole number, as in \"noise#7\"");
        intervention.seed = *number;
    }
    return intervention;
}

std::string toText(const Intervention& intervention) {
    auto text = nameOf(intervention.kind);
    if (intervention.strength != 1) text += ":" + numberText(intervention.strength);
    text += stepsText(intervention);
    if (intervention.seed) text += "#" + std::to_string(intervention.seed);
    return text;
}

std::string nameOf(InterventionKind kind) {
    return kInterventions.at(static_cast<std::size_t>(kind)).name;
}

std::string wordsOf(InterventionKind kind) {
    return kInterventions.at(static_cast<std::size_t>(kind)).words;
}

std::vector<std::string> interventionNames() {
    std::vector<std::string> names;
    for (const auto& each : kInterventions) names.emplace_back(each.name);
    return names;
}

bool replacesLatents(InterventionKind kind) {
    return kind > InterventionKind::Own && kind <= InterventionKind::Regions;
}

bool hasStrength(InterventionKind kind) {
    return replacesLatents(kind) && kind != InterventionKind::Snap &&
           kind != InterventionKind::Shuffle;
}

bool hasSeed(InterventionKind kind) {
    return kind == InterventionKind::Noise || kind == InterventionKind::Shuffle ||
           kind == InterventionKind::RandomPatches || kind == InterventionKind::TargetOccluded;
}

bool needsDonor(InterventionKind kind) {
    return kind == InterventionKind::OtherPicture || kind == InterventionKind::OtherQuestion ||
           kind == InterventionKind::Transplant;
}

std::vector<Intervention> standardPanel() {
    using enum InterventionKind;
    std::vector<Intervention> panel;
    for (const auto kind :
         {Zero, Mean, Shuffle, RepeatFirst, OtherPicture, OtherQuestion, Transplant, RandomPatches,
          Oracle, Snap, MarkersOnly, SpanRemoved, EvidenceRemoved})
        panel.push_back({.kind = kind});
    panel.insert(panel.begin() + 3, {.kind = Freeze, .first = 1});
    for (const double strength : {0.25, 0.5, 1.0, 2.0})
        panel.push_back({.kind = Noise, .strength = strength, .seed = 1});
    return panel;
}

}  // namespace lvr
