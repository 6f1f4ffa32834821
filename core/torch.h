#pragma once

// What of LibTorch the core uses: tensors and their functions. <torch/torch.h> would bring modules,
// optimisers and data loaders too, whose pending templates the compiler works through in every
// file: four times the time. Those who write functions for autograd include <torch/autograd.h>.
#include <torch/types.h>
#include <torch/utils.h>
