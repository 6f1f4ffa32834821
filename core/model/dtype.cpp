#include "core/model/dtype.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.h"
#include "core/torch.h"

namespace lvr {
namespace {

constexpr std::array<std::pair<torch::Dtype, DType>, 10> kTypes{{{torch::kFloat32, DType::F32},
                                                                 {torch::kFloat64, DType::F64},
                                                                 {torch::kBFloat16, DType::BF16},
                                                                 {torch::kFloat16, DType::F16},
                                                                 {torch::kInt64, DType::I64},
                                                                 {torch::kInt32, DType::I32},
                                                                 {torch::kInt16, DType::I16},
                                                                 {torch::kInt8, DType::I8},
                                                                 {torch::kUInt8, DType::U8},
                                                                 {torch::kBool, DType::Bool}}};

}  // namespace

torch::Dtype memoryType(DType stored) {
    return std::find_if(kTypes.begin(), kTypes.end(),
                        [&](const auto& pair) { return pair.second == stored; })
        ->first;
}

DType storedType(torch::Dtype dtype) {
    const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                    [&](const auto& pair) { return pair.first == dtype; });
    TORCH_CHECK(found != kTypes.end(), "no file holds tensors of ", dtype);
    return found->second;
}

std::string toText(torch::Dtype dtype) {
    switch (dtype) {
        case torch::kFloat32:
            return "float32";
        case torch::kBFloat16:
            return "bfloat16";
        case torch::kFloat16:
            return "float16";
        default:
            return c10::toString(dtype);
    }
}

torch::Dtype parseDtype(const std::string& text) {
    if (text == "float32") return torch::kFloat32;
    if (text == "bfloat16") return torch::kBFloat16;
    throw Error("unknown dtype \"" + text + "\"; valid are float32 and bfloat16");
}

}  // namespace lvr
