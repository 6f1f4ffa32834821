#include "core/vision/preprocess.h"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <new>
#include <optional>
#include <string>

#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/backbone.h"
#include "core/error.h"
#include "core/files/json_file.h"
#include "core/vision/resize.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr int kChannels = 3;
constexpr std::int64_t kMaxSide = 1024;              // of a patch, and of the other small counts
constexpr std::int64_t kMaxMinPixels = 200'000'000;  // as large as a picture file may be
constexpr double kMaxAspectRatio = 200.0;

std::int64_t positive(const JsonFields& fields, const std::string& key, std::int64_t fallback,
                      std::int64_t largest = INT64_MAX) {
    const auto value = fields.get<std::int64_t>(key, fallback);
    if (value < 1 || value > largest)
        fields.fail(key, "must be from 1 to " + std::to_string(largest));
    return value;
}

std::array<double, 3> perChannel(const JsonFields& fields, const std::string& key,
                                 const std::array<double, 3>& fallback) {
    const auto values = fields.find<std::vector<double>>(key);
    if (!values) return fallback;
    if (values->size() != kChannels) fields.fail(key, "must hold 3 numbers, one a channel");
    return {(*values)[0], (*values)[1], (*values)[2]};
}

void requireOn(const JsonFields& fields, const std::string& key) {
    if (!fields.get<bool>(key, true))
        fields.fail(key, "must be true: pictures are always resized, scaled and normalised");
}

void requireOff(const JsonFields& fields, const std::string& key) {
    if (fields.get<bool>(key, false)) fields.fail(key, "must be false: pictures are kept whole");
}

// The names it went by; the steps are the same, but Fast resizes with torch: a level or two off in
// under 1 % of bytes, up to ten where a picture shrinks a lot.
void requireQwensClass(const JsonFields& fields) {
    const auto name = fields.get<std::string>("image_processor_type", "Qwen2VLImageProcessor");
    for (const auto* known :
         {"Qwen2VLImageProcessor", "Qwen2VLImageProcessorFast", "Qwen2_5_VLImageProcessor"})
        if (name == known) return;
    fields.fail("image_processor_type", "is " + name + "; only Qwen2VLImageProcessor is built in");
}

// Qwen2VLImageProcessor takes the limits from `size` unless they stand beside it.
void readLimits(const JsonFields& fields, PreprocessConfig& config) {
    if (const auto size = fields.object("size")) {
        for (const auto* edge : {"shortest_edge", "longest_edge"})
            if (!size->has(edge))
                fields.fail("size",
                            "must hold shortest_edge and longest_edge, the least and most "
                            "pixels of a picture");
        config.minPixels = positive(*size, "shortest_edge", config.minPixels, kMaxMinPixels);
        config.maxPixels = positive(*size, "longest_edge", config.maxPixels);
    }
    config.minPixels = positive(fields, "min_pixels", config.minPixels, kMaxMinPixels);
    config.maxPixels = positive(fields, "max_pixels", config.maxPixels);
    if (config.minPixels > config.maxPixels)
        fields.fail(fields.has("min_pixels") ? "min_pixels" : "size.shortest_edge",
                    "is " + std::to_string(config.minPixels) + ", above the largest size, " +
                        std::to_string(config.maxPixels));
}

void readScaling(const JsonFields& fields, PreprocessConfig& config) {
    config.rescaleFactor = fields.get<double>("rescale_factor", config.rescaleFactor);
    if (!(config.rescaleFactor > 0)) fields.fail("rescale_factor", "must be above 0");
    config.mean = perChannel(fields, "image_mean", config.mean);
    config.std = perChannel(fields, "image_std", config.std);
    for (const double deviation : config.std)
        if (!(deviation > 0)) fields.fail("image_std", "must be above 0");
}

std::string sizeText(int width, int height) {
    return std::to_string(width) + " x " + std::to_string(height) + " pixels";
}

void checkShape(Size size) {
    const double longer = std::max(size.height, size.width);
    const double shorter = std::min(size.height, size.width);
    if (shorter < 1) throw Error("a picture of " + sizeText(size.width, size.height) + " is empty");
    if (longer / shorter > kMaxAspectRatio)
        throw Error("a picture of " + sizeText(size.width, size.height) +
                    " is more than 200 times as long as wide; cut it first");
}

