#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>

#include "app/cli/bench_figure.h"
#include "app/cli/bench_measure.h"
#include "app/cli/command.h"
#include "app/cli/passes.h"
#include "core/kernels/threads.h"
#include "core/vision/image_file.h"
#include "core/vision/resize.h"

namespace lvr {
namespace {

struct ImageArguments {
    std::filesystem::path image;
    int repeats = 9;
    std::int64_t maxPixels = 12845056;
    bool json = false;
};

// A photograph's size and, roughly, its mix of flat and busy parts.
std::vector<std::uint8_t> drawnJpeg() {
    constexpr int kWidth = 1920, kHeight = 1080;
    cv::Mat pixels(kHeight, kWidth, CV_8UC3);
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x) {
            const auto noise = static_cast<unsigned>(x * 2654435761U ^ y * 40503U) >> 28;
            const bool busy = (x / 240 + y / 216) % 2;
            auto& pixel = pixels.at<cv::Vec3b>(y, x);
            for (int c = 0; c < 3; ++c)
                pixel[c] = static_cast<std::uint8_t>((x / 8 + y / 5 * (c + 1)) % 200 +
                                                     (busy ? 3 * noise : noise / 4));
        }
    std::vector<std::uint8_t> jpeg;
    cv::imencode(".jpg", pixels, jpeg, {cv::IMWRITE_JPEG_QUALITY, 90});
    return jpeg;
}

std::vector<std::uint8_t> bytesOf(const std::filesystem::path& file) {
    readImage(file);  // or says what is wrong with it
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// ---- The slow way: byte by byte, as the definitions have it, on one thread.

std::uint8_t weighed(const ResampleWindow& window, const std::uint8_t* bytes, std::size_t step) {
    constexpr int kFractionBits = 22;
    std::int32_t sum = 1 << (kFractionBits - 1);
    for (std::size_t k = 0; k < window.weights.size(); ++k)
        sum += window.weights[k] * bytes[(window.first + k) * step];
    return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

Image slowlyResized(const Image& image, bool width, int length) {
    const auto windows = resampleWindows(width ? image.width : image.height, length);
    Image out{width ? length : image.width, width ? image.height : length, {}};
    const std::size_t row = 3UL * image.width;
    for (int y = 0; y < out.height; ++y)
        for (int i = 0; i < 3 * out.width; ++i)
            out.rgb.push_back(width ? weighed(windows[i / 3], &image.rgb[y * row + i % 3], 3)
                                    : weighed(windows[y], &image.rgb[i], row));
    return out;
}

Image slowlyResized(Image image, Size size) {
    const bool widthSecond = heightFirst(image, size);
    for (const bool width : {!widthSecond, widthSecond}) {
        const int length = width ? size.width : size.height;
        if (length != (width ? image.width : image.height))
            image = slowlyResized(image, width, length);
    }
    return image;
}

std::vector<float> slowPatches(const Image& image, const PreprocessConfig& config) {
    const int merge = config.mergeSize, patch = config.patchSize, cell = merge * patch;
    std::vector<float> values;
    for (int y = 0; y < image.height; y += cell)
        for (int x = 0; x < image.width; x += cell)
            for (int part = 0; part < merge * merge; ++part)
                for (int channel = 0; channel < 3; ++channel)
                    for (int frame = 0; frame < config.temporalPatchSize; ++frame)
                        for (int i = 0; i < patch * patch; ++i) {
                            const int row = y + part / merge * patch + i / patch,
                                      col = x + part % merge * patch + i % patch;
                            const int byte =
                                image.rgb[(static_cast<std::size_t>(row) * image.width + col) * 3 +
                                          channel];
                            values.push_back((static_cast<float>(byte * config.rescaleFactor) -
                                              static_cast<float>(config.mean[channel])) /
                                             static_cast<float>(config.std[channel]));
                        }
    return values;
}

bool areEqual(const Pixels& fast, const std::vector<float>& slow) {
    return std::equal(fast.values.begin(), fast.values.end(), slow.begin(), slow.end());
}

std::vector<BenchFigure> measure(const ImageArguments& a, const std::vector<std::uint8_t>& bytes,
                                 const Ceilings& ceilings) {
    const PreprocessConfig config{.maxPixels = a.maxPixels};
    const auto decode = [&] { return decodeImage(bytes, "the picture"); };
    const auto image = decode();
    const auto size = smartResize({image.height, image.width}, config);
    const auto fast = preprocess({image}, config);
    const auto whole = medians(
        a.repeats, [&] { preprocess({decode()}, config); },
        [&] { slowPatches(slowlyResized(decode(), size), config); });
    // What has to be read and written of it.
    const auto moved = static_cast<double>(image.rgb.size() + sizeof(float) * fast.values.size());
    const auto patches =
        static_cast<std::int64_t>(size.width / config.patchSize) * (size.height / config.patchSize);
    const BenchFigure decoded{
        .name = "decoded, " + std::to_string(image.width) + " x " + std::to_string(image.height),
        .seconds = median(a.repeats, decode)};
    const BenchFigure cut{.name = "resized and cut up",
                          .seconds = median(a.repeats, [&] { preprocess({image}, config); })};
    const BenchFigure all{.name = "file to " + std::to_string(patches) + " patches",
                          .seconds = whole.first,
                          .referenceSeconds = whole.second,
                          .equal = areEqual(fast, slowPatches(slowlyResized(image, size), config))};
    return {ofBytes(decoded, static_cast<double>(image.rgb.size()), ceilings),
            ofBytes(cut, moved, ceilings), ofBytes(all, moved, ceilings)};
}

void benchImage(const ImageArguments& a) {
    const NothingToKeep stopsAtOnce;
    const auto bytes = a.image.empty() ? drawnJpeg() : bytesOf(a.image);
    const auto ceilings = measureCeilings(onThreads);
    auto json = toJson(ceilings);
    json["figures"] = nlohmann::ordered_json::array();
    if (!a.json) {
        print(ceilings);
        std::printf("the slow way is byte by byte on one thread\n");
    }
    for (const auto& figure : measure(a, bytes, ceilings)) {
        json["figures"].push_back(toJson(figure));
        if (!a.json) print(figure);
    }
    if (a.json) {
        std::cout << json.dump(2) << "\n";
        return;
    }
    std::printf(
        "the same elsewhere, with --image FILE.jpg: in Python, p = "
        "Qwen2VLImageProcessorFast(max_pixels=%lld); time p(images=[PIL.Image.open(FILE)])\n",
        static_cast<long long>(a.maxPixels));
}

}  // namespace

void addBenchImageCommand(CLI::App& bench) {
    auto a = std::make_shared<ImageArguments>();
    auto* command = bench.add_subcommand(
        "image", "From a picture file to the patches that a vision tower reads");
    command->add_option("--image", a->image, "Its file (default: a drawn JPEG of 1920 x 1080)");
    command->add_option("--max-pixels", a->maxPixels, "Larger pictures are made smaller")
        ->check(wholeFrom(3136))
        ->capture_default_str();
    command->add_option("--repeats", a->repeats, "Medians are of so many")
        ->check(wholeFrom(1))
        ->capture_default_str();
    command->add_flag("--json", a->json, "Print one JSON object");
    command->footer("Example: lvr bench image --json");
    command->callback([a] { benchImage(*a); });
}

}  // namespace lvr
