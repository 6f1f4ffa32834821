#include "core/train/feature_cache.h"

#include <algorithm>
#include <type_traits>

#include "core/error.h"
#include "core/files/fingerprint.h"
#include "core/files/safetensors.h"
#include "core/model/dtype.h"
#include "core/torch.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr const char *kTokens = "tokens", *kDeepStack = "deepstack";

torch::Tensor copyOf(const TensorView& view, torch::Dtype dtype, torch::Device device) {
    const auto mapped =
        torch::from_blob(const_cast<std::byte*>(view.data), view.shape, torch::dtype(dtype));
    return mapped.to(device, dtype, false, /*copy=*/true);
}

template <class Value>
void addValue(const Value& value, Fingerprint& print) {
    static_assert(std::has_unique_object_representations_v<Value> ||
                  std::is_floating_point_v<Value>);
    print.add(&value, sizeof value);
}
template <class Value>
void addValues(const Value& values, Fingerprint& print) {
    addValue(values.size(), print);
    for (const auto& value : values) addValue(value, print);
}

void addPreprocessing(const PreprocessConfig& config, Fingerprint& tower) {
    for (const int side : {config.patchSize, config.temporalPatchSize, config.mergeSize})
        addValue(side, tower);
    for (const auto pixels : {config.minPixels, config.maxPixels}) addValue(pixels, tower);
    addValues(config.mean, tower);
    addValues(config.std, tower);
    addValue(config.rescaleFactor, tower);
}

// All that makes another tower of the same weights.
void addTower(const VisionConfig& config, Fingerprint& tower) {
    for (const int size :
         {config.depth, config.hiddenSize, config.numHeads, config.intermediateSize,
          config.outHiddenSize, config.patchSize, config.temporalPatchSize, config.spatialMergeSize,
          config.windowSize, config.inChannels, config.numPositionEmbeddings})
        addValue(size, tower);
    addValues(config.fullattBlockIndexes, tower);
    addValues(config.deepstackVisualIndexes, tower);
    const auto& traits = config.traits;
    for (const bool trait : {traits.windows, traits.patchBias, traits.positionTable,
                             traits.layerNorm, traits.gatedMlp, traits.deepstack})
        addValue(trait, tower);
}

std::string towerOf(const LvrCheckpoint& checkpoint) {
    Fingerprint tower;
    addPreprocessing(checkpoint.preprocess, tower);
    addTower(checkpoint.model.config().vision, tower);
    for (const auto& [name, tensor] : checkpoint.model.parameters()) {
        if (!name.starts_with("visual.")) continue;
        const auto bytes = tensor.detach().to(torch::kCPU).contiguous();
        tower.add(name.data(), name.size());
        tower.add(bytes.data_ptr(), bytes.nbytes());
    }
    return tower.hex();
}

struct Entry {
    fs::file_time_type used;
    std::uintmax_t bytes = 0;
    fs::path file;
};

// All of a folder, also what a killed training was writing.
std::vector<Entry> entriesOf(const fs::path& folder) {
    std::vector<Entry> entries;
    std::error_code failed;
    for (fs::directory_iterator it(folder, failed), end; !failed && it != end;
         it.increment(failed)) {
        std::error_code gone;
        if (it->path().filename().string().find(".safetensors") == std::string::npos) continue;
        const Entry entry{it->last_write_time(gone), it->file_size(gone), it->path()};
        if (!gone) entries.push_back(entry);
    }
    return entries;
}

// Removes what was used longest ago until no more than `most` is left. Returns what is left.
std::uintmax_t trim(const fs::path& folder, std::uintmax_t full, std::uintmax_t most) {
    auto entries = entriesOf(folder);
    std::uintmax_t all = 0;
    for (const auto& entry : entries) all += entry.bytes;
    if (all <= full) return all;
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.used < b.used; });
    for (const auto& entry : entries) {
        if (all <= most) break;
        std::error_code failed;
        fs::remove(entry.file, failed);
        if (!failed) all -= entry.bytes;
    }
    return all;
}

// A twentieth of a disk stays free.
bool isNearlyFull(const fs::path& folder) {
    std::error_code failed;
    const auto space = fs::space(folder, failed);
    return !failed && space.available < space.capacity / 20;
}

}  // namespace

