#include "app/causal/panel_json.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/values/csv_text.h"

namespace lvr {
namespace {

using Json = nlohmann::ordered_json;

// Walk all fields, for writing and for reading.
template <class Value, class Visit>
void forEachFieldOfOutcome(Value& o, const Visit& visit) {
    visit("intervention", o.intervention);
    visit("impossible", o.impossible);
    visit("answer", o.answer);
    visit("latents", o.latents);
    visit("flipped", o.flipped);
    visit("right", o.right);
    visit("original_change", o.originalChange);
    visit("gold_change", o.goldChange);
    visit("divergence", o.divergence);
    visit("margin", o.margin);
    visit("towards_donor", o.towardsDonor);
    visit("towards_random", o.towardsRandom);
    visit("probabilities", o.probabilities);
    visit("heat", o.heat);
    visit("shams", o.shams);
    visit("p", o.p);
}

template <class Value, class Visit>
void forEachFieldOfEarly(Value& e, const Visit& visit) {
    visit("latents", e.latents);
    visit("answer", e.answer);
    visit("probabilities", e.probabilities);
    visit("entropy", e.entropy);
}

template <class Value, class Visit>
void forEachFieldOfStep(Value& s, const Visit& visit) {
    visit("words", s.words);
    visit("probabilities", s.probabilities);
    visit("patches", s.patches);
    visit("target_rank", s.targetRank);
    visit("attention", s.attention);
}

template <class Value, class Visit>
void forEachFieldOfPanel(Value& p, const Visit& visit) {
    visit("question", p.question);
    visit("expected", p.expected);
    visit("grid_rows", p.grid.rows);
    visit("grid_cols", p.grid.cols);
    visit("text", p.text);
    visit("answer", p.answer);
    visit("right", p.right);
    visit("latents", p.latents);
    visit("log_probability", p.logProbability);
    visit("margin", p.margin);
    visit("candidates", p.candidates);
    visit("probabilities", p.probabilities);
    visit("heat", p.heat);
    visit("answer_attention", p.answerAttention);
    visit("outcomes", p.outcomes);
    visit("early", p.early);
    visit("steps", p.steps);
    visit("influence", p.influence);
    visit("cosine", p.cosine);
    visit("projection", p.projection);
    visit("token_projection", p.tokenProjection);
    visit("decodes", p.decodes);
}

Json jsonOf(const Box& box) { return {box.x0, box.y0, box.x1, box.y1, box.image}; }

Json jsonOf(const Intervention& intervention) {
    if (intervention.regions.empty()) return toText(intervention);
    Json regions = Json::array();
    for (const Box& box : intervention.regions) regions.push_back(jsonOf(box));
    return {{"what", toText(intervention)}, {"regions", regions}};
}

template <class Value>
Json jsonOf(const Value& value) {
    return value;
}

template <class Value>
Json jsonOf(const std::optional<Value>& value) {
    return value ? Json(*value) : Json();
}

Json jsonOf(const InterventionOutcome& outcome) {
    Json json;
    forEachFieldOfOutcome(outcome,
                          [&](const char* key, const auto& value) { json[key] = jsonOf(value); });
    return json;
}

Json jsonOf(const EarlyAnswer& early) {
    Json json;
    forEachFieldOfEarly(early,
                        [&](const char* key, const auto& value) { json[key] = jsonOf(value); });
    return json;
}

Json jsonOf(const LatentNeighbours& step) {
    Json json;
    forEachFieldOfStep(step,
                       [&](const char* key, const auto& value) { json[key] = jsonOf(value); });
    return json;
}

template <class Value>
Json listOf(const std::vector<Value>& values) {
    Json list = Json::array();
    for (const auto& value : values) list.push_back(jsonOf(value));
    return list;
}
Json jsonOf(const std::vector<InterventionOutcome>& all) { return listOf(all); }
Json jsonOf(const std::vector<EarlyAnswer>& all) { return listOf(all); }
Json jsonOf(const std::vector<LatentNeighbours>& all) { return listOf(all); }

// ---- Reading ----

void read(const Json& json, Intervention& intervention) {
    intervention = parseIntervention(json.is_string() ? json.get<std::string>()
                                                      : json.at("what").get<std::string>());
    if (json.is_string()) return;
    for (const auto& corners : json.at("regions"))
        intervention.regions.push_back(
            {corners.at(0), corners.at(1), corners.at(2), corners.at(3), corners.at(4).get<int>()});
}

// A number that is none is written as null.
template <class Value>
void read(const Json& json, Value& value) {
    if (!json.is_null()) value = json.get<Value>();
}

template <class Value>
void read(const Json& json, std::optional<Value>& value) {
    if (!json.is_null()) value = json.get<Value>();
}

void read(const Json& json, InterventionOutcome& outcome) {
    forEachFieldOfOutcome(outcome,
                          [&](const char* key, auto& value) { read(json.at(key), value); });
}

void read(const Json& json, EarlyAnswer& early) {
    forEachFieldOfEarly(early, [&](const char* key, auto& value) { read(json.at(key), value); });
}

void read(const Json& json, LatentNeighbours& step) {
    forEachFieldOfStep(step, [&](const char* key, auto& value) { read(json.at(key), value); });
}

template <class Value>
void readList(const Json& json, std::vector<Value>& values) {
    for (const auto& each : json) read(each, values.emplace_back());
}
void read(const Json& json, std::vector<InterventionOutcome>& all) { readList(json, all); }
void read(const Json& json, std::vector<EarlyAnswer>& all) { readList(json, all); }
void read(const Json& json, std::vector<LatentNeighbours>& all) { readList(json, all); }

// With a point whatever the country, as short as it can be read back.
std::string numberOf(double value) {
    std::array<char, 32> digits{};
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

std::string numberOf(const std::optional<double>& value) {
    return value ? numberOf(*value) : std::string();
}

std::string yesOrNo(const std::optional<bool>& value) {
    return !value ? std::string() : *value ? "1" : "0";
}

}  // namespace

Json toJson(const CausalPanel& panel) {
    Json json;
    forEachFieldOfPanel(panel,
                        [&](const char* key, const auto& value) { json[key] = jsonOf(value); });
    return json;
}

CausalPanel panelFromJson(const Json& json) {
    try {
        CausalPanel panel;
        forEachFieldOfPanel(panel,
                            [&](const char* key, auto& value) { read(json.at(key), value); });
        return panel;
    } catch (const nlohmann::json::exception&) {
        throw Error("what was kept of the causal panel can't be read; test the question again");
    }
}

Json toJson(const std::vector<Intervention>& interventions) { return listOf(interventions); }

std::vector<Intervention> interventionsFromJson(const Json& json) {
    try {
        std::vector<Intervention> interventions;
        readList(json, interventions);
        return interventions;
    } catch (const nlohmann::json::exception&) {
        throw Error("the list of interventions can't be read; choose them again");
    }
}

std::string toCsv(const CausalPanel& panel, const std::string& command) {
    std::string csv = csvLine({"intervention", "answer", "flipped", "right", "latents",
                               "original_change", "gold_change", "divergence", "margin",
                               "towards_donor", "towards_random", "p", "impossible", "command"});
    csv += csvLine({"own", panel.answer, "0", yesOrNo(panel.right), std::to_string(panel.latents),
                    "0", panel.expected.empty() ? "" : "0", "0", numberOf(panel.margin), "", "", "",
                    "", command});
    for (const auto& o : panel.outcomes) {
        if (!o.impossible.empty()) {
            csv += csvLine({toText(o.intervention), "", "", "", "", "", "", "", "", "", "", "",
                            o.impossible, command});
            continue;
        }
        csv +=
            csvLine({toText(o.intervention), o.answer, o.flipped ? "1" : "0", yesOrNo(o.right),
                     std::to_string(o.latents), numberOf(o.originalChange), numberOf(o.goldChange),
                     numberOf(o.divergence), numberOf(o.margin), numberOf(o.towardsDonor),
                     numberOf(o.towardsRandom), numberOf(o.p), "", command});
    }
    return csv;
}

}  // namespace lvr
