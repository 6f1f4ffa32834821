#include "core/model/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/torch.h"

namespace lvr {
namespace {

// [B, KV, S, d] -> [B, KV * groups, S, d]
torch::Tensor repeatHeads(const torch::Tensor& x, std::int64_t groups) {
    if (groups == 1) return x;
    const auto s = x.sizes();
    return x.unsqueeze(2)
        .expand({s[0], s[1], groups, s[2], s[3]})
        .reshape({s[0], s[1] * groups, s[2], s[3]});
}

// The newest T of S positions, each seeing all before it and itself. [T, S]
torch::Tensor causalMask(std::int64_t newest, std::int64_t all, torch::Device device) {
    return torch::ones({newest, all}, torch::dtype(torch::kBool).device(device)).tril(all - newest);
}

// Many positions after a past, some at a time: a mask of them all would be [T, S] numbers in each
// layer, kept for the backward pass, and half of what it covers is not seen by anybody. One of
// [block, S] is a view for each block. q: [B, H, T, d]; k, v: [B, H, S, d] -> [B, H, T, d]
torch::Tensor attendInBlocks(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                             std::int64_t block) {
    const auto newest = q.size(2), all = k.size(2), past = all - newest;
    const auto mask = torch::zeros({block, all}, q.options().requires_grad(false))
                          .masked_fill_(causalMask(block, all, q.device()).logical_not(),
                                        -std::numeric_limits<double>::infinity());
    std::vector<torch::Tensor> parts;
    for (std::int64_t at = 0; at < newest; at += block) {
        const auto rows = std::min(block, newest - at), seen = past + at + rows;
        parts.push_back(torch::scaled_dot_product_attention(
            q.narrow(2, at, rows), k.narrow(2, 0, seen), v.narrow(2, 0, seen),
            mask.narrow(0, block - rows, rows).narrow(1, all - seen, seen)));
    }
    return torch::cat(parts, 2);
}

}  // namespace

torch::Tensor attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                     const torch::Tensor& mask) {
    const auto groups = q.size(1) / k.size(1), newest = q.size(2), all = k.size(2);
    if (newest == 1) {  // the query heads of a group read the same keys: no need to repeat those
        const auto grouped = q.view({q.size(0), k.size(1), groups, q.size(3)});
        const auto seen = mask.defined() ? std::optional(mask) : std::nullopt;
        return torch::scaled_dot_product_attention(grouped, k, v, seen).reshape(q.sizes());
    }
    const auto keys = repeatHeads(k, groups), values = repeatHeads(v, groups);
    if (mask.defined()) return torch::scaled_dot_product_attention(q, keys, values, mask);
    if (newest == all)
        return torch::scaled_dot_product_attention(q, keys, values, {}, 0.0, /*is_causal=*/true);
    constexpr std::int64_t kBlock = 512;
    if (newest > kBlock) return attendInBlocks(q, keys, values, kBlock);
    return torch::scaled_dot_product_attention(q, keys, values,
                                               causalMask(newest, all, q.device()));
}

torch::Tensor attentionOf(const torch::Tensor& q, const torch::Tensor& k,
                          const torch::Tensor& mask) {
    const auto groups = q.size(1) / k.size(1), newest = q.size(2), all = k.size(2);
    const auto keys = repeatHeads(k, groups).to(torch::kFloat32);
    const auto scores = torch::matmul(q.to(torch::kFloat32), keys.transpose(2, 3)) /
                        std::sqrt(static_cast<double>(q.size(3)));  // [B, H, T, S]
    const auto seen = mask.defined() ? mask : causalMask(newest, all, q.device());
    return scores.masked_fill(seen.logical_not(), -std::numeric_limits<double>::infinity())
        .softmax(-1)
        .mean(1);
}

}  // namespace lvr
