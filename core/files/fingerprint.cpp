#include "core/files/fingerprint.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>

#include "core/error.h"

namespace lvr {

namespace fs = std::filesystem;

struct Fingerprint::State {
    std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> hash{XXH3_createState(),
                                                                  XXH3_freeState};
};

Fingerprint::Fingerprint() : state_(std::make_unique<State>()) {
    XXH3_128bits_reset(state_->hash.get());
}
Fingerprint::~Fingerprint() = default;

void Fingerprint::add(const void* data, std::size_t bytes) {
    XXH3_128bits_update(state_->hash.get(), data, bytes);
}

void Fingerprint::addFile(const fs::path& file) {
    std::vector<char> buffer(1 << 20);
    std::ifstream in(file, std::ios::binary);
    if (!in) throw Error("can't read " + file.string());
    while (in.read(buffer.data(), std::ssize(buffer)), in.gcount() > 0)
        add(buffer.data(), static_cast<std::size_t>(in.gcount()));
}

std::string Fingerprint::hex() const {
    const auto hash = XXH3_128bits_digest(state_->hash.get());
    char hex[33];
    std::snprintf(hex, sizeof hex, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return hex;
}

std::string fingerprint(const std::vector<fs::path>& files) {
    Fingerprint all;
    for (const auto& file : files) all.addFile(file);
    return "xxh3-128:" + all.hex();
}

std::string fingerprint(const std::vector<Image>& images) {
    Fingerprint all;
    for (const auto& image : images) {
        const std::array<std::int64_t, 2> size{image.width, image.height};
        all.add(size.data(), sizeof size);
        all.add(image.rgb.data(), image.rgb.size());
    }
    return all.hex();
}

std::string checkpointFingerprint(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto* name : {"config.json", "adapter_config.json"})
        if (fs::exists(folder / name)) files.push_back(folder / name);
    const auto configs = std::ssize(files);
    for (const auto& entry : fs::directory_iterator(folder)) {
        const auto name = entry.path().filename().string();
        if ((name.starts_with("model") || name.starts_with("adapter_model")) &&
            name.ends_with(".safetensors"))
            files.push_back(entry.path());
    }
    std::sort(files.begin() + configs, files.end());
    return fingerprint(files);
}

}  // namespace lvr
