#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/values/image.h"

namespace lvr {

// XXH3-128 of bytes as they come.
class Fingerprint {
public:
    Fingerprint();
    ~Fingerprint();
    void add(const void* data, std::size_t bytes);
    void addFile(const std::filesystem::path& file);  // throws Error: can't be read
    std::string hex() const;                          // 32 digits

private:
    struct State;
    std::unique_ptr<State> state_;
};

// What the bytes of these files are, one after the other: "xxh3-128:" and 32 hex digits. Throws
// Error: a file that can't be read.
std::string fingerprint(const std::vector<std::filesystem::path>& files);

// Of pictures by their sizes and pixels: 32 hex digits, fit for a file name.
std::string fingerprint(const std::vector<Image>& images);

// Of a checkpoint folder's config and weights, or of an adapter's.
std::string checkpointFingerprint(const std::filesystem::path& folder);

}  // namespace lvr
