#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <optional>

namespace lvr {

// What training leaves out of the inputs of a model's adapters (LoRA dropout): one for all of them.
// Nothing before it is seeded, nor where gradients are off.
class LoraDropout {
public:
    explicit LoraDropout(double share) : share_(share) {}

    // What is left out from here on follows from this number alone.
    void seed(std::uint64_t seed) { seed_ = seed, layers_ = 0; }
    // The number of the layer that is computed next; nothing when all of its inputs count.
    std::optional<std::uint64_t> next();
    // While one lives, a layer is computed: with the same number the same is left out again.
    class Layer {
    public:
        Layer(LoraDropout* dropout, std::optional<std::uint64_t> number);
        ~Layer();
        Layer(const Layer&) = delete;
        Layer& operator=(const Layer&) = delete;

    private:
        LoraDropout* dropout_ = nullptr;  // nothing is left out
    };
    // Each entry 0 with probability `share`, or else divided by 1 - share.
    torch::Tensor of(const torch::Tensor& x);

private:
    double share_;
    std::optional<std::uint64_t> seed_, number_;  // number: of the layer that is being computed
    std::uint64_t layers_ = 0;
    std::optional<at::Generator> random_;
};

// Low-rank adaptation of one Linear: y += scale * x A^T B^T (Hu et al. 2021, equation 3).
struct Lora {
    torch::Tensor a;  // [rank, in], PEFT's lora_A.weight
    torch::Tensor b;  // [out, rank], lora_B.weight
    double scale = 1;
    std::shared_ptr<LoraDropout> dropout = {};  // of x; nullptr: none
};

}  // namespace lvr
