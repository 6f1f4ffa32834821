#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace lvr {

class GpuMeter;

// What this process takes of its machine: memory, processor, disk, and GPU when it has one.
class ResourceMeter {
public:
    // disk: where the process writes to; need not be there yet.
    explicit ResourceMeter(std::filesystem::path disk);
    ~ResourceMeter();
    ResourceMeter(ResourceMeter&&) noexcept;
    ResourceMeter& operator=(ResourceMeter&&) noexcept;

    // As the process counts its devices: cuda:index. Nothing is added without NVIDIA's library.
    void meterGpu(int index);
    // system/rss_mb, system/cpu_percent (100: one core, since the measure before), and, of what
    // the process shares with others, system/disk_free_gb, system/gpu_percent,
    // system/gpu_memory_mb. Adds nothing when it measured less than two seconds ago. Takes about
    // 20 microseconds, with a GPU a tenth of a millisecond.
    void addTo(std::map<std::string, double>& metrics);

private:
    using Clock = std::chrono::steady_clock;

    std::filesystem::path disk_;
    std::unique_ptr<GpuMeter> gpu_;
    Clock::time_point measured_, next_;
    double cpuSeconds_ = 0;  // until it measured
};

}  // namespace lvr
