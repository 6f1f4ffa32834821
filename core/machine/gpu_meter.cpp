#include "core/machine/gpu_meter.h"

#include <dlfcn.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace lvr {
namespace {

// As nvml.h has them; stable since version 2 of its functions.
struct Utilization {
    unsigned gpu, memory;
};
struct Memory {
    unsigned long long total, free, used;
};

template <class Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
}

// The entry of CUDA_VISIBLE_DEVICES that stands for a device: a number or a UUID.
std::string visibleDevice(int index) {
    const char* variable = std::getenv("CUDA_VISIBLE_DEVICES");
    if (!variable) return std::to_string(index);
    std::vector<std::string> entries;
    std::istringstream text(variable);
    for (std::string entry; std::getline(text, entry, ',');) entries.push_back(entry);
    const auto at = static_cast<std::size_t>(index);
    return at < entries.size() ? entries[at] : "";
}

}  // namespace

struct GpuMeter::Library {
    void* handle = nullptr;
    int (*start)() = nullptr;
    int (*stop)() = nullptr;
    int (*byIndex)(unsigned, void**) = nullptr;
    int (*byUuid)(const char*, void**) = nullptr;
    int (*utilization)(void*, Utilization*) = nullptr;
    int (*memory)(void*, Memory*) = nullptr;
    bool started = false;

    bool load() {
        handle = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
        started = handle && find(handle, "nvmlInit_v2", start) &&
                  find(handle, "nvmlShutdown", stop) &&
                  find(handle, "nvmlDeviceGetHandleByIndex_v2", byIndex) &&
                  find(handle, "nvmlDeviceGetHandleByUUID", byUuid) &&
                  find(handle, "nvmlDeviceGetUtilizationRates", utilization) &&
                  find(handle, "nvmlDeviceGetMemoryInfo", memory) && start() == 0;
        return started;
    }
    // Null: there is none.
    void* device(const std::string& name) const {
        void* found = nullptr;
        const bool isNumber =
            !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
        const int failed = isNumber ? byIndex(static_cast<unsigned>(std::stoul(name)), &found)
                                    : byUuid(name.c_str(), &found);
        return failed ? nullptr : found;
    }
    ~Library() {
        if (started) stop();
        if (handle) dlclose(handle);
    }
};

GpuMeter::GpuMeter(std::unique_ptr<Library> library, void* device)
    : library_(std::move(library)), device_(device) {}
GpuMeter::~GpuMeter() = default;

std::unique_ptr<GpuMeter> GpuMeter::open(int index) {
    auto library = std::make_unique<Library>();
    if (!library->load()) return nullptr;
    void* device = library->device(visibleDevice(index));
    if (!device) return nullptr;
    return std::unique_ptr<GpuMeter>(new GpuMeter(std::move(library), device));
}

std::optional<GpuLoad> GpuMeter::load() const {
    Utilization utilization{};
    Memory memory{};
    if (library_->utilization(device_, &utilization) != 0 ||
        library_->memory(device_, &memory) != 0)
        return std::nullopt;
    return GpuLoad{static_cast<double>(utilization.gpu),
                   static_cast<double>(memory.used) / (1 << 20)};
}

}  // namespace lvr