// The size arithmetic both functions share: rounded, and scaled when that breaks a limit.
// `atLeast` and `atLeastScaled` are where they differ: the smallest side each branch may return.
Size fitPixels(Size size, const PreprocessConfig& config, int atLeast, int atLeastScaled) {
    checkShape(size);
    const double factor = config.patchSize * config.mergeSize;
    const double area = static_cast<double>(size.height) * size.width;
    // nearbyint rounds ties to even, as Python's round does.
    const auto rounded = [&](int side) {
        return std::max<double>(atLeast, std::nearbyint(side / factor) * factor);
    };
    const auto shrunk = [&](int side) {
        const double scale = std::sqrt(area / static_cast<double>(config.maxPixels));
        return std::max<double>(atLeastScaled, std::floor(side / scale / factor) * factor);
    };
    const auto grown = [&](int side) {
        const double scale = std::sqrt(static_cast<double>(config.minPixels) / area);
        return std::ceil(side * scale / factor) * factor;
    };
    const auto both = [&](const auto& fit) {
        return Size{static_cast<int>(fit(size.height)), static_cast<int>(fit(size.width))};
    };
    const double pixels = rounded(size.height) * rounded(size.width);
    if (pixels > static_cast<double>(config.maxPixels)) return both(shrunk);
    if (pixels < static_cast<double>(config.minPixels)) return both(grown);
    return both(rounded);
}

// Byte to model input for each channel, in float32 steps as numpy takes them.
using Normalised = std::array<std::array<float, 256>, kChannels>;
Normalised normalisedBytes(const PreprocessConfig& config) {
    Normalised table;
    for (int channel = 0; channel < kChannels; ++channel) {
        const auto mean = static_cast<float>(config.mean[channel]);
        const auto deviation = static_cast<float>(config.std[channel]);
        for (int byte = 0; byte < 256; ++byte)
            table[channel][byte] =
                (static_cast<float>(byte * config.rescaleFactor) - mean) / deviation;
    }
    return table;
}

// One channel of a patch, [patch, patch]; `row` is its byte in the patch's top left pixel and
// `stride` the bytes of a picture's row.
float* writeChannel(const std::uint8_t* row, std::size_t stride, int patch,
                    const std::array<float, 256>& values, float* out) {
    for (int y = 0; y < patch; ++y, row += stride) {
        const auto* byte = row;
        for (int x = 0; x < patch; ++x, byte += kChannels) *out++ = values[*byte];
    }
    return out;
}

// One row of Pixels::values, [3, temporal, patch, patch]; `corner` is the patch's top left pixel. A
// picture is a film whose frames repeat.
float* writePatch(const std::uint8_t* corner, std::size_t stride, const PreprocessConfig& config,
                  const Normalised& table, float* out) {
    for (int channel = 0; channel < kChannels; ++channel) {
        const float* frame = out;
        out = writeChannel(corner + channel, stride, config.patchSize, table[channel], out);
        for (int t = 1; t < config.temporalPatchSize; ++t)
            out = std::copy_n(frame, config.patchSize * config.patchSize, out);
    }
    return out;
}

PatchGrid mergedGrid(Size size, const PreprocessConfig& config) {
    const int cell = config.patchSize * config.mergeSize;
    if (size.width < 1 || size.height < 1 || size.width % cell || size.height % cell)
        throw Error("a picture of " + sizeText(size.width, size.height) +
                    " cannot be cut into cells of " + sizeText(cell, cell) + "; resize it first");
    return {size.height / cell, size.width / cell};
}

// A row of cells, patch by patch inside each: so a visual token's patches lie together. rows: the
// cell's rows of a picture of `columns` cells.
void writeCells(const std::uint8_t* rows, int columns, const PreprocessConfig& config,
                const Normalised& table, float* out) {
    const int merge = config.mergeSize, patch = config.patchSize;
    const std::size_t stride = static_cast<std::size_t>(columns) * merge * patch * kChannels;
    for (int cell = 0; cell < columns; ++cell)
        for (int part = 0; part < merge * merge; ++part) {
            const int x = (cell * merge + part % merge) * patch, y = part / merge * patch;
            out = writePatch(rows + y * stride + static_cast<std::size_t>(x) * kChannels, stride,
                             config, table, out);
        }
}

