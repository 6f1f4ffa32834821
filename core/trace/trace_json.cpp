#include "core/trace/trace_json.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "core/trace/nearest.h"
#include "core/values/liveness.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr int kNearest = 5;

template <class Step>
OrderedJson nearestJson(const Trace& trace, const Step& step) {
    OrderedJson nearest = OrderedJson::array();
    for (const NearPatch& patch : nearestOnAllImages(trace, step, kNearest)) {
        OrderedJson entry{{"row", patch.row}, {"col", patch.col}, {"cosine", patch.cosine}};
        if constexpr (std::is_same_v<Step, LatentStep>) entry["l2"] = patch.l2;
        if (trace.grids.size() > 1) entry["image"] = patch.image;
        nearest.push_back(entry);
    }
    return nearest;
}

OrderedJson latentJson(const Trace& trace, const DecodeStep& step, const LatentStep& latent) {
    return {{"index", latent.index},
            {"position", step.position},
            {"norm", latent.norm},
            {"nearest", nearestJson(trace, latent)},
            {"end_probability", latent.endProbability},
            {"end_distance", latent.endDistance ? OrderedJson(*latent.endDistance) : OrderedJson()},
            {"shadow_token", step.token < 0 ? OrderedJson() : OrderedJson(step.token)}};
}

OrderedJson textJson(const Trace& trace, const DecodeStep& step, const TextStep& text) {
    return {{"position", step.position},
            {"token", step.token},
            {"text", step.text},
            {"probability", text.probability},
            {"nearest", nearestJson(trace, text)}};
}

OrderedJson thoughtJson(const Thought& thought) {
    static constexpr std::array kEnds = {"rule", "cap", "token_limit", "cut_off", "given"};
    return {{"latents", thought.latents},
            {"end", kEnds.at(static_cast<std::size_t>(thought.end))},
            {"closed", thought.closed}};
}

OrderedJson livenessJson(const Liveness& liveness) {
    static constexpr std::array kStates = {"plain", "doubtful", "alive"};
    OrderedJson thoughts = OrderedJson::array();
    for (const auto& thought : liveness.thoughts) thoughts.push_back(thoughtJson(thought));
    return {{"state", kStates.at(static_cast<std::size_t>(liveness.state))},
            {"text", toText(liveness)},
            {"thoughts", thoughts}};
}

std::string format(const char* pattern, auto... values) {
    char buffer[256];
    std::snprintf(buffer, sizeof buffer, pattern, values...);
    return buffer;
}

std::string latentRow(const Trace& trace, const LatentStep& latent) {
    std::string row = format("  %4d  %7.3f  ", latent.index + 1, latent.norm);
    row += std::isnan(latent.endProbability) ? "     -" : format("%6.3f", latent.endProbability);
    for (const NearPatch& patch : nearestOnAllImages(trace, latent, 3))
        row += format("   r%d c%d (%.3f)", patch.row, patch.col, patch.cosine);
    return row + "\n";
}

OrderedJson thoughtJson(const GivenThought& thought) {
    if (thought.boxes.empty()) return {{"given", false}};
    OrderedJson boxes = OrderedJson::array(), images = OrderedJson::array();
    for (const auto& box : thought.boxes) {
        boxes.push_back({box.x0, box.y0, box.x1, box.y1});
        images.push_back(box.image);
    }
    return {{"given", true},
            {"boxes", boxes},
            {"box_images", images},
            {"slots", kThoughtSlots.at(static_cast<std::size_t>(thought.slotRule))}};
}

// Each option with who said so; null where it is not known.
OrderedJson decodingJson(const Trace& trace) {
    OrderedJson json;
    for (const auto& [name, value] : optionTexts(trace.options)) {
        const auto from = trace.origins.find(name);
        json[name] = {
            {"value", value},
            {"from", from == trace.origins.end() ? OrderedJson() : OrderedJson(from->second)}};
    }
    return json;
}

}  // namespace

OrderedJson toJson(const Trace& trace) {
    OrderedJson ids = OrderedJson::array(), latents = OrderedJson::array(),
                words = OrderedJson::array(), grids = OrderedJson::array();
    for (const auto& step : trace.steps) {
        ids.push_back(step.token);
        if (const auto* latent = std::get_if<LatentStep>(&step.what))
            latents.push_back(latentJson(trace, step, *latent));
        else
            words.push_back(textJson(trace, step, std::get<TextStep>(step.what)));
    }
    for (const auto& grid : trace.grids)
        grids.push_back({{"rows", grid.rows}, {"cols", grid.cols}});
    const auto rate = tokensPerSecond(trace);
    OrderedJson json{{"answer", trace.answer},
                     {"text", trace.text},
                     {"token_ids", ids},
                     {"images", trace.grids.size()},
                     {"thought", thoughtJson(trace.options.thought)},
                     {"latent_steps", latents},
                     {"text_steps", words},
                     {"grid", grids.size() == 1 ? grids[0] : grids},
                     {"stopped", toText(trace.stopped)},
                     {"timings",
                      {{"preprocess_ms", trace.timings.preprocess},
                       {"encode_images_ms", trace.timings.encodeImages},
                       {"prefill_ms", trace.timings.prefill},
                       {"decode_ms", trace.timings.decode},
                       {"first_token_ms", timeToFirstToken(trace.timings)},
                       {"tokens_per_second", rate ? OrderedJson(*rate) : OrderedJson()}}},
                     {"liveness", livenessJson(livenessOf(trace))},
                     {"model", trace.model},
                     {"question", trace.question.text},
                     {"dialect", trace.dialect},
                     {"exit", toText(trace.options.exit)},
                     {"decoding", decodingJson(trace)}};
    // How another loop decoded is not known in our words.
    if (!trace.method.empty())
        json.update({{"method", trace.method}, {"exit", nullptr}, {"decoding", nullptr}});
    if (!trace.method.empty() && trace.dialect == Trace().dialect) json["dialect"] = nullptr;
    return json;
}

std::string toJsonText(const Trace& trace, const OrderedJson& more) {
    auto json = toJson(trace);
    if (!more.is_null()) json.update(more);
    // What a model says need not be UTF-8 to the last byte.
    return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string toReadableText(const Trace& trace) {
    std::string text = "answer: " + trace.answer + "\n";
    if (trace.grids.empty()) text += "no picture: the question is all that was seen\n";
    if (const auto given = trace.options.thought.boxes.size(); given > 0)
        text += "the first thought was given, not the model's own: " + std::to_string(given) +
                (given == 1 ? " region\n" : " regions\n");
    std::string rows;
    for (const auto& step : trace.steps)
        if (const auto* latent = std::get_if<LatentStep>(&step.what))
            rows += latentRow(trace, *latent);
    if (!rows.empty()) text += "  step     norm  P(end)   nearest patches (cosine)\n" + rows;
    const double first = timeToFirstToken(trace.timings);
    const auto rate = tokensPerSecond(trace);
    return text + "thinking: " + toText(livenessOf(trace)) + "\nstopped: " + toText(trace.stopped) +
           format(", %.0f ms to the first token, %.0f ms in all", first,
                  first + trace.timings.decode) +
           (rate ? format(", %.0f tokens/s\n", *rate) : "\n") + "decoded " +
           (trace.method.empty() ? "with " + decodingText(trace.options, trace.origins)
                                 : "by " + trace.method) +
           "\n";
}

}  // namespace lvr
