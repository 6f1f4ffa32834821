#include "core/model/linear.h"

#include "core/kernels/matmul.h"
#include "core/kernels/threads.h"
#include "core/model/training_numbers.h"
#include "core/torch.h"

namespace lvr {
namespace {

WeightType typeOf(const Weight& weight) {
    switch (weight.values.scalar_type()) {
        case torch::kFloat32:
            return WeightType::F32;
        case torch::kBFloat16:
            return WeightType::BF16;
        case torch::kInt8:
            return WeightType::I8;
        case torch::kUInt8:
            return WeightType::I4;
        default:
            TORCH_CHECK(false, "no product with weights of type ", weight.values.scalar_type());
    }
}

WeightMatrix matrixOf(const Weight& weight) {
    WeightMatrix matrix{.type = typeOf(weight),
                        .out = weight.out(),
                        .in = weight.in(),
                        .data = weight.values.const_data_ptr()};
    if (weight.isQuantised()) {
        matrix.scales = static_cast<const std::uint16_t*>(weight.scales.const_data_ptr());
        matrix.group = weight.in() / weight.scales.size(1);
    }
    return matrix;
}

// Whether our own kernels can do it, which have no gradients: not in training, unless nothing else
// can read the weights.
bool isOwn(const torch::Tensor& x, const Weight& weight) {
    const auto type = weight.values.scalar_type();
    const bool isKnown = x.is_cpu() && x.scalar_type() == torch::kFloat32 &&
                         weight.values.is_cpu() && weight.values.is_contiguous() &&
                         type != torch::kFloat16;
    if (!isKnown) return false;
    if (type == torch::kFloat32) return !TrainingNumbers::asked();
    return !(torch::GradMode::is_enabled() && x.requires_grad());
}

std::int64_t rowsOf(const torch::Tensor& x) { return x.numel() / x.size(-1); }

torch::Tensor emptyOutput(const torch::Tensor& x, std::int64_t out) {
    auto shape = x.sizes().vec();
    shape.back() = out;
    return torch::empty(shape, x.options());
}

Product into(const torch::Tensor& y, const Weight& weight, const torch::Tensor& bias) {
    return {matrixOf(weight), bias.defined() ? bias.const_data_ptr<float>() : nullptr,
            y.mutable_data_ptr<float>(), weight.out()};
}

torch::Tensor ownProduct(const torch::Tensor& x, const Weight& weight, const torch::Tensor& bias) {
    const auto read = x.contiguous();
    const auto y = emptyOutput(read, weight.out());
    const auto work = into(y, weight, bias);
    const Inputs inputs{read.const_data_ptr<float>(), rowsOf(read), read.size(-1)};
    if (inputs.rows <= kFewRows)
        multiplyRows({&work, 1}, inputs, onThreads);
    else
        multiply(work, inputs, onThreads);
    return y;
}

// Fewer products than this are over before the fastest way is found.
constexpr std::int64_t kWorthChoosing = 1 << 20;

ManyRows wayFor(const torch::Tensor& x, const Weight& weight) {
    const bool isLarge = rowsOf(x) > kFewRows && weight.values.numel() >= kWorthChoosing;
    return isLarge && !weight.isQuantised() ? fastestFor(weight.values.scalar_type())
                                            : ManyRows::Own;
}

}  // namespace

torch::Tensor product(const torch::Tensor& x, const Weight& weight, const torch::Tensor& bias) {
    if (isOwn(x, weight)) return product(x, weight, bias, wayFor(x, weight));
    TORCH_CHECK(!weight.isQuantised(), "quantised weights have no gradient and are for the CPU");
    return torch::linear(x, weight.values.to(x.scalar_type()), bias);
}

torch::Tensor product(const torch::Tensor& x, const Weight& weight, const torch::Tensor& bias,
                      ManyRows way) {
    switch (way) {
        case ManyRows::Own:
            return ownProduct(x, weight, bias);
        case ManyRows::Library:
            return torch::linear(x, weight.values, bias);
        case ManyRows::Bfloat16: {
            const auto y = torch::linear(x.to(torch::kBFloat16), weight.values).to(torch::kFloat32);
            return bias.defined() ? y.add_(bias) : y;
        }
    }
    return {};
}

Linear::Linear(const Parameters& parameters, std::int64_t in, std::int64_t out, Bias withBias)
    : weight(parameters.weight("weight", out, in)), lora(parameters.lora(in, out)) {
    if (withBias == Bias::Yes) bias = parameters.computed("bias", {out});
}

torch::Tensor Linear::operator()(const torch::Tensor& x) const {
    const auto y = product(x, weight, bias);
    if (!lora) return y;
    const auto seen = lora->dropout ? lora->dropout->of(x) : x;
    return y + torch::matmul(torch::matmul(seen, lora->a.t()) * lora->scale, lora->b.t());
}

std::vector<torch::Tensor> products(const torch::Tensor& x,
                                    const std::vector<const Linear*>& linears) {
    std::vector<torch::Tensor> all;
    bool atOnce = rowsOf(x) <= kFewRows;
    for (const auto* linear : linears) atOnce &= isOwn(x, linear->weight) && !linear->lora;
    if (!atOnce) {
        for (const auto* linear : linears) all.push_back((*linear)(x));
        return all;
    }
    const auto read = x.contiguous();
    std::vector<Product> work;
    for (const auto* linear : linears) {
        all.push_back(emptyOutput(read, linear->weight.out()));
        work.push_back(into(all.back(), linear->weight, linear->bias));
    }
    multiplyRows(work, {read.const_data_ptr<float>(), rowsOf(read), read.size(-1)}, onThreads);
    return all;
}

}  // namespace lvr
