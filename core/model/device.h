#pragma once

#include <torch/types.h>

#include <string>

namespace lvr {

// "cpu", "cuda" or "cuda:1". Loads libtorch_cuda.so when LibTorch has it. Throws Error: an unknown
// name, or CUDA that this LibTorch or machine does not have.
torch::Device parseDevice(const std::string& text);

class LvrModel;
// CPU threads for what this thread computes next: one for a model too small to share. On tensors of
// that size a second thread waits longer than it works, by far on a busy machine (an answer of the
// tiny model beside one busy process: 28 ms with one thread, 1.2 s with two). Otherwise all.
// asked: so many, whatever the model; 0: as said.
void fitThreads(const LvrModel& model, int asked = 0);

}  // namespace lvr
