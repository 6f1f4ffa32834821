#include "core/model/placement.h"

#include <ATen/DeviceAccelerator.h>
#include <torch/cuda.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "core/error.h"
#include "core/model/device.h"
#include "core/torch.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr double kGiB = 1 << 30;

// Looked for without loading CUDA, which takes seconds.
bool driverIsThere() {
    std::error_code unknown;
    return fs::exists("/dev/nvidiactl", unknown) || fs::exists("/dev/dxg", unknown);
}

// Weights, and while training their gradients, AdamW's two means and float32 masters; a tenth and a
// GiB for what is computed of them.
double bytesNeeded(const ModelSize& model, torch::Dtype dtype, Purpose purpose) {
    if (model.quantised) return 1.1 * static_cast<double>(model.bytes) + kGiB;
    const double size = static_cast<double>(c10::elementSize(dtype));
    const double masters = dtype == torch::kFloat32 ? 0 : 4;
    const double each = purpose == Purpose::Training ? 2 * size + 8 + masters : size;
    return 1.1 * each * static_cast<double>(model.parameters) + kGiB;
}

// What this program computes in of how it is stored, and why not as it is.
struct Numbers {
    torch::Dtype dtype;
    std::string why;
};
Numbers numbersFor(torch::Dtype stored, bool multipliesBfloat16, const char* where) {
    if (stored == torch::kFloat32) return {stored, ""};
    if (stored != torch::kBFloat16)
        return {torch::kFloat32, "stored as " + toText(stored) + ", which float32 holds exactly"};
    if (multipliesBfloat16) return {stored, ""};
    return {torch::kFloat32,
            std::string("stored as bfloat16, which this ") + where + " has no instructions for"};
}

Numbers numbers(const PlacementWish& wish, const ModelSize& model, bool multipliesBfloat16,
                const char* where) {
    if (wish.dtype != "auto") return {parseDtype(wish.dtype), ""};
    return numbersFor(memoryType(model.dtype), multipliesBfloat16, where);
}

std::string joined(const std::string& a, const std::string& b) {
    return a.empty() || b.empty() ? a + b : a + "; " + b;
}

std::string gigabytes(double bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f GB", bytes / 1e9);
    return text;
}

int chosenGpu(const PlacementWish& wish, const Machine& machine) {
    const auto& gpus = machine.gpus;
    if (wish.gpu >= 0) return wish.gpu % static_cast<int>(gpus.size());
    const auto roomiest =
        std::max_element(gpus.begin(), gpus.end(),
                         [](const auto& a, const auto& b) { return a.freeBytes < b.freeBytes; });
    return static_cast<int>(roomiest - gpus.begin());
}

Placement onCpu(const PlacementWish& wish, const ModelSize& model, const Machine& machine,
                const std::string& why) {
    const bool answers = wish.purpose == Purpose::Answering;
    // Answers need no gradients: the weights stay where they are, and are widened as they are read.
    const auto as = numbers(wish, model, answers || machine.multipliesBfloat16, "CPU");
    const bool widens = answers && as.dtype == torch::kBFloat16;
    return {as.dtype, torch::kCPU, joined(as.why, why), widens ? toText(as.dtype) : ""};
}

// MemAvailable: what can be taken without swapping.
std::int64_t freeMemory() {
    std::ifstream file("/proc/meminfo");
    std::string name, rest;
    std::int64_t kilobytes = 0;
    while (file >> name >> kilobytes && std::getline(file, rest))
        if (name == "MemAvailable:") return kilobytes * 1024;
    return 0;
}

Placement onGpu(const PlacementWish& wish, const ModelSize& model, const Machine& machine,
                torch::Device device, const std::string& why) {
    const auto index = static_cast<std::size_t>(std::max<int>(0, device.index()));
    const bool fast = index >= machine.gpus.size() || machine.gpus[index].multipliesBfloat16;
    const auto as = numbers(wish, model, fast, "GPU");
    return {as.dtype, device, joined(as.why, why)};
}

