#include "core/model/linear.h"

#include "core/kernels/matmul.h"
#include "core/model/threads.h"
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

// Whether our own kernels can do it: what they return has no gradient.
bool isOwn(const torch::Tensor& x, const Weight& weight) {
    const auto type = weight.values.scalar_type();
    return x.is_cpu() && x.scalar_type() == torch::kFloat32 && weight.values.is_cpu() &&
           weight.values.is_contiguous() && type != torch::kFloat16 &&
           !(torch::GradMode::is_enabled() && (x.requires_grad() || weight.values.requires_grad()));
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

Strided viewOf(const torch::Tensor& matrix) {
    return {matrix.const_data_ptr<float>(), matrix.stride(0), matrix.stride(1)};
}

// [m, k] times [k, n]
torch::Tensor times(const torch::Tensor& a, const torch::Tensor& b) {
    const auto c = torch::empty({a.size(0), b.size(1)}, a.options());
    const Gemm work{.m = a.size(0),
                    .n = b.size(1),
                    .k = a.size(1),
                    .a = viewOf(a),
                    .b = viewOf(b),
                    .c = c.mutable_data_ptr<float>(),
                    .cStride = c.size(1)};
    multiply({&work, 1}, onThreads);
    return c;
}

// ownProduct with gradients.
struct OwnLinear : torch::autograd::Function<OwnLinear> {
    static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                                 const torch::Tensor& weight, const torch::Tensor& bias) {
        context->save_for_backward({x, weight});
        return ownProduct(x, {weight, {}}, bias);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto &x = saved[0], &weight = saved[1];
        const auto ofY = gradients[0].reshape({-1, weight.size(0)});  // [rows, out]
        torch::Tensor ofX, ofWeight, ofBias;
        if (context->needs_input_grad(0)) ofX = times(ofY, weight).view(x.sizes());
        if (context->needs_input_grad(1))
            ofWeight = times(ofY.t(), x.reshape({-1, weight.size(1)}));
        if (context->needs_input_grad(2)) ofBias = ofY.sum(0);
        return {ofX, ofWeight, ofBias};
    }
};

// Fewer products than this are over before the fastest way is found.
constexpr std::int64_t kWorthChoosing = 1 << 20;

ManyRows wayFor(const torch::Tensor& x, const Weight& weight) {
    const bool isLarge = rowsOf(x) > kFewRows && weight.values.numel() >= kWorthChoosing;
    return isLarge && !weight.isQuantised() ? fastestFor(weight.values.scalar_type())
                                            : ManyRows::Own;
}

// Whether our own kernels are the fastest with gradients, too: large float32 products.
bool mayLearnOwn(const torch::Tensor& x, const Weight& weight) {
    const auto& w = weight.values;
    const bool isWide = x.is_cpu() && w.is_cpu() && x.scalar_type() == torch::kFloat32 &&
                        w.scalar_type() == torch::kFloat32 && w.is_contiguous();
    return isWide && wayFor(x, weight) == ManyRows::Own && w.numel() >= kWorthChoosing &&
           rowsOf(x) > kFewRows;
}

}  // namespace

torch::Tensor product(const torch::Tensor& x, const Weight& weight, const torch::Tensor& bias) {
    if (isOwn(x, weight)) return product(x, weight, bias, wayFor(x, weight));
    TORCH_CHECK(!weight.isQuantised(), "quantised weights have no gradient and are for the CPU");
    if (mayLearnOwn(x, weight)) return OwnLinear::apply(x, weight.values, bias);
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
