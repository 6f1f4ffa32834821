#pragma once

// What of LibTorch the core uses: tensors, their functions, autograd. <torch/torch.h> would bring
// modules, optimisers and data loaders too, whose pending templates the compiler works through in
// every file: three times the time.
#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>
