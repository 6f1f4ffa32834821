#include "core/trace/trace_file.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "core/error.h"
#include "core/files/json_file.h"
#include "core/files/safetensors.h"
#include "core/trace/trace_description.h"
#include "core/trace/trace_layout.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

std::string shapeText(const TraceShape& shape) {
    std::string text = "[";
    for (const auto side : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(side);
    return text + "]";
}

// Hands out each tensor of the file once.
class Tensors {
public:
    Tensors(const SafetensorsFile& file, std::string source)
        : left_(file.tensors()), source_(std::move(source)) {}

    bool has(const std::string& name) const { return left_.count(name) > 0; }
    bool isEmpty(const std::string& name) const { return !has(name) || left_.at(name).size == 0; }

    std::vector<float> floats(const std::string& name, const TraceShape& shape) {
        const auto view = take(name, DType::F32);
        if (view.shape != shape)
            failBroken("tensor " + name + " is " + shapeText(view.shape) +
                       ", which does not fit the other parts: they ask for " + shapeText(shape));
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

    void checkAllTaken(const TraceVersion& version) const {
        if (version.mayHoldMore()) return;
        for (const auto& [name, view] : left_)
            if (!name.starts_with(kForeignPrefix))
                failBroken("tensor " + name + " is not expected");
    }

    [[noreturn]] void failBroken(const std::string& problem) const {
        throw Error(source_ + " is a broken trace: " + problem +
                    "; ask the question again, or record it again");
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

// One row a step, of a matrix that a loop of its own may leave out where it has no columns.
using Rows = std::vector<float>;
Rows rowsOf(const char* name, std::int64_t count, const TraceSizes& sizes, bool mayMiss,
            Tensors& tensors) {
    if (mayMiss && !tensors.has(name) && count * sizes.visualTokens == 0) return {};
    return tensors.floats(name, {count, sizes.visualTokens});
}

void readHeat(Trace& trace, const TraceSizes& sizes, Tensors& tensors) {
    const bool mayMiss = !trace.method.empty();
    const auto cosine = rowsOf("cosine", sizes.latents, sizes, mayMiss, tensors);
    const auto l2 = rowsOf("l2", sizes.latents, sizes, mayMiss, tensors);
    const auto steps = latentStepsOf(trace.steps);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto from = static_cast<std::ptrdiff_t>(i) * sizes.visualTokens;
        const auto to = from + sizes.visualTokens;
        steps[i]->cosine.assign(cosine.begin() + from, cosine.begin() + to);
        steps[i]->l2.assign(l2.begin() + from, l2.begin() + to);
    }
}

// One number a step; what a loop of its own did not record is no number.
std::vector<float> numbersOf(const char* name, std::int64_t count, bool mayMiss, Tensors& tensors) {
    if (mayMiss && !tensors.has(name))
        return std::vector<float>(static_cast<std::size_t>(count), std::nanf(""));
    return tensors.floats(name, {count});
}

void readLatentSteps(Trace& trace, const TraceSizes& sizes, Tensors& tensors) {
    const bool isForeign = !trace.method.empty();
    const auto norm = numbersOf("norm", sizes.latents, isForeign && sizes.latents == 0, tensors);
    const auto endProbability = numbersOf("end_probability", sizes.latents, isForeign, tensors);
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

void readTextSteps(Trace& trace, const TraceSizes& sizes, Tensors& tensors) {
    const auto probability =
        numbersOf("token_probability", sizes.textSteps, !trace.method.empty(), tensors);
    auto next = probability.begin();
    for (auto& step : trace.steps)
        if (auto* text = std::get_if<TextStep>(&step.what)) text->probability = *next++;
}

void readTextCosine(Trace& trace, const TraceSizes& sizes, Tensors& tensors) {
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

std::optional<int> wholeNumber(std::string_view text) {
    int number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end != text.data() + text.size() || number < 0) return {};
    return number;
}

// "3.0", or "2" as the first ones were numbered; 1 when it isn't said.
std::optional<TraceVersion> versionIn(const std::string& text) {
    if (text.empty()) return TraceVersion{1, 0};
    const auto dot = text.find('.');
    const auto major = wholeNumber(std::string_view(text).substr(0, dot));
    const auto minor =
        dot == text.npos ? std::optional(0) : wholeNumber(std::string_view(text).substr(dot + 1));
    if (!major || !minor || *major < 1) return {};
    return TraceVersion{*major, *minor};
}

TraceVersion checkFormat(const SafetensorsFile& file, const std::string& source) {
    if (metadataField(file, "format") != kTraceFormat)
        throw Error(source + " is not a trace; pass a .lvrtrace file");
    const auto text = metadataField(file, "version");
    const auto version = versionIn(text);
    if (!version)
        throw Error(source + " is a broken trace: its metadata's version '" + text +
                    "' is not a number such as " + std::to_string(kTraceMajor) + "." +
                    std::to_string(kTraceMinor));
    if (version->major > kTraceMajor)
        throw Error(source + " is a trace of version '" + text + "', and this program reads " +
                    std::to_string(kTraceMajor) + "; open it with a newer LVR Workbench");
    return *version;
}

// A trace file with all of it read but its tensors.
struct OpenedTrace {
    SafetensorsFile file;
    TraceVersion version;
    Trace trace;
    explicit OpenedTrace(const fs::path& path)
        : file(SafetensorsFile::open(path)), version(checkFormat(file, path.string())) {
        const JsonFields fields(metadataField(file, "trace"),
                                "the description in " + path.string());
        trace = readDescription(fields, version);
    }
};

}  // namespace

Trace readTrace(const fs::path& file) {
    auto opened = OpenedTrace(file);
    auto& trace = opened.trace;
    Tensors tensors(opened.file, file.string());
    const bool isForeign = !trace.method.empty();
    auto sizes = sizesOf(trace);
    if (isForeign && !tensors.isEmpty("image_tokens"))
        sizes.visualTokens = visualTokensIn(trace.grids);
    readHeat(trace, sizes, tensors);
    readLatentSteps(trace, sizes, tensors);
    readTextSteps(trace, sizes, tensors);
    readTextCosine(trace, sizes, tensors);
    const auto matrix = [&](const char* name, std::int64_t rows) {
        if (isForeign && rows == 0 && !tensors.has(name)) return std::vector<float>();
        return tensors.floats(name, {rows, sizes.width});
    };
    trace.latents = matrix("latents", sizes.latents);
    trace.imageTokens = matrix("image_tokens", sizes.visualTokens);
    for (std::size_t i = 0; i < trace.question.images.size(); ++i)
        trace.question.images[i] = tensors.image(traceImageName(i));
    tensors.checkAllTaken(opened.version);
    return std::move(trace);
}

Trace readTraceOutline(const fs::path& file) {
    auto opened = OpenedTrace(file);
    auto& trace = opened.trace;
    const auto sizes = sizesOf(trace);
    Tensors tensors(opened.file, file.string());
    readLatentSteps(trace, sizes, tensors);
    readTextSteps(trace, sizes, tensors);
    trace.question.images.clear();
    return std::move(trace);
}

Trace outlineOf(const Trace& trace) {
    Trace outline{.model = trace.model,
                  .method = trace.method,
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
    auto opened = OpenedTrace(file);
    auto& trace = opened.trace;
    TraceGlance glance{.question = std::move(trace.question.text),
                       .answer = std::move(trace.answer)};
    if (!trace.question.images.empty())
        glance.picture = Tensors(opened.file, file.string()).image(traceImageName(0));
    return glance;
}

}  // namespace lvr
