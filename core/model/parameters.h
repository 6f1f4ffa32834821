#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

// A Linear's weight as it lies in memory: floating-point numbers, or integers with a scale for each
// group of a row (core/kernels/weight_matrix.h).
struct Weight {
    torch::Tensor values;  // [out, in]; int4: uint8 [out, in / 2]
    torch::Tensor scales;  // [out, in / group] bfloat16; undefined when not quantised
    bool isQuantised() const { return scales.defined(); }
    std::int64_t out() const { return values.size(0); }
    std::int64_t in() const {
        return values.scalar_type() == torch::kUInt8 ? 2 * values.size(1) : values.size(1);
    }
};

using NamedTensor = std::pair<std::string, torch::Tensor>;

// Where a model's tensors come from. Each layer asks for its own once, by name and shape, so that
// loading, checking, initialising, training and saving all walk the same list.
class Parameters {
public:
    using Provider = std::function<torch::Tensor(const std::string& name, at::IntArrayRef shape)>;
    // Of the Linear whose weight [out, in] lies at `module`; nothing where there is no adapter.
    using Adapters = std::function<std::optional<Lora>(const std::string& module, std::int64_t in,
                                                       std::int64_t out)>;
    // What of these is kept as integers; nothing where a weight is kept as the provider gives it.
    using Quantised = std::function<std::optional<Weight>(const std::string& name, std::int64_t out,
                                                          std::int64_t in)>;
    // activations: in which numbers the layers compute; nothing: in those of the weights.
    explicit Parameters(Provider provider, Adapters adapters = {}, Quantised quantised = {},
                        std::optional<torch::Dtype> activations = {})
        : shared_(std::make_shared<Shared>(Shared{std::move(provider), std::move(adapters),
                                                  std::move(quantised), activations})) {}

    Parameters at(const std::string& scope) const {
        Parameters inner = *this;
        inner.prefix_ += scope + ".";
        return inner;
    }
    torch::Tensor operator()(const std::string& name, at::IntArrayRef shape) const {
        shared_->list.emplace_back(prefix_ + name, shared_->provider(prefix_ + name, shape));
        return shared_->list.back().second;
    }
    // What vectors are multiplied with; as integers it is listed as `name` and `name`_scale.
    Weight weight(const std::string& name, std::int64_t out, std::int64_t in) const {
        auto found = shared_->quantised ? shared_->quantised(prefix_ + name, out, in)
                                        : std::optional<Weight>();
        if (!found) return {(*this)(name, {out, in}), {}};
        shared_->list.emplace_back(prefix_ + name, found->values);
        shared_->list.emplace_back(prefix_ + name + "_scale", found->scales);
        return *std::move(found);
    }
    // A tensor that is computed with as it is (a bias, a norm's weight), in the activations' type;
    // listed as it is kept.
    torch::Tensor computed(const std::string& name, at::IntArrayRef shape) const {
        return asComputed((*this)(name, shape));
    }
    torch::Tensor asComputed(const torch::Tensor& kept) const {
        return shared_->activations ? kept.to(*shared_->activations) : kept;
    }
    std::optional<torch::Dtype> activations() const { return shared_->activations; }
    std::optional<Lora> lora(std::int64_t in, std::int64_t out) const {
        if (!shared_->adapters) return std::nullopt;
        auto lora = shared_->adapters(prefix_.substr(0, prefix_.size() - 1), in, out);
        if (lora) {
            shared_->adapter.emplace_back(prefix_ + "lora_A.weight", lora->a);
            shared_->adapter.emplace_back(prefix_ + "lora_B.weight", lora->b);
        }
        return lora;
    }
    const std::vector<NamedTensor>& list() const { return shared_->list; }
    const std::vector<NamedTensor>& adapter() const { return shared_->adapter; }

private:
    struct Shared {
        Provider provider;
        Adapters adapters;
        Quantised quantised;
        std::optional<torch::Dtype> activations;
        std::vector<NamedTensor> list = {}, adapter = {};
    };
    std::shared_ptr<Shared> shared_;
    std::string prefix_;
};

}  // namespace lvr
