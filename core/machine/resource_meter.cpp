#include "core/machine/resource_meter.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "core/machine/gpu_meter.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kSeldom{2};
constexpr std::chrono::milliseconds kFirst{100};  // until a share of the processor means something

double cpuSecondsOfProcess() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) { return time.tv_sec + 1e-6 * time.tv_usec; };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Megabytes that are in memory now.
double residentMemory() {
    std::ifstream file("/proc/self/statm");  // in pages: all, resident
    double all = 0, resident = 0;
    file >> all >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// The folder or the nearest that is there already.
fs::path existing(fs::path path) {
    std::error_code failed;
    while (!fs::exists(path, failed) && path.has_parent_path() && path != path.parent_path())
        path = path.parent_path();
    return path;
}

}  // namespace

ResourceMeter::ResourceMeter(fs::path disk)
    : disk_(std::move(disk)),
      measured_(Clock::now()),
      next_(measured_ + kFirst),
      cpuSeconds_(cpuSecondsOfProcess()) {}
ResourceMeter::~ResourceMeter() = default;
ResourceMeter::ResourceMeter(ResourceMeter&&) noexcept = default;
ResourceMeter& ResourceMeter::operator=(ResourceMeter&&) noexcept = default;

void ResourceMeter::meterGpu(int index) { gpu_ = GpuMeter::open(index); }

void ResourceMeter::addTo(std::map<std::string, double>& metrics) {
    const auto now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - measured_).count();
    if (now < next_) return;
    const double cpu = cpuSecondsOfProcess();
    metrics["system/cpu_percent"] = 100 * (cpu - cpuSeconds_) / seconds;
    metrics["system/rss_mb"] = residentMemory();
    std::error_code failed;
    const auto space = fs::space(existing(disk_), failed);
    if (!failed) metrics["system/disk_free_gb"] = static_cast<double>(space.available) / 1e9;
    if (const auto load = gpu_ ? gpu_->load() : std::nullopt) {
        metrics["system/gpu_percent"] = load->percent;
        metrics["system/gpu_memory_mb"] = load->memoryMb;
    }
    measured_ = now;
    next_ = now + kSeldom;
    cpuSeconds_ = cpu;
}

}  // namespace lvr
