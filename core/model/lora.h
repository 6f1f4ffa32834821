#pragma once

#include <torch/types.h>

namespace lvr {

// Low-rank adaptation of one Linear: y += scale * x A^T B^T (Hu et al. 2021, equation 3).
struct Lora {
    torch::Tensor a;  // [rank, in], PEFT's lora_A.weight
    torch::Tensor b;  // [out, rank], lora_B.weight
    double scale = 1;
};

}  // namespace lvr
