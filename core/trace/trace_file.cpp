#include "core/trace/trace_file.h"

#include <cstring>
#include <numeric>

#include "core/error.h"
#include "core/files/decoding_json.h"
#include "core/files/safetensors.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr int kVersion = 2;  // 1: without text_cosine
constexpr const char* kFormat = "lvrtrace";

using Shape = std::vector<std::int64_t>;

const std::vector<StopReason> kStopReasons{StopReason::EndOfText, StopReason::MaxNewTokens,
                                           StopReason::Cancelled};

std::vector<LatentStep*> latentStepsOf(std::vector<DecodeStep>& steps) {
    std::vector<LatentStep*> found;
    for (auto& step : steps)
        if (auto* latent = std::get_if<LatentStep>(&step.what)) found.push_back(latent);
    return found;
}

std::vector<const LatentStep*> latentStepsOf(const std::vector<DecodeStep>& steps) {
    std::vector<const LatentStep*> found;
    for (const auto& step : steps)
        if (const auto* latent = std::get_if<LatentStep>(&step.what)) found.push_back(latent);
    return found;
}

// The sizes every tensor of a trace follows from.
struct Sizes {
    std::int64_t latents = 0;       // n
    std::int64_t textSteps = 0;     // m
    std::int64_t visualTokens = 0;  // N
    std::int64_t width = 0;         // D
};

Sizes sizesOf(const Trace& trace) {
    Sizes sizes;
    sizes.latents = static_cast<std::int64_t>(latentStepsOf(trace.steps).size());
    sizes.textSteps = static_cast<std::int64_t>(trace.steps.size()) - sizes.latents;
    for (const auto& grid : trace.grids)
        sizes.visualTokens += std::int64_t{grid.rows} * std::int64_t{grid.cols};
    sizes.width = trace.hiddenSize;
    return sizes;
}

std::string imageName(std::size_t index) { return "image_" + std::to_string(index); }