// Integers are for answers on the CPU; the numbers beside them stay as they are.
Placement placeIntegers(const PlacementWish& wish, const ModelSize& model) {
    const auto refuse = [&](const std::string& what) {
        throw Error("a checkpoint quantised to " + toText(*model.quantised) + " " + what +
                    "; use the checkpoint it was made from");
    };
    if (wish.purpose != Purpose::Answering) refuse("can't be trained");
    if (wish.device != "auto" && !parseDevice(wish.device).is_cpu()) refuse("is for the CPU");
    if (wish.dtype != "auto")
        refuse("is computed in float32, and --dtype " + wish.dtype + " can't be had");
    return {memoryType(model.dtype), torch::kCPU, "",
            "int" + std::to_string(model.quantised->bits)};
}

}  // namespace

bool cpuMultipliesBfloat16() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

Machine Machine::look() {
    Machine machine{.multipliesBfloat16 = cpuMultipliesBfloat16(), .freeBytes = freeMemory()};
    if (!driverIsThere()) return machine;
    try {
        parseDevice("cuda");
    } catch (const Error&) {
        return machine;
    }
    const auto count = static_cast<c10::DeviceIndex>(torch::cuda::device_count());
    for (c10::DeviceIndex index = 0; index < count; ++index) {
        const auto able = at::accelerator::getDeviceCapability(index);
        machine.gpus.push_back(
            {static_cast<std::int64_t>(at::accelerator::getMemoryInfo(index).first),
             able.capability_data.supported_scalar_types.has_BFloat16 != 0});
    }
    return machine;
}

Placement place(const PlacementWish& wish, const ModelSize& model, const Machine& machine) {
    if (model.quantised) return placeIntegers(wish, model);
    if (wish.device != "auto") {
        auto device = parseDevice(wish.device);
        if (wish.device == "cuda" && wish.gpu >= 0 && !machine.gpus.empty())
            device.set_index(static_cast<c10::DeviceIndex>(chosenGpu(wish, machine)));
        return device.is_cuda() ? onGpu(wish, model, machine, device, "")
                                : onCpu(wish, model, machine, "");
    }
    if (machine.gpus.empty()) return onCpu(wish, model, machine, "no GPU here");
    const int gpu = chosenGpu(wish, machine);
    const torch::Device device(torch::kCUDA, static_cast<c10::DeviceIndex>(gpu));
    const auto there = onGpu(wish, model, machine, device, "");
    const double needed = bytesNeeded(model, there.dtype, wish.purpose),
                 free = static_cast<double>(machine.gpus[gpu].freeBytes);
    if (needed <= free) return there;
    return onCpu(wish, model, machine,
                 "the GPU has " + gigabytes(free) + " free, the model needs " + gigabytes(needed));
}

Placement placeHere(const PlacementWish& wish, const fs::path& folder) {
    return place(wish, sizeOf(folder),
                 wish.device == "cpu" ? Machine{.multipliesBfloat16 = cpuMultipliesBfloat16()}
                                      : Machine::look());
}

bool lacksRoom(const PlacementWish& wish, const ModelSize& model, const Machine& machine) {
    const auto here = place(wish, model, machine);
    const bool mayUseGpu = wish.device != "cpu" && !machine.gpus.empty() && !model.quantised;
    if (mayUseGpu && here.device.is_cpu()) return true;
    if (!mayUseGpu)
        return machine.freeBytes > 0 && bytesNeeded(model, here.dtype, wish.purpose) >
                                            static_cast<double>(machine.freeBytes);
    const auto index = static_cast<std::size_t>(std::max<int>(0, here.device.index()));
    return index < machine.gpus.size() && bytesNeeded(model, here.dtype, wish.purpose) >
                                              static_cast<double>(machine.gpus[index].freeBytes);
}

bool lacksRoom(const PlacementWish& wish, const fs::path& folder) {
    return lacksRoom(wish, sizeOf(folder), Machine::look());
}

void releaseMemory() {
    if (driverIsThere() && at::accelerator::deviceCount() > 0) at::accelerator::emptyCache();
}

std::string toText(const Placement& placement) {
    const auto& weights = placement.weights;
    return toText(weights.empty() ? placement.dtype : torch::kFloat32) + " on " +
           placement.device.str() + (weights.empty() ? "" : " from " + weights + " weights") +
           (placement.why.empty() ? "" : " (" + placement.why + ")");
}

}  // namespace lvr
