#include "core/model/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <torch/cuda.h>

#include <regex>

#include "core/error.h"
#include "core/model/lvr_model.h"
#include "core/torch.h"

namespace lvr {
namespace {

constexpr std::int64_t kTooSmallToShare = 50'000'000;  // parameters

}  // namespace

torch::Device parseDevice(const std::string& text) {
    if (text == "cpu") return torch::kCPU;
    std::smatch match;
    if (!std::regex_match(text, match, std::regex("cuda(?::([0-9]{1,2}))?")))
        throw Error("unknown device \"" + text + "\"; valid are cpu, cuda and cuda:N");
    dlopen("libtorch_cuda.so",
           RTLD_NOW | RTLD_GLOBAL);  // registers the CUDA kernels; found by rpath
    // cuDNN's attention compiles a plan for every length it has not seen: decoding, where each pass
    // is one longer, is then slower than the model.
    at::globalContext().setSDPUseCuDNN(false);
    const int index = match[1].matched ? std::stoi(match[1]) : 0;
    if (!torch::cuda::is_available() || index >= static_cast<int>(torch::cuda::device_count()))
        throw Error("device " + text +
                    " is not available here; use --device cpu, or a CUDA build of LibTorch on a "
                    "machine with that GPU");
    return torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(index));
}

void fitThreads(const LvrModel& model, int asked) {
    static const int all = at::get_num_threads();
    if (asked > 0) return at::set_num_threads(asked);
    std::int64_t parameters = 0;
    for (const auto& [name, tensor] : model.parameters()) parameters += tensor.numel();
    at::set_num_threads(parameters < kTooSmallToShare ? 1 : all);
}

}  // namespace lvr
