#include "core/model/kv_cache.h"

#include "core/torch.h"

namespace lvr {
namespace {

torch::Tensor reserve(const torch::Tensor& like, std::int64_t rows, std::int64_t capacity) {
    auto shape = like.sizes().vec();
    shape[0] = rows;
    shape[2] = capacity;
    return torch::empty(shape, like.options());
}

// from: [B, KV, n, d], to: [B', KV, n, d]; row i of `to` becomes row rows[i] of `from`.
void copyRows(const torch::Tensor& from, const torch::Tensor& rows, const torch::Tensor& to) {
    if (from.size(0) == 1) {
        to.copy_(from.expand_as(to));
    } else if (from.is_cpu()) {
        const auto onCpu = rows.to(torch::kCPU).contiguous();
        const auto* which = onCpu.data_ptr<std::int64_t>();
        for (std::int64_t i = 0; i < to.size(0); ++i) to[i].copy_(from[which[i]]);
    } else {
        to.copy_(from.index_select(0, rows.to(from.device())));
    }
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
        keys_.push_back(reserve(keys, keys.size(0), capacity_));
        values_.push_back(reserve(values, values.size(0), capacity_));
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
            const auto read = (*from)[layer].narrow(2, 0, length_);
            to->push_back(reserve(read, rows.size(0), capacity));
            copyRows(read, rows, to->back().narrow(2, 0, length_));
        }
    return forked;
}

KvCache KvCache::upTo(std::int64_t positions) const {
    TORCH_CHECK(capacity_ > 0 && positions <= length_, positions, " positions of a cache of ",
                length_);
    KvCache cut = *this;
    cut.length_ = positions;
    return cut;
}

void KvCache::keep(const std::vector<std::int64_t>& rows) {
    TORCH_CHECK(capacity_ > 0, "rows are dropped in place of a cache with a capacity only");
    for (auto* tensors : {&keys_, &values_})
        for (auto& tensor : *tensors) {
            const auto read = tensor.narrow(2, 0, length_);
            for (std::int64_t i = 0; i < std::ssize(rows); ++i) {
                TORCH_CHECK(rows[i] >= i, "rows to keep must ascend");
                if (rows[i] > i) read[i].copy_(read[rows[i]]);
            }
            tensor = tensor.narrow(0, 0, std::ssize(rows));
        }
}

std::size_t KvCache::bytes() const {
    std::size_t bytes = 0;
    for (const auto* tensors : {&keys_, &values_})
        for (const auto& tensor : *tensors) bytes += tensor.nbytes();
    return bytes;
}

KvCache KvCache::ahead(const torch::Tensor& rows, std::int64_t positions) const {
    const auto count = keys_.empty() ? 0 : keys_.front().size(0);
    const bool isAll = torch::equal(rows.to(torch::kCPU), torch::arange(count));
    return isAll && length_ + positions <= capacity_ ? *this : fork(rows, length_ + positions);
}

}  // namespace lvr
