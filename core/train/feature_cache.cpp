#include "core/train/feature_cache.h"

#include <algorithm>

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

std::string towerOf(const LvrCheckpoint& checkpoint) {
    Fingerprint tower;
    const auto& p = checkpoint.preprocess;
    const auto add = [&](const auto& value) { tower.add(&value, sizeof value); };
    add(p.patchSize), add(p.temporalPatchSize), add(p.mergeSize), add(p.minPixels);
    add(p.maxPixels), add(p.mean), add(p.std), add(p.rescaleFactor);
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
        const PatchGrid grid{std::stoi(opened.metadata().at("rows")),
                             std::stoi(opened.metadata().at("cols"))};
        if (view.dtype != storedType(dtype_) || view.shape.size() != 2 ||
            view.shape[0] != grid.count())
            return std::nullopt;
        std::error_code ignored;
        fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);
        VisualTokens found{{grid}, copyOf(view, dtype_, device_)};
        if (deepstack != opened.tensors().end())
            found.deepstack = copyOf(deepstack->second, dtype_, device_);
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