// ---- Writing

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
    Json json{{"position", step.position}, {"token", step.token}, {"text", step.text}};
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
    if (!trace.origins.empty()) json["option_origins"] = trace.origins;
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
    void add(const std::string& name, const std::vector<T>& values, const Shape& shape) {
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
void checkRows(const Trace& trace, const Sizes& sizes, const TensorList& list) {
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

// ---- Reading

Box readBox(const JsonFields& fields) {
    fields.allowOnly({"x0", "y0", "x1", "y1", "image"});
    return {fields.get<double>("x0"), fields.get<double>("y0"), fields.get<double>("x1"),
            fields.get<double>("y1"), fields.has("image") ? fields.natural("image") : 0};
}

void checkBoxes(const JsonFields& fields, const std::vector<Box>& boxes, std::size_t images) {
    for (const auto& box : boxes)
        if (box.image > 0 && box.image >= static_cast<int>(images))
            fields.fail("images", "must be more: a region is on image " +
                                      std::to_string(box.image) + ", counted from 0");
}

DecodeOptions readOptions(const JsonFields& fields) {
    auto known = decodingKeys();
    known.insert({"thought_slots", "thought_boxes", "latents_from", "system"});
    fields.allowOnly({known.begin(), known.end()});
    DecodeOptions options;
    // Which weren't options at first.
    readDecoding(fields, /*mayMiss=*/{"min_p", "latent_attention"}, options);
    options.system = fields.get<std::string>("system", "");
    options.borrowed.from = fields.get<std::string>("latents_from", "");
    if (!fields.has("thought_boxes")) return options;
    options.thought.slotRule =
        static_cast<GivenThought::Slots>(fields.choice("thought_slots", kThoughtSlots));
    for (const auto& box : fields.objects("thought_boxes"))
        options.thought.boxes.push_back(readBox(box));
    return options;
}

StopReason readStopReason(const JsonFields& fields, const std::string& key) {
    std::vector<std::string> names;
    for (const auto reason : kStopReasons) names.push_back(toText(reason));
    return kStopReasons[fields.choice(key, names)];
}

DecodeStep readStep(const JsonFields& fields) {
    fields.allowOnly({"position", "token", "text", "latent_index"});
    DecodeStep step{.position = fields.natural("position"),
                    .token = fields.natural("token"),
                    .text = fields.get<std::string>("text"),
                    .what = TextStep{}};
    if (fields.has("latent_index")) step.what = LatentStep{.index = fields.natural("latent_index")};
    return step;
}

Timings readTimings(const JsonFields& fields) {
    fields.allowOnly({"preprocess", "encode_images", "prefill", "decode"});
    return {.preprocess = fields.get<double>("preprocess"),
            .encodeImages = fields.get<double>("encode_images"),
            .prefill = fields.get<double>("prefill"),
            .decode = fields.get<double>("decode")};
}

PatchGrid readGrid(const JsonFields& fields) {
    fields.allowOnly({"rows", "cols"});
    const PatchGrid grid{fields.natural("rows"), fields.natural("cols")};
    if (grid.rows < 1 || grid.rows > 1'000'000) fields.fail("rows", "is out of range");
    if (grid.cols < 1 || grid.cols > 1'000'000) fields.fail("cols", "is out of range");
    return grid;
}

JsonFields requiredObject(const JsonFields& fields, const std::string& key) {
    if (auto object = fields.object(key)) return *std::move(object);
    fields.failMissing(key);
}

// All but the tensors: images are still empty, floats zero.
Trace readJson(const JsonFields& fields) {
    fields.allowOnly({"model", "question", "images", "options", "answer", "text", "stopped",
                      "timings_ms", "hidden_size", "grids", "steps", "rois", "expected_answer",
                      "option_origins"});
    Trace trace;
    trace.model = fields.get<std::string>("model");
    trace.question.text = fields.get<std::string>("question");
    trace.options = readOptions(requiredObject(fields, "options"));
    trace.answer = fields.get<std::string>("answer");
    trace.text = fields.get<std::string>("text");
    trace.stopped = readStopReason(fields, "stopped");
    trace.timings = readTimings(requiredObject(fields, "timings_ms"));
    trace.hiddenSize = fields.natural("hidden_size");
    for (const auto& grid : fields.objects("grids")) trace.grids.push_back(readGrid(grid));
    for (const auto& step : fields.objects("steps")) trace.steps.push_back(readStep(step));
    for (const auto& box : fields.objects("rois")) trace.rois.push_back(readBox(box));
    trace.expectedAnswer = fields.find<std::string>("expected_answer");
    if (const auto origins = fields.object("option_origins"))
        for (const auto& name : origins->keys())
            trace.origins[name] = origins->get<std::string>(name);
    if (fields.natural("images") != static_cast<int>(trace.grids.size()))
        fields.fail("grids", "must hold one grid per image");
    checkBoxes(fields, trace.rois, trace.grids.size());
    checkBoxes(fields, trace.options.thought.boxes, trace.grids.size());
    trace.question.images.resize(trace.grids.size());
    return trace;
}

// Hands out each tensor of the file once.
class Tensors {
public:
    Tensors(const SafetensorsFile& file, std::string source)
        : left_(file.tensors()), source_(std::move(source)) {}

    bool has(const std::string& name) const { return left_.count(name) > 0; }

    std::vector<float> floats(const std::string& name, const Shape& shape) {
        const auto view = take(name, DType::F32);
        if (view.shape != shape) failBroken("tensor " + name + " does not fit the other parts");
        std::vector<float> values(view.size / sizeof(float));
        if (view.size > 0) std::memcpy(values.data(), view.data, view.size);
        return values;
    }

    Image image(const std::string& name) {
        const auto view = take(name, DType::U8);
        constexpr std::int64_t kMaxSide = 1 << 20;
        if (view.shape.size() != 3 || view.shape[2] != 3 || view.shape[0] > kMaxSide ||
            view.shape[1] > kMaxSide)
            failBroken("tensor " + name + " is not [height, width, 3]");
        const auto* bytes = view.as<std::uint8_t>();
        return {.width = static_cast<int>(view.shape[1]),
                .height = static_cast<int>(view.shape[0]),
                .rgb = {bytes, bytes + view.size}};
    }

    void checkAllTaken() const {
        if (!left_.empty()) failBroken("tensor " + left_.begin()->first + " is not expected");
    }

    [[noreturn]] void failBroken(const std::string& problem) const {
        throw Error(source_ + " is a broken trace: " + problem + "; ask the question again");
    }

private:
    TensorView take(const std::string& name, DType dtype) {
        const auto found = left_.find(name);
        if (found == left_.end()) failBroken("tensor " + name + " is missing");
        auto view = found->second;
        left_.erase(found);
        if (view.dtype != dtype)
            failBroken("tensor " + name + " is not " + std::string(toText(dtype)));
        return view;
    }

    std::map<std::string, TensorView> left_;
    std::string source_;
};

void readHeat(Trace& trace, const Sizes& sizes, Tensors& tensors) {
    const auto cosine = tensors.floats("cosine", {sizes.latents, sizes.visualTokens});
    const auto l2 = tensors.floats("l2", {sizes.latents, sizes.visualTokens});
    const auto steps = latentStepsOf(trace.steps);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto from = static_cast<std::ptrdiff_t>(i) * sizes.visualTokens;
        const auto to = from + sizes.visualTokens;
        steps[i]->cosine.assign(cosine.begin() + from, cosine.begin() + to);
        steps[i]->l2.assign(l2.begin() + from, l2.begin() + to);
    }
}

void readLatentSteps(Trace& trace, const Sizes& sizes, Tensors& tensors) {
    const auto norm = tensors.floats("norm", {sizes.latents});
    const auto endProbability = tensors.floats("end_probability", {sizes.latents});
    const bool hasEnd = tensors.has("end_distance");
    const auto endDistance =
        hasEnd ? tensors.floats("end_distance", {sizes.latents}) : std::vector<float>();
    const auto steps = latentStepsOf(trace.steps);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        steps[i]->norm = norm[i];
        steps[i]->endProbability = endProbability[i];
        if (hasEnd) steps[i]->endDistance = endDistance[i];
    }
}

