#include "core/checkpoint/model_size.h"

#include <algorithm>
#include <map>

#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"

namespace lvr {

ModelSize sizeOf(const std::filesystem::path& folder) {
    ModelSize size;
    std::map<DType, std::int64_t> counts;
    for (const auto& [name, tensor] : openWeights(baseOf(folder))) {
        std::int64_t count = 1;
        for (const auto length : tensor.shape) count *= length;
        size.parameters += count;
        counts[tensor.dtype] += count;
    }
    const auto most = std::max_element(counts.begin(), counts.end(),
                                       [](auto& a, auto& b) { return a.second < b.second; });
    if (most != counts.end()) size.dtype = most->first;
    return size;
}

}  // namespace lvr
