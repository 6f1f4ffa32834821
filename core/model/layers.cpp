#include "core/model/layers.h"

#include <algorithm>

#include "core/kernels/elementwise.h"
#include "core/kernels/threads.h"
#include "core/model/training_numbers.h"
#include "core/torch.h"

namespace lvr {
namespace {

// Whether our own kernels can do it, which have no gradients. Never in training, not even for what
// needs none there: numbers must not depend on what is trained or recomputed.
bool isPlain(const torch::Tensor& x) {
    return x.is_cpu() && x.scalar_type() == torch::kFloat32 && !TrainingNumbers::asked();
}
bool isPlain(const torch::Tensor& x, const torch::Tensor& weight) {
    return isPlain(x) && isPlain(weight);
}

constexpr std::int64_t kGrain = 1 << 14;  // numbers that are worth a thread

torch::Tensor normalisedRows(const torch::Tensor& x, const torch::Tensor& weight, double eps) {
    const auto read = x.contiguous();
    const auto size = read.size(-1);
    const auto y = torch::empty_like(read);
    const auto* from = read.const_data_ptr<float>();
    const auto* by = weight.const_data_ptr<float>();
    auto* to = y.mutable_data_ptr<float>();
    onThreads(read.numel() / size, std::max<std::int64_t>(1, kGrain / size),
              [&](std::int64_t begin, std::int64_t end) {
                  for (auto row = begin; row < end; ++row)
                      normaliseRow(from + row * size, by, eps, size, to + row * size);
              });
    return y;
}

// gate and up: the caller's own. -> the memory of gate
torch::Tensor gated(torch::Tensor gateOf, const torch::Tensor& up) {
    auto* to = gateOf.mutable_data_ptr<float>();
    const auto* from = up.const_data_ptr<float>();
    onThreads(gateOf.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
        gate(to + begin, from + begin, end - begin);
    });
    return gateOf;
}

// Heads of x by number, whatever its strides: at most three axes before head_dim.
struct HeadsOf {
    explicit HeadsOf(const torch::Tensor& x)
        : data(x.const_data_ptr<float>()), sizes(x.sizes()), strides(x.strides()) {}
    const float* operator()(std::int64_t head) const {
        std::int64_t offset = 0;
        for (auto axis = static_cast<std::int64_t>(sizes.size()) - 2; axis >= 0; --axis) {
            offset += head % sizes[axis] * strides[axis];
            head /= sizes[axis];
        }
        return data + offset;
    }
    const float* data;
    at::IntArrayRef sizes, strides;
};

torch::Tensor rotatedHeads(const torch::Tensor& x, const Rotary& rotary) {
    const auto size = x.size(-1);
    const auto y = torch::empty(x.sizes(), x.options());
    const auto cos = rotary.cos.expand(x.sizes()), sin = rotary.sin.expand(x.sizes());
    const HeadsOf heads(x), cosines(cos), sines(sin);
    auto* to = y.mutable_data_ptr<float>();
    onThreads(x.numel() / size, std::max<std::int64_t>(1, kGrain / size),
              [&](std::int64_t begin, std::int64_t end) {
                  for (auto h = begin; h < end; ++h)
                      rotateHead(heads(h), cosines(h), sines(h), size, to + h * size);
              });
    return y;
}

}  // namespace

LatentHead::LatentHead(const Parameters& parameters, LvrHead kind, const TextConfig& config) {
    const std::int64_t size = config.hiddenSize;
    if (kind == LvrHead::Mlp)
        mlp_ = Mlp{parameters.at("ln_q").computed("weight", {size}),
                   parameters.at("ln_q").computed("bias", {size}),
                   Linear(parameters.at("mlp").at("0"), size, size, Bias::Yes),
                   Linear(parameters.at("mlp").at("2"), size, size, Bias::Yes)};
    if (kind == LvrHead::Glu) glu_.emplace(parameters, size, config.intermediateSize, Bias::Yes);
}

torch::Tensor LatentHead::operator()(const torch::Tensor& hidden) const {
    if (glu_) return (*glu_)(hidden);
    if (!mlp_) return hidden;
    const auto normed =
        torch::layer_norm(hidden, {hidden.size(-1)}, mlp_->normWeight, mlp_->normBias, 1e-6);
    return mlp_->out(torch::gelu(mlp_->in(normed)));
}

RmsNorm::RmsNorm(const Parameters& parameters, std::int64_t size, double epsilon)
    : weight(parameters.computed("weight", {size})), eps(epsilon) {}

torch::Tensor RmsNorm::operator()(const torch::Tensor& x) const {
    if (isPlain(x, weight)) return normalisedRows(x, weight, eps);
    const auto wide = x.to(torch::kFloat32);
    const auto scale = torch::rsqrt(wide.square().mean(-1, /*keepdim=*/true) + eps);
    return weight * (wide * scale).to(x.scalar_type());
}

GatedMlp::GatedMlp(const Parameters& parameters, std::int64_t size, std::int64_t intermediate,
                   Bias bias)
    : gate(parameters.at("gate_proj"), size, intermediate, bias),
      up(parameters.at("up_proj"), size, intermediate, bias),
      down(parameters.at("down_proj"), intermediate, size, bias) {}

torch::Tensor GatedMlp::operator()(const torch::Tensor& x) const {
    const auto both = products(x, {&gate, &up});
    const bool isOurs = isPlain(both[0], both[1]) && both[0].is_contiguous();
    return down(isOurs ? gated(both[0], both[1]) : torch::silu(both[0]) * both[1]);
}

torch::Tensor rotate(const torch::Tensor& x, const Rotary& rotary) {
    if (isPlain(x) && x.stride(-1) == 1) return rotatedHeads(x, rotary);
    const auto wide = x.to(torch::kFloat32);
    const auto halves = wide.chunk(2, -1);
    const auto turned = torch::cat({-halves[1], halves[0]}, -1);
    return (wide * rotary.cos + turned * rotary.sin).to(x.scalar_type()).contiguous();
}

torch::Tensor added(const torch::Tensor& x, torch::Tensor y) {
    return isPlain(y) && isPlain(x) ? y.add_(x) : x + y;
}

}  // namespace lvr
