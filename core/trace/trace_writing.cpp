#include <numeric>

#include "core/error.h"
#include "core/files/decoding_json.h"
#include "core/files/safetensors.h"
#include "core/trace/trace_file.h"
#include "core/trace/trace_layout.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

Json boxesJson(const std::vector<Box>& boxes) {
    Json json = Json::array();
    for (const auto& box : boxes) {
        json.push_back({{"x0", box.x0}, {"y0", box.y0}, {"x1", box.x1}, {"y1", box.y1}});
        if (box.image != 0) json.back()["image"] = box.image;
    }
    return json;
}

Json optionsJson(const DecodeOptions& options) {
    Json json = toJson(options);
    if (!options.system.empty()) json["system"] = options.system;
    if (!options.borrowed.from.empty()) json["latents_from"] = options.borrowed.from;
    if (options.thought.boxes.empty()) return json;
    json["thought_slots"] = kThoughtSlots.at(static_cast<std::size_t>(options.thought.slotRule));
    json["thought_boxes"] = boxesJson(options.thought.boxes);
    return json;
}

Json stepJson(const DecodeStep& step) {
    Json json{{"position", step.position}, {"text", step.text}};
    if (step.token >= 0) json["token"] = step.token;
    if (const auto* latent = std::get_if<LatentStep>(&step.what))
        json["latent_index"] = latent->index;
    return json;
}

Json traceJson(const Trace& trace) {
    Json json{{"model", trace.model},
              {"question", trace.question.text},
              {"images", trace.question.images.size()},
              {"options", optionsJson(trace.options)},
              {"answer", trace.answer},
              {"text", trace.text},
              {"stopped", toText(trace.stopped)},
              {"timings_ms",
               {{"preprocess", trace.timings.preprocess},
                {"encode_images", trace.timings.encodeImages},
                {"prefill", trace.timings.prefill},
                {"decode", trace.timings.decode}}},
              {"hidden_size", trace.hiddenSize},
              {"grids", Json::array()},
              {"steps", Json::array()},
              {"rois", boxesJson(trace.rois)}};
    for (const auto& grid : trace.grids)
        json["grids"].push_back({{"rows", grid.rows}, {"cols", grid.cols}});
    for (const auto& step : trace.steps) json["steps"].push_back(stepJson(step));
    if (!trace.method.empty()) json["method"] = trace.method;
    if (!trace.origins.empty()) json["option_origins"] = trace.origins;
    // Of a loop that isn't ours it is known only where it says so.
    if (trace.method.empty() || trace.dialect != Trace().dialect) json["dialect"] = trace.dialect;
    if (trace.expectedAnswer) json["expected_answer"] = *trace.expectedAnswer;
    return json;
}

// The per-step floats side by side, as the tensors hold them.
struct StepFloats {
    std::vector<float> cosine, l2, norm, endProbability, endDistance, tokenProbability, textCosine;
};

StepFloats gather(const Trace& trace) {
    StepFloats floats;
    for (const auto* step : latentStepsOf(trace.steps)) {
        floats.cosine.insert(floats.cosine.end(), step->cosine.begin(), step->cosine.end());
        floats.l2.insert(floats.l2.end(), step->l2.begin(), step->l2.end());
        floats.norm.push_back(step->norm);
        floats.endProbability.push_back(step->endProbability);
        if (step->endDistance) floats.endDistance.push_back(*step->endDistance);
    }
    for (const auto& step : trace.steps)
        if (const auto* text = std::get_if<TextStep>(&step.what)) {
            floats.tokenProbability.push_back(text->probability);
            floats.textCosine.insert(floats.textCosine.end(), text->cosine.begin(),
                                     text->cosine.end());
        }
    return floats;
}

class TensorList {
public:
    explicit TensorList(const fs::path& file) : file_(file) {}
    template <class T>
    void add(const std::string& name, const std::vector<T>& values, const TraceShape& shape) {
        const auto count =
            std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
        if (static_cast<std::int64_t>(values.size()) != count) fail(name);
        constexpr auto kType = sizeof(T) == 1 ? DType::U8 : DType::F32;
        tensors_.push_back({name, kType, shape, values.data()});
    }
    [[noreturn]] void fail(const std::string& name) const {
        throw Error("cannot write " + file_.string() + ": the trace's " + name +
                    " does not fit its other parts");
    }
    const std::vector<TensorBytes>& tensors() const { return tensors_; }

private:
    fs::path file_;
    std::vector<TensorBytes> tensors_;
};

// Sums alone would accept two rows that are wrong in opposite ways.
void checkRows(const Trace& trace, const TraceSizes& sizes, const TensorList& list) {
    const auto width = static_cast<std::size_t>(sizes.visualTokens);
    for (const auto* step : latentStepsOf(trace.steps)) {
        if (step->cosine.size() != width) list.fail("cosine");
        if (step->l2.size() != width) list.fail("l2");
    }
    for (const auto& step : trace.steps)
        if (const auto* text = std::get_if<TextStep>(&step.what);
            text && !text->cosine.empty() && text->cosine.size() != width)
            list.fail("text_cosine");
    if (trace.grids.size() != trace.question.images.size()) list.fail("number of grids");
}

}  // namespace

void writeTrace(const Trace& trace, const fs::path& file) {
    const auto sizes = sizesOf(trace);
    const auto floats = gather(trace);
    TensorList list(file);
    checkRows(trace, sizes, list);
    list.add("latents", trace.latents, {sizes.latents, sizes.width});
    list.add("image_tokens", trace.imageTokens, {sizes.visualTokens, sizes.width});
    list.add("cosine", floats.cosine, {sizes.latents, sizes.visualTokens});
    list.add("l2", floats.l2, {sizes.latents, sizes.visualTokens});
    list.add("norm", floats.norm, {sizes.latents});
    list.add("end_probability", floats.endProbability, {sizes.latents});
    if (!floats.endDistance.empty()) list.add("end_distance", floats.endDistance, {sizes.latents});
    list.add("token_probability", floats.tokenProbability, {sizes.textSteps});
    if (!floats.textCosine.empty())
        list.add("text_cosine", floats.textCosine, {sizes.textSteps, sizes.visualTokens});
    for (std::size_t i = 0; i < trace.question.images.size(); ++i) {
        const auto& image = trace.question.images[i];
        list.add(traceImageName(i), image.rgb, {image.height, image.width, 3});
    }
    writeSafetensors(file, list.tensors(),
                     {{"format", kTraceFormat},
                      {"version", std::to_string(kTraceMajor) + "." + std::to_string(kTraceMinor)},
                      {"trace", toJsonText(traceJson(trace), file.string())}});
}

}  // namespace lvr
