#include "core/causal/causal_json.h"

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace nlohmann {

template <class Value>
struct adl_serializer<std::optional<Value>> {
    template <class Json>
    static void to_json(Json& json, const std::optional<Value>& value) {
        if (value)
            json = *value;
        else
            json = nullptr;
    }
    template <class Json>
    static void from_json(const Json& json, std::optional<Value>& value) {
        value = json.is_null() ? std::nullopt : std::optional(json.template get<Value>());
    }
};

}  // namespace nlohmann

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

// Each struct's fields once: both ways walk this list.
template <class Visit>
void fields(Box& b, const Visit& visit) {
    visit("x0", b.x0), visit("y0", b.y0), visit("x1", b.x1), visit("y1", b.y1);
    visit("image", b.image);
}
template <class Visit>
void fields(PatchGrid& g, const Visit& visit) {
    visit("rows", g.rows), visit("cols", g.cols);
}
template <class Visit>
void fields(InterventionOutcome& o, const Visit& visit) {
    visit("intervention", o.intervention), visit("impossible", o.impossible);
    visit("answer", o.answer), visit("latents", o.latents), visit("flipped", o.flipped);
    visit("right", o.right), visit("original_change", o.originalChange);
    visit("gold_change", o.goldChange), visit("divergence", o.divergence);
    visit("margin", o.margin), visit("towards_donor", o.towardsDonor);
    visit("towards_random", o.towardsRandom), visit("probabilities", o.probabilities);
    visit("heat", o.heat), visit("target_ranks", o.targetRanks), visit("shams", o.shams);
    visit("p", o.p);
}
template <class Visit>
void fields(EarlyAnswer& e, const Visit& visit) {
    visit("latents", e.latents), visit("answer", e.answer);
    visit("probabilities", e.probabilities), visit("entropy", e.entropy);
}
template <class Visit>
void fields(LatentNeighbours& n, const Visit& visit) {
    visit("words", n.words), visit("probabilities", n.probabilities), visit("patches", n.patches);
    visit("target_rank", n.targetRank), visit("target_tokens", n.targetTokens);
    visit("attention", n.attention);
}
template <class Visit>
void fields(CausalPanel& p, const Visit& visit) {
    visit("question", p.question), visit("expected", p.expected), visit("grid", p.grid);
    visit("text", p.text), visit("answer", p.answer), visit("right", p.right);
    visit("latents", p.latents), visit("log_probability", p.logProbability);
    visit("margin", p.margin), visit("candidates", p.candidates);
    visit("probabilities", p.probabilities), visit("heat", p.heat);
    visit("answer_attention", p.answerAttention), visit("outcomes", p.outcomes);
    visit("early", p.early), visit("steps", p.steps), visit("influence", p.influence);
    visit("cosine", p.cosine), visit("projection", p.projection);
    visit("token_projection", p.tokenProjection), visit("decodes", p.decodes);
}
template <class Visit>
void fields(CausalItem& i, const Visit& visit) {
    visit("id", i.id), visit("kind", i.kind), visit("cluster", i.cluster), visit("panel", i.panel);
}
template <class Visit>
void fields(Estimate& e, const Visit& visit) {
    visit("value", e.value), visit("low95", e.low), visit("high95", e.high);
}
template <class Visit>
void fields(MarginBin& b, const Visit& visit) {
    visit("low", b.low), visit("high", b.high), visit("count", b.count), visit("flips", b.flips);
    visit("shift", b.shift);
}
template <class Visit>
void fields(InterventionSummary& s, const Visit& visit) {
    visit("intervention", s.intervention), visit("n", s.count), visit("flips", s.flips);
    visit("flip_rate", s.flipRate), visit("judged", s.judged), visit("cc", s.rightRight);
    visit("cw", s.rightWrong), visit("wc", s.wrongRight), visit("ww", s.wrongWrong);
    visit("mcnemar_p", s.mcnemar), visit("mcnemar_mid_p", s.mcnemarMidP);
    visit("mcnemar_holm", s.mcnemarHolm), visit("power", s.power);
    visit("smallest_difference", s.smallestDifference);
    visit("original_change", s.originalChange), visit("gold_change", s.goldChange);
    visit("divergence", s.divergence), visit("paired", s.paired);
    visit("towards_donor", s.towardsDonor), visit("towards_random", s.towardsRandom);
    visit("beyond_random", s.beyondRandom), visit("shift_p", s.shiftP);
    visit("shift_holm", s.shiftHolm), visit("margin_bins", s.bins);
}
template <class Visit>
void fields(RetrievalRow& r, const Visit& visit) {
    visit("name", r.name), visit("count", r.count), visit("at1", r.at1), visit("at5", r.at5);
    visit("chance1", r.chance1), visit("chance5", r.chance5);
}
template <class Visit>
void fields(LatentVerdict& v, const Visit& visit) {
    visit("use", v.use), visit("sentence", v.sentence), visit("evidence", v.evidence);
}
template <class Visit>
void fields(ProbeRow& p, const Visit& visit) {
    visit("of", p.of), visit("at", p.at), visit("trained", p.trained), visit("tested", p.tested);
    visit("classes", p.classes), visit("accuracy", p.accuracy), visit("chance", p.chance);
}
template <class Visit>
void fields(StepGeometry& s, const Visit& visit) {
    visit("step", s.step), visit("count", s.count), visit("norm", s.norm);
    visit("cosine_to_next", s.cosineToNext), visit("cosine_between", s.cosineBetween);
    visit("effective_rank", s.effectiveRank);
}
template <class Visit>
void fields(CausalGeometry& g, const Visit& visit) {
    visit("steps", g.steps), visit("effective_rank", g.effectiveRank);
    visit("latent_norm", g.latentNorm), visit("visual_norm", g.visualNorm);
    visit("text_norm", g.textNorm), visit("explained", g.explained);
}
template <class Visit>
void fields(CausalReport& r, const Visit& visit) {
    visit("verdict", r.verdict), visit("model", r.model), visit("model_hash", r.modelHash);
    visit("data", r.data), visit("data_hash", r.dataHash), visit("decoding", r.decoding);
    visit("command", r.command), visit("seed", r.seed), visit("asked", r.asked);
    visit("thought", r.thought), visit("right", r.right), visit("skipped", r.skipped);
    visit("interventions", r.interventions), visit("early_right", r.earlyRight);
    visit("early_entropy", r.earlyEntropy), visit("retrieval", r.retrieval);
    visit("probes", r.probes), visit("geometry", r.geometry), visit("decodes", r.decodes);
}

