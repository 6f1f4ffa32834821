#include "core/decode/row_sight.h"

#include "core/torch.h"

namespace lvr {

RowSight::RowSight(torch::Tensor real, std::int64_t prompt, std::int64_t rows, std::int64_t room)
    : seen_(prompt), rows_(rows), room_(room) {
    TORCH_CHECK(room >= prompt, "room for ", room, " positions, ", prompt, " are seen");
    if (!real.defined()) return;
    reserve();
    visible_.narrow(1, 0, prompt).copy_(real);
}

void RowSight::reserve() {
    if (!visible_.defined()) visible_ = torch::ones({rows_, room_}, torch::kBool);
}

void RowSight::select(const torch::Tensor& rows) {
    rows_ = rows.size(0);
    if (visible_.defined()) visible_ = visible_.index_select(0, rows);
    if (visible_.defined() && visible_.all().item<bool>()) visible_.reset();
    onDevice_.reset();
}

void RowSight::hide(std::int64_t row, std::int64_t from, std::int64_t to) {
    TORCH_CHECK(row < rows_ && from <= to && to <= seen_, "hide [", from, ", ", to, ") of row ",
                row, ", ", seen_, " are seen");
    reserve();
    visible_[row].narrow(0, from, to - from).fill_(false);
    if (onDevice_.defined()) onDevice_[row].narrow(0, from, to - from).fill_(false);
}

void RowSight::extend(std::int64_t positions) {
    seen_ += positions;
    TORCH_CHECK(seen_ <= room_, "room for ", room_, " positions, ", seen_, " are seen");
}

torch::Tensor RowSight::mask(torch::Device device) {
    if (!visible_.defined()) return {};
    if (!onDevice_.defined()) onDevice_ = visible_.to(device, torch::kBool, false, /*copy=*/true);
    return onDevice_.narrow(1, 0, seen_).view({rows_, 1, 1, -1});
}

torch::Tensor RowSight::of(std::int64_t row) const {
    if (!visible_.defined()) return torch::ones({seen_}, torch::kBool);
    return visible_[row].narrow(0, 0, seen_);
}

}  // namespace lvr
