#pragma once

#include <torch/types.h>

#include <string>

#include "core/files/safetensors.h"

namespace lvr {

// The type of a tensor's numbers in memory, in a safetensors file, and in words.
torch::Dtype memoryType(DType stored);
DType storedType(torch::Dtype dtype);  // TORCH_CHECKs that such a file can hold it

std::string toText(torch::Dtype dtype);  // "bfloat16"
// "float32" or "bfloat16". Throws Error.
torch::Dtype parseDtype(const std::string& text);

}  // namespace lvr