void readTextSteps(Trace& trace, const Sizes& sizes, Tensors& tensors) {
    const auto probability = tensors.floats("token_probability", {sizes.textSteps});
    auto next = probability.begin();
    for (auto& step : trace.steps)
        if (auto* text = std::get_if<TextStep>(&step.what)) text->probability = *next++;
}

void readTextCosine(Trace& trace, const Sizes& sizes, Tensors& tensors) {
    if (!tensors.has("text_cosine")) return;
    const auto cosine = tensors.floats("text_cosine", {sizes.textSteps, sizes.visualTokens});
    auto next = cosine.begin();
    for (auto& step : trace.steps)
        if (auto* text = std::get_if<TextStep>(&step.what)) {
            text->cosine.assign(next, next + sizes.visualTokens);
            next += sizes.visualTokens;
        }
}

std::string metadataField(const SafetensorsFile& file, const std::string& key) {
    const auto found = file.metadata().find(key);
    return found == file.metadata().end() ? "" : found->second;
}

void checkFormat(const SafetensorsFile& file, const std::string& source) {
    if (metadataField(file, "format") != kFormat)
        throw Error(source + " is not a trace; pass a .lvrtrace file");
    const auto version = metadataField(file, "version");
    if (version != "1" && version != std::to_string(kVersion))
        throw Error(source + " is a trace of version '" + version + "', and this program reads " +
                    std::to_string(kVersion) + "; open it with a newer LVR Workbench");
}

SafetensorsFile openTrace(const fs::path& file) {
    auto opened = SafetensorsFile::open(file);
    checkFormat(opened, file.string());
    return opened;
}

Trace readDescription(const SafetensorsFile& opened, const fs::path& file) {
    auto trace =
        readJson(JsonFields(metadataField(opened, "trace"), "the description in " + file.string()));
    // Files from before there were others are LVR's.
    if (auto dialect = metadataField(opened, "dialect"); !dialect.empty())
        trace.dialect = std::move(dialect);
    return trace;
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
        list.add(imageName(i), image.rgb, {image.height, image.width, 3});
    }
    writeSafetensors(file, list.tensors(),
                     {{"format", kFormat},
                      {"version", std::to_string(kVersion)},
                      {"dialect", trace.dialect},
                      {"trace", toJsonText(traceJson(trace), file.string())}});
}

Trace readTrace(const fs::path& file) {
    const auto opened = openTrace(file);
    auto trace = readDescription(opened, file);
    const auto sizes = sizesOf(trace);
    Tensors tensors(opened, file.string());
    readHeat(trace, sizes, tensors);
    readLatentSteps(trace, sizes, tensors);
    readTextSteps(trace, sizes, tensors);
    readTextCosine(trace, sizes, tensors);
    trace.latents = tensors.floats("latents", {sizes.latents, sizes.width});
    trace.imageTokens = tensors.floats("image_tokens", {sizes.visualTokens, sizes.width});
    for (std::size_t i = 0; i < trace.question.images.size(); ++i)
        trace.question.images[i] = tensors.image(imageName(i));
    tensors.checkAllTaken();
    return trace;
}

Trace readTraceOutline(const fs::path& file) {
    const auto opened = openTrace(file);
    auto trace = readDescription(opened, file);
    const auto sizes = sizesOf(trace);
    Tensors tensors(opened, file.string());
    readLatentSteps(trace, sizes, tensors);
    readTextSteps(trace, sizes, tensors);
    trace.question.images.clear();
    return trace;
}

Trace outlineOf(const Trace& trace) {
    Trace outline{.model = trace.model,
                  .question = {.images = {}, .text = trace.question.text},
                  .grids = trace.grids,
                  .options = trace.options,
                  .steps = trace.steps,
                  .answer = trace.answer,
                  .text = trace.text,
                  .stopped = trace.stopped,
                  .timings = trace.timings,
                  .hiddenSize = trace.hiddenSize,
                  .latents = {},
                  .imageTokens = {},
                  .rois = trace.rois,
                  .expectedAnswer = trace.expectedAnswer,
                  .dialect = trace.dialect};
    for (auto& step : outline.steps) std::visit([](auto& what) { what.cosine = {}; }, step.what);
    for (auto* step : latentStepsOf(outline.steps)) step->l2 = {};
    return outline;
}

TraceGlance glanceAtTrace(const fs::path& file) {
    const auto opened = SafetensorsFile::open(file);
    checkFormat(opened, file.string());
    auto trace =
        readJson(JsonFields(metadataField(opened, "trace"), "the description in " + file.string()));
    TraceGlance glance{.question = std::move(trace.question.text),
                       .answer = std::move(trace.answer)};
    if (!trace.question.images.empty())
        glance.picture = Tensors(opened, file.string()).image(imageName(0));
    return glance;
}

}  // namespace lvr
