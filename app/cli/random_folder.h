#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace lvr {

// A checkpoint of random weights in a true shape, to measure with.
struct RandomFolder {
    std::string shape = "tiny", dtype = "bfloat16";
    std::string tokenizer = {};  // whose it gets; empty: the shipped model's
    int layers = 0;              // of the language model; 0: the shape's
    int visionLayers = 0;        // of the vision tower; 0: the shape's
    std::uint64_t seed = 0;
};
// Throws Error as findCheckpoint, inShape and parseDtype do.
void writeRandomFolder(const RandomFolder& wish, const std::filesystem::path& out);

}  // namespace lvr
