#pragma once

#include <memory>
#include <optional>

namespace lvr {

struct GpuLoad {
    double percent = 0;   // of the time that something ran on it
    double memoryMb = 0;  // taken, by whomever
};

// One GPU, through NVIDIA's management library, which comes with the driver.
class GpuMeter {
public:
    // As CUDA counts them in this process (CUDA_VISIBLE_DEVICES). Null: no library, no such GPU.
    static std::unique_ptr<GpuMeter> open(int index);
    ~GpuMeter();
    std::optional<GpuLoad> load() const;

private:
    struct Library;
    GpuMeter(std::unique_ptr<Library> library, void* device);

    std::unique_ptr<Library> library_;
    void* device_;
};

}  // namespace lvr
