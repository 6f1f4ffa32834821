#pragma once

#include <torch/types.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace lvr {

// Keys and values of the positions already read, per layer [B, KV heads, S, head_dim].
class KvCache {
public:
    // Room for `capacity` positions is reserved once and written in place. Without a capacity the
    // cache grows by concatenation, through which gradients flow.
    explicit KvCache(std::int64_t capacity = 0) : capacity_(capacity) {}

    std::int64_t length() const { return length_; }
    // Called by layer `layer` with this pass' [B, KV, T, d]; returns all positions including them.
    std::pair<torch::Tensor, torch::Tensor> extend(std::size_t layer, const torch::Tensor& keys,
                                                   const torch::Tensor& values);
    // What layer `layer` holds, [B, KV, S, d] each; undefined before it was read.
    std::pair<torch::Tensor, torch::Tensor> of(std::size_t layer) const {
        return layer < keys_.size() ? std::pair(keys_[layer], values_[layer])
                                    : std::pair<torch::Tensor, torch::Tensor>();
    }
    void advance(std::int64_t positions) { length_ += positions; }  // after the last layer

    // Row i of the new cache is row rows[i] of this one. rows: [B'] int64. For forking a prefix
    // through which gradients flow.
    KvCache select(const torch::Tensor& rows) const;
    // The same with room for `capacity` positions; what was read is copied once, nothing is shared.
    KvCache fork(const torch::Tensor& rows, std::int64_t capacity) const;
    // Of a cache with a capacity: what it held when it had read no more than so many positions. A
    // view, so that nothing may be read with both.
    KvCache upTo(std::int64_t positions) const;
    // Of a cache with a capacity: drops the other rows, in place; what follows them moves up. rows:
    // ascending.
    void keep(const std::vector<std::int64_t>& rows);
    std::size_t bytes() const;  // of all it has room for
    // The same for a look ahead by at most `positions`: what is read is forgotten with the returned
    // cache. Nothing is copied where the rows are all of this one and it has room.
    KvCache ahead(const torch::Tensor& rows, std::int64_t positions) const;

private:
    std::pair<torch::Tensor, torch::Tensor> grow(std::size_t layer, const torch::Tensor& keys,
                                                 const torch::Tensor& values);
    std::int64_t capacity_;
    std::int64_t length_ = 0;
    std::vector<torch::Tensor> keys_, values_;
};

}  // namespace lvr