// Gives the rows of a picture that make a row of cells.
using CellRows = std::function<const std::uint8_t*(int cellRow, std::vector<std::uint8_t>& room)>;

// One picture's share of Pixels::values, on the cores there are.
void writePatches(const CellRows& rowsOf, PatchGrid grid, const PreprocessConfig& config,
                  const Normalised& table, float* out) {
    const int cell = config.patchSize * config.mergeSize;
    const std::size_t each = static_cast<std::size_t>(grid.cols) * cell * cell * kChannels;
    const int least = static_cast<int>((1U << 17) / each) + 1;
    onCores(grid.rows, least, [&](int begin, int end) {
        std::vector<std::uint8_t> room;
        for (int row = begin; row < end; ++row)
            writeCells(rowsOf(row, room), grid.cols, config, table,
                       out + row * each * config.temporalPatchSize);
    });
}

// Room for the patches of pictures of these sizes, and their grids.
Pixels roomFor(const std::vector<Size>& sizes, const PreprocessConfig& config) {
    Pixels pixels;
    const std::int64_t merge = config.mergeSize;
    std::size_t count = 0;
    for (const auto& size : sizes) {
        const auto grid = mergedGrid(size, config);
        pixels.grids.push_back(grid);
        pixels.gridThw.push_back({1, grid.rows * merge, grid.cols * merge});
        count += static_cast<std::size_t>(size.width) * size.height * kChannels *
                 config.temporalPatchSize;
    }
    pixels.values.resize(count);
    return pixels;
}

// Calls write(i, out) for each picture with its place in pixels.values.
void forEachPicture(Pixels& pixels, const std::vector<Size>& sizes, const PreprocessConfig& config,
                    const std::function<void(std::size_t i, float* out)>& write) {
    float* out = pixels.values.data();
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        write(i, out);
        out += static_cast<std::size_t>(sizes[i].width) * sizes[i].height * kChannels *
               config.temporalPatchSize;
    }
}

constexpr const char* kPreprocessor = "preprocessor_config.json";
constexpr const char* kProcessor = "processor_config.json";

bool isThere(const fs::path& file) {
    std::error_code failure;
    return fs::status(file, failure).type() != fs::file_type::not_found;
}

// Before transformers 5 the file held other things only.
std::optional<JsonFields> nestedFields(const fs::path& folder) {
    if (!isThere(folder / kProcessor)) return std::nullopt;
    return JsonFields::read(folder / kProcessor).object("image_processor");
}

std::optional<JsonFields> ownFields(const fs::path& folder) {
    if (!isThere(folder / kPreprocessor)) return std::nullopt;
    return JsonFields::read(folder / kPreprocessor);
}

fs::path folderWithEither(const fs::path& folder) {
    const bool has = isThere(folder / kProcessor) || isThere(folder / kPreprocessor);
    return has ? folder : baseOf(folder);
}

// What the model's own family does. A folder without a config.json that can be read is refused
// elsewhere.
PreprocessConfig defaultsOf(const fs::path& folder) {
    const auto config = readJsonOrNull(folder / "config.json");
    const auto type = config.is_object() ? config.value("model_type", Json()) : Json();
    const auto* backbone = type.is_string() ? findBackbone(type.get<std::string>()) : nullptr;
    return PreprocessConfig::of(backbone ? *backbone : qwen25Vl());
}

PreprocessConfig readFields(const JsonFields& fields) {
    PreprocessConfig config;
    requireQwensClass(fields);
    for (const auto* key : {"do_resize", "do_rescale", "do_normalize"}) requireOn(fields, key);
    for (const auto* key : {"do_center_crop", "do_pad"}) requireOff(fields, key);
    if (fields.get<std::int64_t>("resample", 3) != 3)
        fields.fail("resample", "must be 3, bicubic: no other resampling is built in");
    config.patchSize = static_cast<int>(positive(fields, "patch_size", config.patchSize, kMaxSide));
    config.temporalPatchSize = static_cast<int>(
        positive(fields, "temporal_patch_size", config.temporalPatchSize, kMaxSide));
    config.mergeSize = static_cast<int>(positive(fields, "merge_size", config.mergeSize, kMaxSide));
    readLimits(fields, config);
    readScaling(fields, config);
    return config;
}

}  // namespace