FeatureCache::FeatureCache(const fs::path& folder, const LvrCheckpoint& checkpoint,
                           std::uintmax_t mostBytes)
    : folder_(folder),
      tower_(towerOf(checkpoint)),
      width_(checkpoint.model.config().vision.outHiddenSize),
      stacked_(std::ssize(checkpoint.model.config().vision.deepstackVisualIndexes)),
      dtype_(checkpoint.model.dtype()),
      device_(checkpoint.model.device()),
      mostBytes_(mostBytes) {
    std::error_code failed;
    fs::create_directories(folder_, failed);
    if (!fs::is_directory(folder_, failed))
        throw Error("cannot create the folder " + folder_.string() +
                    "; choose another --feature-cache");
}

fs::path FeatureCache::entryOf(const fs::path& image) const {
    Fingerprint entry;
    entry.add(tower_.data(), tower_.size());
    entry.addFile(image);
    return folder_ / (entry.hex() + ".safetensors");
}

std::optional<VisualTokens> FeatureCache::find(const fs::path& image) const {
    try {
        const auto file = entryOf(image);
        if (!fs::exists(file)) return std::nullopt;
        const auto opened = SafetensorsFile::open(file);
        const auto& view = opened.tensors().at(kTokens);
        const auto deepstack = opened.tensors().find(kDeepStack);
        const bool isStacked = deepstack != opened.tensors().end();
        const PatchGrid grid{std::stoi(opened.metadata().at("rows")),
                             std::stoi(opened.metadata().at("cols"))};
        const auto fits = [&](const TensorView& stored, const std::vector<std::int64_t>& shape) {
            return stored.dtype == storedType(dtype_) && stored.shape == shape;
        };
        if (!fits(view, {grid.count(), width_}) || isStacked != (stacked_ > 0) ||
            (isStacked && !fits(deepstack->second, {stacked_, grid.count(), width_})))
            return std::nullopt;
        std::error_code ignored;
        fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);
        VisualTokens found{{grid}, copyOf(view, dtype_, device_)};
        if (isStacked) found.deepstack = copyOf(deepstack->second, dtype_, device_);
        return found;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

// The folder is looked at anew after a small part of what is free was written: others write there,
// too.
bool FeatureCache::hasRoomFor(std::uintmax_t bytes) {
    if (bytes > mostBytes_) return false;
    if (bytes > room_) {
        constexpr std::uintmax_t kLooks = 16;
        const auto full = mostBytes_ - std::max(bytes, mostBytes_ / 20);
        const auto most = mostBytes_ - std::max(bytes, mostBytes_ / 10);
        const auto left = trim(folder_, full, most);
        if (left + bytes > mostBytes_) return false;
        room_ = std::max(bytes, (mostBytes_ - left) / kLooks);
    }
    room_ -= bytes;
    return true;
}

void FeatureCache::keep(const fs::path& image, const VisualTokens& encoded) {
    if (!keeps_) return;
    constexpr std::uintmax_t kHeader = 4096;  // a block of the file system at least
    std::vector<NamedTensor> parts{{kTokens, encoded.tokens}};
    if (encoded.deepstack.defined()) parts.emplace_back(kDeepStack, encoded.deepstack);
    std::vector<TensorBytes> bytes;
    for (auto& [name, tensor] : parts) {
        tensor = tensor.detach().to(torch::kCPU).contiguous();
        bytes.push_back({name, storedType(dtype_), tensor.sizes().vec(), tensor.data_ptr()});
    }
    if (isNearlyFull(folder_)) return stopKeeping("the disk is nearly full");
    if (!hasRoomFor(encoded.bytes() + kHeader)) return;
    try {
        writeSafetensors(entryOf(image), bytes,
                         {{"rows", std::to_string(encoded.grids.front().rows)},
                          {"cols", std::to_string(encoded.grids.front().cols)}});
    } catch (const Error& error) {
        stopKeeping(error.what());
    }
}

void FeatureCache::stopKeeping(const std::string& why) {
    keeps_ = false;
    trouble_ = "the feature cache " + folder_.string() + " keeps nothing more: " + why;
}

}  // namespace lvr
