// The plugin for NCCL, built where LibTorch is a CUDA build and CUDA's headers are there
// (cmake/nccl.cmake).

// Which of c10d's headers say anything is up to these.
#define USE_DISTRIBUTED
#define USE_C10D_NCCL
#include "core/train/nccl_group.h"

#include <c10/cuda/CUDAException.h>
#include <cuda_runtime_api.h>
#include <unistd.h>

#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

namespace lvr {
namespace {

std::string nameGpu(int device) {
    std::string host(256, '\0'), place(32, '\0');
    gethostname(host.data(), host.size() - 1);
    C10_CUDA_CHECK(cudaDeviceGetPCIBusId(place.data(), static_cast<int>(place.size()), device));
    return std::string(host.c_str()) + "/" + place.c_str();
}

c10::intrusive_ptr<c10d::Backend> meet(const c10::intrusive_ptr<c10d::Store>& store, int rank,
                                       int count, int device, std::chrono::milliseconds timeout) {
    // Otherwise a thread of c10d's ends the process when a rank fails.
    setenv("TORCH_NCCL_BLOCKING_WAIT", "1", /*overwrite=*/1);
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout;
    auto group = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, count, options);
    group->eagerConnectSingleDevice(at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device)));
    return group;
}

constexpr NcclPlugin kPlugin{nameGpu, meet};

}  // namespace
}  // namespace lvr

extern "C" const lvr::NcclPlugin* lvrNcclPlugin() { return &lvr::kPlugin; }
