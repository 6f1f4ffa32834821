#pragma once

#include <c10/util/intrusive_ptr.h>

#include <chrono>
#include <string>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace lvr {

// What the plugin for NCCL does. It is a library of its own, beside the program, as its headers and
// symbols are those of a CUDA build of LibTorch; the program is the same without.
struct NcclPlugin {
    // Names the GPU: by its place on its machine.
    std::string (*gpu)(int device);
    // Meets the others over `store`, each on its own GPU. A collective that is not through after
    // `timeout` throws where it is waited for.
    c10::intrusive_ptr<c10d::Backend> (*group)(const c10::intrusive_ptr<c10d::Store>& store,
                                               int rank, int count, int device,
                                               std::chrono::milliseconds timeout);
};

constexpr auto kNcclPluginFile = "liblvr_nccl.so";
constexpr auto kNcclPluginEntry = "lvrNcclPlugin";  // const NcclPlugin* lvrNcclPlugin()

}  // namespace lvr