PreprocessConfig PreprocessConfig::of(const Backbone& backbone) {
    return {.patchSize = backbone.patchSize,
            .minPixels = backbone.minPixels,
            .maxPixels = backbone.maxPixels,
            .mean = backbone.imageMean,
            .std = backbone.imageStd};
}

PreprocessConfig PreprocessConfig::open(const fs::path& folder) {
    const auto from = folderWithEither(folder);
    if (const auto nested = nestedFields(from)) return readFields(*nested);
    const auto own = ownFields(from);
    return own ? readFields(*own) : defaultsOf(from);
}

std::vector<std::string> PreprocessConfig::warnings(const fs::path& folder) {
    const auto from = folderWithEither(folder);
    const auto nested = nestedFields(from), own = ownFields(from);
    if (!nested && !own)
        return {from.string() + " has neither " + kPreprocessor + " nor " + kProcessor +
                " with an image_processor; pictures are prepared by the defaults of transformers"};
    if (!nested || !own || readFields(*nested) == readFields(*own)) return {};
    return {"the two files of " + from.string() + " that say how pictures are prepared disagree; " +
            kProcessor + " is used, as transformers 5 does, and " + kPreprocessor + " is not"};
}

void* takeMemory(std::size_t bytes) {
    constexpr std::size_t kLargePage = 2 << 20;
    const bool large = bytes >= 2 * kLargePage;
    const auto size = large ? (bytes + kLargePage - 1) / kLargePage * kLargePage : bytes;
    void* memory = large ? std::aligned_alloc(kLargePage, size) : std::malloc(size);
    if (!memory) throw std::bad_alloc();
    if (large) ::madvise(memory, size, MADV_HUGEPAGE);  // a hint: nothing depends on it
    return memory;
}

void giveMemory(void* memory) { std::free(memory); }

Size smartResize(Size original, const PreprocessConfig& config) {
    return fitPixels(original, config, 0, config.patchSize * config.mergeSize);
}

PatchGrid tokenGrid(Size original, const PreprocessConfig& config) {
    const auto size = smartResize(original, config);
    const int cell = config.patchSize * config.mergeSize;
    return {.rows = size.height / cell, .cols = size.width / cell};
}

Size smartResizeLoader(Size original, const PreprocessConfig& config) {
    return fitPixels(original, config, config.patchSize * config.mergeSize, 0);
}

Pixels preprocess(const std::vector<Image>& images, const PreprocessConfig& config) {
    std::vector<Size> sizes;
    sizes.reserve(images.size());
    for (const auto& image : images)
        sizes.push_back(smartResize({image.height, image.width}, config));
    return preprocess(images, sizes, config);
}

Pixels preprocess(const std::vector<Image>& images, const std::vector<Size>& sizes,
                  const PreprocessConfig& config) {
    const auto table = normalisedBytes(config);
    auto pixels = roomFor(sizes, config);
    const int cell = config.patchSize * config.mergeSize;
    forEachPicture(pixels, sizes, config, [&](std::size_t i, float* out) {
        const ResizedPicture picture(images.at(i), sizes[i]);
        const auto rowsOf = [&](int row, std::vector<std::uint8_t>& room) {
            room.resize(static_cast<std::size_t>(sizes[i].width) * cell * kChannels);
            picture.readRows(row * cell, cell, room.data());
            return room.data();
        };
        writePatches(rowsOf, pixels.grids[i], config, table, out);
    });
    return pixels;
}

Pixels patchify(const std::vector<Image>& images, const PreprocessConfig& config) {
    const auto table = normalisedBytes(config);
    std::vector<Size> sizes;
    for (const auto& image : images) sizes.push_back({image.height, image.width});
    auto pixels = roomFor(sizes, config);
    const int cell = config.patchSize * config.mergeSize;
    forEachPicture(pixels, sizes, config, [&](std::size_t i, float* out) {
        const auto rowsOf = [&](int row, std::vector<std::uint8_t>&) {
            return &images[i]
                        .rgb[static_cast<std::size_t>(row) * cell * images[i].width * kChannels];
        };
        writePatches(rowsOf, pixels.grids[i], config, table, out);
    });
    return pixels;
}

}  // namespace lvr
