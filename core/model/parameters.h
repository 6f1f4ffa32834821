#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/model/lora.h"

namespace lvr {

using NamedTensor = std::pair<std::string, torch::Tensor>;

// Where a model's tensors come from. Each layer asks for its own once, by name and shape, so that
// loading, checking, initialising, training and saving all walk the same list.
class Parameters {
public:
    using Provider = std::function<torch::Tensor(const std::string& name, at::IntArrayRef shape)>;
    // Of the Linear whose weight [out, in] lies at `module`; nothing where there is no adapter.
    using Adapters = std::function<std::optional<Lora>(const std::string& module, std::int64_t in,
                                                       std::int64_t out)>;
    explicit Parameters(Provider provider, Adapters adapters = {})
        : shared_(std::make_shared<Shared>(Shared{std::move(provider), std::move(adapters)})) {}

    Parameters at(const std::string& scope) const {
        Parameters inner = *this;
        inner.prefix_ += scope + ".";
        return inner;
    }
    torch::Tensor operator()(const std::string& name, at::IntArrayRef shape) const {
        shared_->list.emplace_back(prefix_ + name, shared_->provider(prefix_ + name, shape));
        return shared_->list.back().second;
    }
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
        std::vector<NamedTensor> list, adapter;
    };
    std::shared_ptr<Shared> shared_;
    std::string prefix_;
};

}  // namespace lvr
