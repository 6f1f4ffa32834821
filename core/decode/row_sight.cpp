#include "core/decode/row_sight.h"

#include "core/torch.h"

namespace lvr {

void RowSight::select(const torch::Tensor& rows) {
    rows_ = rows.size(0);
    if (visible_.defined()) visible_ = visible_.index_select(0, rows);
}

void RowSight::hide(std::int64_t row, std::int64_t from, std::int64_t to) {
    TORCH_CHECK(row < rows_ && from <= to && to <= seen(), "hide [", from, ", ", to, ") of row ",
                row, ", ", seen(), " are seen");
    visible_ = all().clone();
    visible_[row].narrow(0, from, to - from).fill_(false);
}

void RowSight::extend(std::int64_t positions) { generated_ += positions; }

torch::Tensor RowSight::all() const {
    if (!visible_.defined()) return torch::ones({rows_, seen()}, torch::kBool);
    const auto known = visible_.size(1);
    return torch::cat({visible_, torch::ones({rows_, seen() - known}, torch::kBool)}, 1);
}

torch::Tensor RowSight::mask(torch::Device device) const {
    if (!visible_.defined()) return {};
    return all().view({rows_, 1, 1, -1}).to(device);
}

torch::Tensor RowSight::of(std::int64_t row) const { return all()[row]; }

}  // namespace lvr
