#include "core/model/kv_cache.h"

#include "core/torch.h"

namespace lvr {
namespace {

torch::Tensor reserve(const torch::Tensor& like, std::int64_t capacity) {
    auto shape = like.sizes().vec();
    shape[2] = capacity;
    return torch::empty(shape, like.options());
}

}  // namespace

std::pair<torch::Tensor, torch::Tensor> KvCache::grow(std::size_t layer, const torch::Tensor& keys,
                                                      const torch::Tensor& values) {
    if (layer == keys_.size()) {
        keys_.push_back(keys);
        values_.push_back(values);
    } else {
        keys_[layer] = torch::cat({keys_[layer], keys}, 2);
        values_[layer] = torch::cat({values_[layer], values}, 2);
    }
    return {keys_[layer], values_[layer]};
}

std::pair<torch::Tensor, torch::Tensor> KvCache::extend(std::size_t layer,
                                                        const torch::Tensor& keys,
                                                        const torch::Tensor& values) {
    TORCH_CHECK(layer <= keys_.size(), "layer ", layer, " skips layer ", keys_.size());
    if (capacity_ == 0) return grow(layer, keys, values);
    const auto added = keys.size(2), end = length_ + added;
    TORCH_CHECK(end <= capacity_, "cache of ", capacity_, " positions asked for ", end);
    if (layer == keys_.size()) {
        keys_.push_back(reserve(keys, capacity_));
        values_.push_back(reserve(values, capacity_));
    }
    keys_[layer].narrow(2, length_, added).copy_(keys);
    values_[layer].narrow(2, length_, added).copy_(values);
    return {keys_[layer].narrow(2, 0, end), values_[layer].narrow(2, 0, end)};
}

KvCache KvCache::select(const torch::Tensor& rows) const {
    KvCache chosen = *this;
    for (auto* tensors : {&chosen.keys_, &chosen.values_})
        for (auto& tensor : *tensors) tensor = tensor.index_select(0, rows);
    return chosen;
}

KvCache KvCache::fork(const torch::Tensor& rows, std::int64_t capacity) const {
    TORCH_CHECK(capacity >= length_, "cache of ", capacity, " positions for ", length_);
    KvCache forked(capacity);
    forked.length_ = length_;
    for (std::size_t layer = 0; layer < keys_.size(); ++layer)
        for (const auto& [from, to] :
             {std::pair(&keys_, &forked.keys_), std::pair(&values_, &forked.values_)}) {
            const auto read = (*from)[layer].narrow(2, 0, length_).index_select(0, rows);
            to->push_back(reserve(read, capacity));
            to->back().narrow(2, 0, length_).copy_(read);
        }
    return forked;
}

KvCache KvCache::ahead(const torch::Tensor& rows, std::int64_t positions) const {
    const auto count = keys_.empty() ? 0 : keys_.front().size(0);
    const bool isAll = torch::equal(rows.to(torch::kCPU), torch::arange(count));
    return isAll && length_ + positions <= capacity_ ? *this : fork(rows, length_ + positions);
}

}  // namespace lvr
