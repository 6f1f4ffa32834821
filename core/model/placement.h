#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/checkpoint/model_size.h"
#include "core/model/dtype.h"

namespace lvr {

// Whether this CPU has instructions for products of bfloat16 numbers.
bool cpuMultipliesBfloat16();

// What of a machine decides where a model is computed, and in which numbers.
struct Machine {
    bool multipliesBfloat16 = false;  // the CPU has instructions for it; else it widens each number
    std::int64_t freeBytes = 0;       // of its memory; 0: not known
    struct Gpu {
        std::int64_t freeBytes = 0;
        bool multipliesBfloat16 = true;
    };
    std::vector<Gpu> gpus;  // as CUDA counts them
    static Machine look();
};

enum class Purpose { Answering, Training, TrainingAdapter };

struct PlacementWish {
    std::string dtype = "auto";   // or what parseDtype reads
    std::string device = "auto";  // or what parseDevice reads
    Purpose purpose = Purpose::Answering;
    // Among several processes on one machine: the GPU of this one. Below 0: that with most room.
    int gpu = -1;
};

struct Placement {
    torch::Dtype dtype = torch::kFloat32;  // in which the weights that are no integers are kept
    torch::Device device = torch::kCPU;
    // Why not as stored or not on a GPU, where that was left to this program; else empty.
    std::string why;
    // Where the weights lie otherwise than float32, in which is computed then: "bfloat16", "int4".
    std::string weights = {};
    bool operator==(const Placement&) const = default;
};

// "auto" is a GPU that the model fits into, else the CPU; and the numbers as they are stored, which
// need no conversion, where that device multiplies them at full speed, else float32. Throws Error
// as parseDtype and parseDevice do.
Placement place(const PlacementWish& wish, const ModelSize& model, const Machine& machine);
// The same for a folder on this machine.
Placement placeHere(const PlacementWish& wish, const std::filesystem::path& folder);

// Whether what is free now is too little for the model where the wish would have it: on a GPU, if
// one may be used, else in the machine's memory.
bool lacksRoom(const PlacementWish& wish, const ModelSize& model, const Machine& machine);
bool lacksRoom(const PlacementWish& wish, const std::filesystem::path& folder);
// Gives memory back to the GPU that a model held which is gone; to be called after it.
void releaseMemory();

// In what is computed, where, from what, why: "float32 on cpu from bfloat16 weights (no GPU here)".
std::string toText(const Placement& placement);

}  // namespace lvr
