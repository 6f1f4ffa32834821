// What machine_test finds in place of NVIDIA's management library: two GPUs, of which the second
// has a name.

#include <cstring>

namespace {

int first = 0, second = 1;

}  // namespace

extern "C" {

int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
    *device = index == 0 ? &first : &second;
    return index > 1;
}
int nvmlDeviceGetHandleByUUID(const char* name, void** device) {
    *device = &second;
    return std::strcmp(name, "GPU-5ec0") != 0;
}
int nvmlDeviceGetUtilizationRates(void* device, unsigned* percents) {
    percents[0] = *static_cast<int*>(device) == 0 ? 37 : 64;
    percents[1] = 5;
    return 0;
}
int nvmlDeviceGetMemoryInfo(void*, unsigned long long* bytes) {
    bytes[0] = 80ULL << 30;
    bytes[1] = 75ULL << 30;
    bytes[2] = 5ULL << 30;
    return 0;
}
}
