#include "core/trace/trace_export.h"

#include "core/error.h"
#include "core/trace/gif_file.h"
#include "core/trace/trace_csv.h"
#include "core/trace/trace_json.h"
#include "core/vision/image_file.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

using Bytes = std::vector<std::uint8_t>;

PictureSize times(PictureSize size, int scale) { return {size.width * scale, size.height * scale}; }

int stepOf(const HeatPictures& pictures, const TraceExport& choice) {
    const int step = choice.step < 0 ? pictures.count() - 1 : choice.step;
    if (step < pictures.count()) return step;
    throw Error("there is no latent step " + std::to_string(step + 1) + "; the trace has " +
                std::to_string(pictures.count()));
}

void requireSteps(const HeatPictures& pictures, const fs::path& file) {
    if (pictures.count() == 0)
        throw Error("cannot write " + file.string() +
                    ": the answer has no latent steps; export .json or .csv instead");
}

Bytes pngOf(const Trace& trace, const fs::path& file, const TraceExport& choice) {
    const HeatPictures pictures(trace, choice.picture);
    if (choice.allSteps) {
        requireSteps(pictures, file);
        return encodePng(pictures.drawAll(smallFigureSize(pictures.picture(), choice.scale)));
    }
    return encodePng(
        pictures.draw(stepOf(pictures, choice), figureSize(pictures.picture(), choice.scale)));
}

Bytes gifOf(const Trace& trace, const fs::path& file, const TraceExport& choice) {
    const HeatPictures pictures(trace, choice.picture);
    requireSteps(pictures, file);
    const auto size = animationSize(pictures.picture());
    return encodeGif({.frames = pictures.count(),
                      .frame = [&](int step) { return pictures.draw(step, size); },
                      .milliseconds = choice.milliseconds});
}

Bytes bytesOf(const std::string& text) { return {text.begin(), text.end()}; }

}  // namespace

PictureSize figureSize(const Image& image, int scale) {
    return times(sizeWithin(image, 560, 1600), scale);
}
PictureSize smallFigureSize(const Image& image, int scale) {
    return times(sizeWithin(image, 280, 560), scale);
}
PictureSize animationSize(const Image& image) { return sizeWithin(image, 560, 800); }

std::vector<std::uint8_t> encodeTrace(const Trace& trace, const fs::path& file,
                                      const TraceExport& choice) {
    const auto ending = file.extension();
    if (ending == ".csv") return bytesOf(toCsv(trace));
    if (ending == ".json") return bytesOf(toJsonText(trace));
    if (ending == ".png") return pngOf(trace, file, choice);
    if (ending == ".gif") return gifOf(trace, file, choice);
    throw Error("cannot write " + file.string() +
                ": its name must end in .csv, .json, .png or .gif");
}

}  // namespace lvr
