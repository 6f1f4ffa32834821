#include "core/checkpoint/model_size.h"

#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"

namespace lvr {

std::int64_t parameterCount(const std::filesystem::path& folder) {
    std::int64_t count = 0;
    for (const auto& [name, tensor] : openWeights(baseOf(folder))) {
        std::int64_t size = 1;
        for (const auto length : tensor.shape) size *= length;
        count += size;
    }
    return count;
}

}  // namespace lvr
