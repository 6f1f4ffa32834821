#include "core/train/token_log_probabilities.h"

#include <algorithm>

#include "core/torch.h"

namespace lvr {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// [l, V] float32
torch::Tensor scaledLogits(const torch::Tensor& hidden, const torch::Tensor& lmHead,
                           double temperature) {
    const auto logits = torch::linear(hidden, lmHead).to(torch::kFloat32);
    return temperature == 1 ? logits : logits / temperature;
}

struct Chunked : torch::autograd::Function<Chunked> {
    static variable_list forward(AutogradContext* context, const torch::Tensor& hidden,
                                 const torch::Tensor& lmHead, const torch::Tensor& labels,
                                 double temperature, std::int64_t chunk) {
        const auto count = labels.size(0);
        const auto floats = hidden.options().dtype(torch::kFloat32);
        auto value = torch::empty({count}, floats), entropy = torch::empty({count}, floats);
        auto likeliest = torch::empty_like(labels);
        for (std::int64_t at = 0; at < count; at += chunk) {
            const auto n = std::min(chunk, count - at);
            const auto logProbabilities =
                scaledLogits(hidden.narrow(0, at, n), lmHead, temperature).log_softmax(-1);
            value.narrow(0, at, n).copy_(
                logProbabilities.gather(1, labels.narrow(0, at, n).unsqueeze(1)).squeeze(1));
            entropy.narrow(0, at, n).copy_(-(logProbabilities.exp() * logProbabilities).sum(-1));
            likeliest.narrow(0, at, n).copy_(logProbabilities.argmax(-1));
        }
        context->save_for_backward({hidden, lmHead, labels});
        context->saved_data["temperature"] = temperature;
        context->saved_data["chunk"] = chunk;
        context->mark_non_differentiable({entropy, likeliest});
        return {value, entropy, likeliest};
    }

    // d log p(label) / d logits = one at the label - softmax
    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto &hidden = saved[0], &lmHead = saved[1], &labels = saved[2];
        const double temperature = context->saved_data["temperature"].toDouble();
        const auto chunk = context->saved_data["chunk"].toInt(), count = labels.size(0);
        auto ofHidden = torch::empty_like(hidden);
        const bool headLearns = context->needs_input_grad(1);  // not with LoRA: 1 GB saved
        auto ofHead = headLearns ? torch::zeros_like(lmHead, torch::kFloat32) : torch::Tensor();
        for (std::int64_t at = 0; at < count; at += chunk) {
            const auto n = std::min(chunk, count - at);
            const auto rows = hidden.narrow(0, at, n);
            const auto weight = gradients[0].narrow(0, at, n).unsqueeze(1) / temperature;
            auto ofLogits = scaledLogits(rows, lmHead, temperature).softmax(-1).mul_(-weight);
            ofLogits.scatter_add_(1, labels.narrow(0, at, n).unsqueeze(1), weight);
            ofHidden.narrow(0, at, n).copy_(ofLogits.to(lmHead.dtype()).matmul(lmHead));
            if (headLearns) ofHead.addmm_(ofLogits.t(), rows.to(torch::kFloat32));
        }
        return {ofHidden, headLearns ? ofHead.to(lmHead.dtype()) : torch::Tensor(), {}, {}, {}};
    }
};

}  // namespace

TokenLogProbabilities tokenLogProbabilities(const torch::Tensor& hidden,
                                            const torch::Tensor& lmHead,
                                            const torch::Tensor& labels, double temperature,
                                            std::int64_t chunk) {
    TORCH_CHECK(hidden.dim() == 2 && lmHead.dim() == 2 && hidden.size(1) == lmHead.size(1) &&
                    labels.dim() == 1 && labels.size(0) == hidden.size(0),
                "hidden ", hidden.sizes(), ", lmHead ", lmHead.sizes(), ", labels ",
                labels.sizes());
    const auto out = Chunked::apply(hidden, lmHead, labels.to(hidden.device()), temperature, chunk);
    return {out[0], out[1], out[2]};
}

}  // namespace lvr
