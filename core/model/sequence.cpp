#include "core/model/sequence.h"

#include "core/torch.h"

namespace lvr {

torch::Tensor DeepStack::addedTo(const torch::Tensor& x, std::size_t layer) const {
    const auto number = static_cast<std::int64_t>(layer);
    if (!values.defined() || number >= values.size(0)) return x;
    const auto features = values[number].to(x.options());
    return x.flatten(0, 1).index_add(0, at.to(x.device()), features).view(x.sizes());
}

Sequence Sequence::narrow(std::int64_t first, std::int64_t count) const {
    TORCH_CHECK(embeddings.size(0) == 1, "one row is cut, not ", embeddings.size(0));
    Sequence part{embeddings.narrow(1, first, count), positions.narrow(2, first, count)};
    if (!deepstack.values.defined()) return part;
    const auto kept =
        torch::nonzero((deepstack.at >= first) & (deepstack.at < first + count)).flatten();
    if (kept.size(0) == 0) return part;
    part.deepstack = {deepstack.at.index_select(0, kept) - first,
                      deepstack.values.index_select(1, kept.to(deepstack.values.device()))};
    return part;
}

}  // namespace lvr
