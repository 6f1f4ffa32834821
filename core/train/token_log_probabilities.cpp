#include "core/train/token_log_probabilities.h"

#include <torch/autograd.h>

#include <algorithm>

#include "core/model/linear.h"
#include "core/torch.h"

namespace lvr {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kLogitBytes = 64 << 20;

// The softmax of some positions before it is divided by its sum.
struct Exponentials {
    torch::Tensor of;                           // [l, V] exp(logit - the largest)
    torch::Tensor sum;                          // [l, 1]
    torch::Tensor value, isLikeliest, entropy;  // [l]
};

// Logits of some positions at a time, in memory that is kept from one chunk to the next.
class LogitChunks {
public:
    LogitChunks(torch::Tensor hidden, torch::Tensor lmHead, torch::Tensor labels,
                const TokenLossOptions& options)
        : hidden_(std::move(hidden)),
          lmHead_(std::move(lmHead)),
          labels_(std::move(labels)),
          options_(options) {
        const auto fit = kLogitBytes / (4 * lmHead_.size(0));
        chunk_ = std::min(std::max<std::int64_t>(labels_.size(0), 1),
                          options.chunk > 0 ? options.chunk : std::max<std::int64_t>(fit, 1));
        if (hidden_.scalar_type() == torch::kFloat32 && lmHead_.scalar_type() == torch::kFloat32)
            buffer_ = torch::empty({chunk_, lmHead_.size(0)}, hidden_.options());
    }

    // work: told where a chunk begins and of how many positions it is.
    template <class Visit>
    void each(const Visit& work) const {
        for (std::int64_t at = 0; at < labels_.size(0); at += chunk_)
            work(at, std::min(chunk_, labels_.size(0) - at));
    }

    torch::Tensor rows(std::int64_t at, std::int64_t count) const {
        return hidden_.narrow(0, at, count);
    }
    torch::Tensor labels(std::int64_t at, std::int64_t count) const {
        return labels_.narrow(0, at, count);
    }

    Exponentials exponentials(std::int64_t at, std::int64_t count) const {
        const auto logits = logitsOf(rows(at, count));
        const auto largest = logits.amax(-1, /*keepdim=*/true);
        const auto atLabel = logits.gather(1, labels(at, count).unsqueeze(1));
        Exponentials out;
        out.isLikeliest = (atLabel >= largest).squeeze(1);
        logits.sub_(largest);
        if (options_.entropy == TokenEntropy::Computed) {
            out.of = logits.exp();
            out.sum = out.of.sum(-1, /*keepdim=*/true);
            out.entropy = (out.sum.log() - logits.mul_(out.of).sum(-1, true) / out.sum).squeeze(1);
        } else {
            out.of = logits.exp_();
            out.sum = out.of.sum(-1, /*keepdim=*/true);
        }
        out.value = (atLabel - largest - out.sum.log()).squeeze(1);
        return out;
    }

    // d log p(label) / d hidden = (the label's row of the head - the mean row) / temperature
    torch::Tensor slopes(const Exponentials& e, std::int64_t at, std::int64_t count) const {
        const auto mean =
            e.of.to(lmHead_.scalar_type()).matmul(lmHead_).to(torch::kFloat32) / e.sum;
        const auto own = lmHead_.index_select(0, labels(at, count)).to(torch::kFloat32);
        return (own - mean).div_(options_.temperature);
    }

    // Adds weights times d log p(label) / d head. weights: [l], to: [V, D] float32
    void addToHead(const Exponentials& e, std::int64_t at, std::int64_t count,
                   const torch::Tensor& weights, const torch::Tensor& to) const {
        const auto read =
            rows(at, count).to(torch::kFloat32) * (weights / options_.temperature).unsqueeze(1);
        to.addmm_(e.of.t(), read / e.sum, 1, -1);
        to.index_add_(0, labels(at, count), read);
    }

private:
    torch::Tensor logitsOf(const torch::Tensor& rows) const {
        auto logits = buffer_.defined() ? buffer_.narrow(0, 0, rows.size(0)) : torch::Tensor();
        if (logits.defined())
            torch::mm_out(logits, rows, lmHead_.t());
        else
            logits = product(rows, {lmHead_, {}}).to(torch::kFloat32);
        return options_.temperature == 1 ? logits : logits.div_(options_.temperature);
    }

