#include "core/trace/trace_description.h"

#include <set>

#include "core/files/decoding_json.h"
#include "core/trace/trace_layout.h"

namespace lvr {
namespace {

const std::vector<StopReason> kStopReasons{StopReason::EndOfText, StopReason::MaxNewTokens,
                                           StopReason::Cancelled};

// All but the tensors. A loop that isn't ours, which names its method, may leave most of it out.
class DescriptionReader {
public:
    DescriptionReader(const JsonFields& fields, TraceVersion version)
        : fields_(fields), version_(version), isOurs_(!fields.has("method")) {}

    // Images are still empty, floats zero.
    Trace read() const {
        allowOnly(fields_, {"model", "method", "question", "images", "options", "answer", "text",
                            "stopped", "timings_ms", "hidden_size", "grids", "steps", "rois",
                            "expected_answer", "option_origins", "dialect"});
        Trace trace;
        trace.method = method();
        trace.model = text("model");
        trace.question.text = text("question");
        trace.hiddenSize = fields_.natural("hidden_size");
        for (const auto& step : fields_.objects("steps"))
            trace.steps.push_back(readStep(step, static_cast<int>(trace.steps.size())));
        if (isThere("options")) trace.options = readOptions(requiredObject("options"));
        if (isThere("stopped")) trace.stopped = readStopReason();
        if (isThere("timings_ms")) trace.timings = readTimings(requiredObject("timings_ms"));
        if (isThere("grids"))
            for (const auto& grid : fields_.objects("grids")) trace.grids.push_back(readGrid(grid));
        if (isThere("rois"))
            for (const auto& box : fields_.objects("rois")) trace.rois.push_back(readBox(box));
        trace.text = isThere("text") ? text("text") : generatedIn(trace.steps);
        trace.answer = isThere("answer") ? text("answer") : saidIn(trace.steps);
        trace.expectedAnswer = fields_.find<std::string>("expected_answer");
        trace.dialect = fields_.get<std::string>("dialect", trace.dialect);
        if (const auto origins = fields_.object("option_origins"))
            for (const auto& name : origins->keys())
                trace.origins[name] = origins->get<std::string>(name);
        checkImages(trace);
        trace.question.images.resize(trace.grids.size());
        return trace;
    }

private:
    void allowOnly(const JsonFields& fields, std::vector<std::string> known) const {
        if (version_.mayHoldMore()) return;
        for (auto& key : fields.keys())
            if (key.starts_with(kForeignPrefix)) known.push_back(std::move(key));
        fields.allowOnly(known);
    }
    bool isThere(const std::string& key) const { return isOurs_ || fields_.has(key); }
    std::string text(const std::string& key) const {
        return isThere(key) ? fields_.get<std::string>(key) : "";
    }
    std::string method() const {
        if (isOurs_) return {};
        auto said = fields_.get<std::string>("method");
        if (said.empty()) fields_.fail("method", "must say whose loop it was, or be left out");
        return said;
    }
    JsonFields requiredObject(const std::string& key) const {
        if (auto object = fields_.object(key)) return *std::move(object);
        fields_.failMissing(key);
    }

    static std::string generatedIn(const std::vector<DecodeStep>& steps) {
        std::string generated;
        for (const auto& step : steps) generated += step.text;
        return generated;
    }
    // Without what was only sampled inside a thought.
    static std::string saidIn(const std::vector<DecodeStep>& steps) {
        std::string said;
        for (const auto& step : steps)
            if (std::holds_alternative<TextStep>(step.what)) said += step.text;
        return said;
    }

    Box readBox(const JsonFields& fields) const {
        allowOnly(fields, {"x0", "y0", "x1", "y1", "image"});
        return {fields.get<double>("x0"), fields.get<double>("y0"), fields.get<double>("x1"),
                fields.get<double>("y1"), fields.has("image") ? fields.natural("image") : 0};
    }

    DecodeOptions readOptions(const JsonFields& fields) const {
        auto known = decodingKeys();
        known.insert({"thought_slots", "thought_boxes", "latents_from", "system"});
        allowOnly(fields, {known.begin(), known.end()});
        DecodeOptions options;
        // Which weren't options at first.
        std::set<std::string> mayMiss = {"min_p", "latent_attention"};
        if (!isOurs_) mayMiss = decodingKeys();
        readDecoding(fields, mayMiss, options);
        options.system = fields.get<std::string>("system", "");
        options.borrowed.from = fields.get<std::string>("latents_from", "");
        if (!fields.has("thought_boxes")) return options;
        options.thought.slotRule =
            static_cast<GivenThought::Slots>(fields.choice("thought_slots", kThoughtSlots));
        for (const auto& box : fields.objects("thought_boxes"))
            options.thought.boxes.push_back(readBox(box));
        return options;
    }

    StopReason readStopReason() const {
        std::vector<std::string> names;
        for (const auto reason : kStopReasons) names.push_back(toText(reason));
        return kStopReasons[fields_.choice("stopped", names)];
    }

    DecodeStep readStep(const JsonFields& fields, int place) const {
        allowOnly(fields, {"position", "token", "text", "latent_index"});
        const bool isLatent = fields.has("latent_index"), mayMiss = !isOurs_;
        DecodeStep step{
            .position = mayMiss && !fields.has("position") ? place : fields.natural("position"),
            .token = mayMiss && isLatent && !fields.has("token") ? -1 : fields.natural("token"),
            .text = mayMiss ? fields.get<std::string>("text", "") : fields.get<std::string>("text"),
            .what = TextStep{}};
        if (isLatent) step.what = LatentStep{.index = fields.natural("latent_index")};
        return step;
    }

    Timings readTimings(const JsonFields& fields) const {
        allowOnly(fields, {"preprocess", "encode_images", "prefill", "decode"});
        const auto time = [&](const char* key) {
            return isOurs_ ? fields.get<double>(key) : fields.get<double>(key, 0);
        };
        return {.preprocess = time("preprocess"),
                .encodeImages = time("encode_images"),
                .prefill = time("prefill"),
                .decode = time("decode")};
    }

    PatchGrid readGrid(const JsonFields& fields) const {
        allowOnly(fields, {"rows", "cols"});
        const PatchGrid grid{fields.natural("rows"), fields.natural("cols")};
        if (grid.rows < 1 || grid.rows > 1'000'000) fields.fail("rows", "is out of range");
        if (grid.cols < 1 || grid.cols > 1'000'000) fields.fail("cols", "is out of range");
        return grid;
    }

    void checkImages(const Trace& trace) const {
        if (isThere("images") && fields_.natural("images") != static_cast<int>(trace.grids.size()))
            fields_.fail("grids", "must hold one grid per image");
        checkBoxes(trace.rois, trace.grids.size());
        checkBoxes(trace.options.thought.boxes, trace.grids.size());
    }

    void checkBoxes(const std::vector<Box>& boxes, std::size_t images) const {
        for (const auto& box : boxes)
            if (box.image > 0 && box.image >= static_cast<int>(images))
                fields_.fail("images", "must be more: a region is on image " +
                                           std::to_string(box.image) + ", counted from 0");
    }

    const JsonFields& fields_;
    TraceVersion version_;
    bool isOurs_;
};

}  // namespace

bool TraceVersion::mayHoldMore() const { return major == kTraceMajor && minor > kTraceMinor; }

Trace readDescription(const JsonFields& fields, TraceVersion version) {
    return DescriptionReader(fields, version).read();
}

}  // namespace lvr
