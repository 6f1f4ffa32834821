#include "core/checkpoint/fingerprint.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>

#include "core/error.h"

namespace lvr {

namespace fs = std::filesystem;

std::string fingerprint(const std::vector<fs::path>& files) {
    const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                         XXH3_freeState);
    XXH3_128bits_reset(state.get());
    std::vector<char> buffer(1 << 20);
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        if (!in) throw Error("can't read " + file.string());
        while (in.read(buffer.data(), std::ssize(buffer)), in.gcount() > 0)
            XXH3_128bits_update(state.get(), buffer.data(), static_cast<std::size_t>(in.gcount()));
    }
    const auto hash = XXH3_128bits_digest(state.get());
    char hex[33];
    std::snprintf(hex, sizeof hex, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return std::string("xxh3-128:") + hex;
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
