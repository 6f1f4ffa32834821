#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lvr {

using NamedTensor = std::pair<std::string, torch::Tensor>;

// Where a model's tensors come from. Each layer asks for its own once, by name and shape, so that
// loading, checking, initialising, training and saving all walk the same list.
class Parameters {
public:
    using Provider = std::function<torch::Tensor(const std::string& name, at::IntArrayRef shape)>;
    explicit Parameters(Provider provider)
        : provider_(std::make_shared<Provider>(std::move(provider))),
          list_(std::make_shared<std::vector<NamedTensor>>()) {}

    Parameters at(const std::string& scope) const {
        Parameters inner = *this;
        inner.prefix_ += scope + ".";
        return inner;
    }
    torch::Tensor operator()(const std::string& name, at::IntArrayRef shape) const {
        list_->emplace_back(prefix_ + name, (*provider_)(prefix_ + name, shape));
        return list_->back().second;
    }
    const std::vector<NamedTensor>& list() const { return *list_; }

private:
    std::shared_ptr<Provider> provider_;
    std::shared_ptr<std::vector<NamedTensor>> list_;
    std::string prefix_;
};

}  // namespace lvr
