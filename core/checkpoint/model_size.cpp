#include "core/checkpoint/model_size.h"

#include <algorithm>
#include <map>

#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"

namespace lvr {

namespace {

bool isInteger(DType dtype) {
    switch (dtype) {
        case DType::F16:
        case DType::BF16:
        case DType::F32:
        case DType::F64:
            return false;
        default:
            return true;
    }
}

bool isScale(const std::string& name) { return name.ends_with(".weight_scale"); }

std::int64_t numbersIn(const TensorView& tensor) {
    std::int64_t count = 1;
    for (const auto length : tensor.shape) count *= length;
    return count;
}

}  // namespace

ModelSize sizeOf(const std::filesystem::path& folder) {
    const auto base = baseOf(folder);
    ModelSize size{.quantised = readQuantisation(base)};
    std::map<DType, std::int64_t> counts;
    for (const auto& [name, tensor] : openWeights(base)) {
        size.bytes += static_cast<std::int64_t>(tensor.size);
        if (size.quantised && isScale(name)) continue;
        const auto count = numbersIn(tensor);
        size.parameters += size.quantised && tensor.dtype == DType::U8 ? 2 * count : count;
        if (!isInteger(tensor.dtype)) counts[tensor.dtype] += count;
    }
    const auto most = std::max_element(counts.begin(), counts.end(),
                                       [](auto& a, auto& b) { return a.second < b.second; });
    if (most != counts.end()) size.dtype = most->first;
    return size;
}

}  // namespace lvr
