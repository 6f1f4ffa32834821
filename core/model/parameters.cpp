#include "core/model/parameters.h"

#include "core/torch.h"

namespace lvr {
namespace {

// SplitMix64: numbers that have nothing to do with each other.
std::uint64_t scrambled(std::uint64_t x) {
    x += 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

}  // namespace

std::optional<std::uint64_t> LoraDropout::next() {
    if (!seed_ || !torch::GradMode::is_enabled()) return std::nullopt;
    return scrambled(scrambled(*seed_) + layers_++);
}

LoraDropout::Layer::Layer(LoraDropout* dropout, std::optional<std::uint64_t> number) {
    if (!number) return;
    dropout_ = dropout;
    dropout_->number_ = number;
    dropout_->random_.reset();
}

LoraDropout::Layer::~Layer() {
    if (dropout_) dropout_->number_.reset();
}

torch::Tensor LoraDropout::of(const torch::Tensor& x) {
    if (!number_) return x;
    if (!random_) {
        random_ = at::globalContext().defaultGenerator(x.device()).clone();
        random_->set_current_seed(*number_);
    }
    const double kept = 1 - share_;
    return x * torch::empty_like(x).bernoulli_(kept, random_).div_(kept);
}

}  // namespace lvr
