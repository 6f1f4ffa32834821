#include "core/eval/strategies_json.h"

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace lvr {

using Json = nlohmann::ordered_json;

NLOHMANN_JSON_SERIALIZE_ENUM(SpanStart,
                             {{SpanStart::Sampled, "sampled"}, {SpanStart::Forced, "forced"}})
NLOHMANN_JSON_SERIALIZE_ENUM(SpanEnd, {{SpanEnd::Sampled, "sampled"}, {SpanEnd::Forced, "forced"}})
NLOHMANN_JSON_SERIALIZE_ENUM(HeadPositions, {{HeadPositions::Consistent, "consistent"},
                                             {HeadPositions::Released, "released"}})
NLOHMANN_JSON_SERIALIZE_ENUM(LatentFeed, {{LatentFeed::Own, "own"},
                                          {LatentFeed::Snap, "snap"},
                                          {LatentFeed::Filler, "filler"},
                                          {LatentFeed::None, "none"},
                                          {LatentFeed::Zero, "zero"},
                                          {LatentFeed::Noise, "noise"},
                                          {LatentFeed::Swap, "swap"}})

NLOHMANN_JSON_SERIALIZE_ENUM(GivenThought::Slots, {{GivenThought::Slots::AsTrained, "as_trained"},
                                                   {GivenThought::Slots::OnePerBox, "one_per_box"}})

namespace {

// Each field once, for writing and for reading.
template <class Visit>
void forEachField(Strategy& s, Visit visit) {
    auto& o = s.options;
    visit("name", s.name);
    visit("span_start", o.spanStart);
    visit("span_end", o.spanEnd);
    visit("head_positions", o.headPositions);
    visit("latent_feed", o.latentFeed);
    visit("max_new_tokens", o.maxNewTokens);
    visit("temperature", o.sampling.temperature);
    visit("top_p", o.sampling.topP);
    visit("top_k", o.sampling.topK);
    visit("min_p", o.sampling.minP);
    visit("repetition_penalty", o.sampling.repetitionPenalty);
    visit("seed", o.sampling.seed);
    visit("slot_rule", o.thought.slotRule);
    visit("model", s.model);
    visit("colour", s.colour);
}

Json boxesToJson(const std::vector<Box>& boxes) {
    Json list = Json::array();
    for (const Box& box : boxes) list.push_back({box.x0, box.y0, box.x1, box.y1, box.image});
    return list;
}

std::vector<Box> boxesFromJson(const Json& list) {
    std::vector<Box> boxes;
    for (const auto& box : list)
        boxes.push_back({box.at(0), box.at(1), box.at(2), box.at(3), box.at(4)});
    return boxes;
}

Strategy strategyFromJson(const Json& json) {
    Strategy strategy;
    forEachField(strategy, [&](const char* key, auto& value) {
        if (json.contains(key)) value = json.at(key).get<std::decay_t<decltype(value)>>();
    });
    if (json.contains("exit"))
        strategy.options.exit = parseExitRule(json.at("exit").get<std::string>());
    if (json.contains("thought")) strategy.options.thought.boxes = boxesFromJson(json["thought"]);
    return strategy;
}

}  // namespace

Json strategyToJson(const Strategy& strategy) {
    Json json{{"exit", toText(strategy.options.exit)}};
    Strategy copy = strategy;
    forEachField(copy, [&](const char* key, auto& value) { json[key] = value; });
    if (!strategy.options.thought.boxes.empty())
        json["thought"] = boxesToJson(strategy.options.thought.boxes);
    return json;
}

std::string strategiesToText(const std::vector<Strategy>& strategies) {
    Json list = Json::array();
    for (const auto& strategy : strategies) list.push_back(strategyToJson(strategy));
    return list.dump();
}

std::vector<Strategy> strategiesFromJson(const Json& list) {
    if (!list.is_array()) throw Error("the list of strategies is not readable; choose them again");
    std::vector<Strategy> strategies;
    try {
        for (const auto& json : list) strategies.push_back(strategyFromJson(json));
    } catch (const Json::exception&) {
        throw Error("a strategy of the list is not readable; choose them again");
    }
    return strategies;
}

std::vector<Strategy> strategiesFromText(const std::string& text) {
    return strategiesFromJson(Json::parse(text, nullptr, /*allow_exceptions=*/false));
}

}  // namespace lvr