    torch::Tensor hidden_, lmHead_, labels_;
    TokenLossOptions options_;
    std::int64_t chunk_ = 1;
    torch::Tensor buffer_;  // [chunk, V]
};

struct TokenLossWork : torch::CustomClassHolder {
    TokenLossOptions options;
    bool hiddenLearns = false, headLearns = false;
};

struct Chunked : torch::autograd::Function<Chunked> {
    static variable_list forward(AutogradContext* context, const torch::Tensor& hidden,
                                 const torch::Tensor& lmHead, const torch::Tensor& labels,
                                 const c10::intrusive_ptr<TokenLossWork>& work) {
        const auto& options = work->options;
        const LogitChunks chunks(hidden, lmHead, labels, options);
        const auto floats = hidden.options().dtype(torch::kFloat32);
        const auto value = torch::empty({labels.size(0)}, floats),
                   entropy = torch::empty({labels.size(0)}, floats);
        const auto isLikeliest = torch::empty({labels.size(0)}, floats.dtype(torch::kBool));
        torch::Tensor slopes, ofHead;
        if (work->hiddenLearns) slopes = torch::empty(hidden.sizes(), floats);
        if (work->headLearns && options.weights.defined())
            ofHead = torch::zeros(lmHead.sizes(), floats);
        chunks.each([&](std::int64_t at, std::int64_t count) {
            const auto e = chunks.exponentials(at, count);
            value.narrow(0, at, count).copy_(e.value);
            isLikeliest.narrow(0, at, count).copy_(e.isLikeliest);
            if (e.entropy.defined()) entropy.narrow(0, at, count).copy_(e.entropy);
            if (slopes.defined()) slopes.narrow(0, at, count).copy_(chunks.slopes(e, at, count));
            if (ofHead.defined())
                chunks.addToHead(e, at, count, options.weights.narrow(0, at, count), ofHead);
        });
        context->save_for_backward({hidden, lmHead, labels, slopes, ofHead});
        context->saved_data["work"] = c10::IValue::make_capsule(work);
        context->mark_non_differentiable({isLikeliest, entropy});
        return {value, isLikeliest, entropy};
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const auto work = c10::static_intrusive_pointer_cast<TokenLossWork>(
            context->saved_data["work"].toCapsule());
        const auto saved = context->get_saved_variables();
        const auto &hidden = saved[0], &lmHead = saved[1], &slopes = saved[3];
        const auto& given = gradients[0];
        variable_list back(4);
        if (slopes.defined()) back[0] = (slopes * given.unsqueeze(1)).to(hidden.scalar_type());
        if (work->headLearns)
            back[1] = ofHead(saved, given, work->options).to(lmHead.scalar_type());
        return back;
    }

private:
    static torch::Tensor ofHead(const variable_list& saved, const torch::Tensor& given,
                                const TokenLossOptions& options) {
        if (saved[4].defined()) {
            const double factor = factorOf(given, options.weights);
            return factor == 1 ? saved[4] : saved[4] * factor;
        }
        const LogitChunks chunks(saved[0], saved[1], saved[2], options);
        const auto sum = torch::zeros(saved[1].sizes(), given.options());
        chunks.each([&](std::int64_t at, std::int64_t count) {
            chunks.addToHead(chunks.exponentials(at, count), at, count, given.narrow(0, at, count),
                             sum);
        });
        return sum;
    }

    // What the weights were multiplied by.
    static double factorOf(const torch::Tensor& given, const torch::Tensor& weights) {
        const double square = weights.square().sum().item<double>();
        const double factor = square > 0 ? (given * weights).sum().item<double>() / square : 0;
        const auto off = (given - factor * weights).abs().max().item<double>();
        TORCH_CHECK(!(off > 1e-4 * weights.abs().max().item<double>() * std::abs(factor)),
                    "the loss weighs log-probabilities by other weights than those it gave");
        return std::abs(factor - 1) < 1e-6 ? 1 : factor;
    }
};

}  // namespace

TokenLogProbabilities tokenLogProbabilities(const torch::Tensor& hidden,
                                            const torch::Tensor& lmHead,
                                            const torch::Tensor& labels,
                                            const TokenLossOptions& options) {
    TORCH_CHECK(hidden.dim() == 2 && lmHead.dim() == 2 && hidden.size(1) == lmHead.size(1) &&
                    labels.dim() == 1 && labels.size(0) == hidden.size(0),
                "hidden ", hidden.sizes(), ", lmHead ", lmHead.sizes(), ", labels ",
                labels.sizes());
    auto work = c10::make_intrusive<TokenLossWork>();
    work->options = options;
    work->options.weights = options.weights.defined()
                                ? options.weights.to(hidden.device(), torch::kFloat32)
                                : torch::Tensor();
    work->hiddenLearns = torch::GradMode::is_enabled() && hidden.requires_grad();
    work->headLearns = torch::GradMode::is_enabled() && lmHead.requires_grad();
    const auto out = Chunked::apply(hidden, lmHead, labels.to(hidden.device()), work);
    return {out[0], out[1], options.entropy == TokenEntropy::Computed ? out[2] : torch::Tensor()};
}

}  // namespace lvr