template <class Value>
concept HasFields = requires(Value& value) {
    fields(value, [](const char*, auto&) {});
};

template <class Value>
OrderedJson jsonOf(const Value& value);

template <class Value>
OrderedJson listOf(const std::vector<Value>& values) {
    auto json = OrderedJson::array();
    for (const auto& value : values) json.push_back(jsonOf(value));
    return json;
}

template <class Value>
struct IsVector : std::false_type {};
template <class Value>
struct IsVector<std::vector<Value>> : std::true_type {};

template <class Value>
OrderedJson jsonOf(const Value& value) {
    if constexpr (std::is_same_v<Value, Intervention>) {
        OrderedJson json{{"spelled", toText(value)}};
        if (!value.regions.empty()) json["regions"] = listOf(value.regions);
        return json;
    } else if constexpr (std::is_same_v<Value, LatentUse>) {
        return toText(value);
    } else if constexpr (HasFields<Value>) {
        OrderedJson json = OrderedJson::object();
        auto copy = value;
        fields(copy, [&](const char* name, const auto& field) {
            auto one = jsonOf(field);
            if (!one.is_null()) json[name] = std::move(one);
        });
        return json;
    } else if constexpr (IsVector<Value>::value) {
        return listOf(value);
    } else {
        return OrderedJson(value);
    }
}

template <class Value>
void read(const OrderedJson& json, Value& value) {
    if constexpr (std::is_same_v<Value, Intervention>) {
        value = parseIntervention(json.at("spelled").template get<std::string>());
        if (json.contains("regions")) read(json.at("regions"), value.regions);
    } else if constexpr (HasFields<Value>) {
        fields(value, [&](const char* name, auto& field) {
            if (json.contains(name)) read(json.at(name), field);
        });
    } else if constexpr (IsVector<Value>::value) {
        value.clear();
        for (const auto& one : json) read(one, value.emplace_back());
    } else {
        value = json.template get<Value>();
    }
}

}  // namespace

std::string toJson(const CausalPanel& panel, int indent) { return jsonOf(panel).dump(indent); }

std::string toJsonLine(const CausalItem& item) { return jsonOf(item).dump(); }

std::string toJson(const CausalReport& report, int indent) { return jsonOf(report).dump(indent); }

CausalItem causalItemFrom(const std::string& line) {
    try {
        CausalItem item;
        read(OrderedJson::parse(line), item);
        return item;
    } catch (const nlohmann::json::exception& error) {
        throw Error(std::string("this is no item of a diagnosis: ") + error.what());
    }
}

}  // namespace lvr
