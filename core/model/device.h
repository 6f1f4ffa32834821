#pragma once

#include <torch/types.h>

#include <string>

namespace lvr {

// "cpu", "cuda" or "cuda:1". Loads libtorch_cuda.so when LibTorch has it. Throws Error: an unknown
// name, or CUDA that this LibTorch or machine does not have.
torch::Device parseDevice(const std::string& text);
// "float32" or "bfloat16". Throws Error.
torch::Dtype parseDtype(const std::string& text);

}  // namespace lvr
