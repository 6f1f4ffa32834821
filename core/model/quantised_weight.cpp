#include "core/model/quantised_weight.h"

#include <atomic>
#include <functional>

#include "core/error.h"
#include "core/kernels/quantise.h"
#include "core/kernels/threads.h"
#include "core/kernels/weight_matrix.h"
#include "core/torch.h"

namespace lvr {
namespace {

// Calls body(row, groups) for the groups of some rows from `row` on, in float32, on several
// threads: so few rows that they stay in a core's cache.
void forEachRows(const torch::Tensor& weight, int bits, std::int64_t group,
                 const std::function<void(std::int64_t row, const WeightGroups& groups)>& body) {
    const auto in = weight.size(1), step = std::max<std::int64_t>(1, (1 << 16) / in);
    onThreads(weight.size(0), step, [&](std::int64_t begin, std::int64_t end) {
        const torch::NoGradGuard off;
        for (; begin < end; begin += step) {
            const auto count = std::min(step, end - begin);
            const auto wide = weight.narrow(0, begin, count).to(torch::kFloat32).contiguous();
            body(begin, {wide.const_data_ptr<float>(), count * in / group, group, bits});
        }
    });
}

// [out, in] int8: the levels of four bits, -8 to 7.
torch::Tensor levelsOfNibbles(const torch::Tensor& values) {
    const auto blocks = values.view({values.size(0), -1, 1, kNibbleBlock / 2});
    const auto lower = blocks.bitwise_and(15), upper = blocks.bitwise_right_shift(4);
    return torch::cat({lower, upper}, 2).to(torch::kInt8).sub_(8).view({values.size(0), -1});
}

}  // namespace

torch::Tensor scalesFor(const torch::Tensor& weight, int bits, std::int64_t group) {
    TORCH_CHECK(weight.dim() == 2 && weight.is_cpu() && group % kNibbleBlock == 0 &&
                    weight.size(1) % group == 0 && (bits == 8 || bits == 4),
                "no ", bits, " bits for a weight ", weight.sizes(), " in groups of ", group);
    const auto inRow = weight.size(1) / group;
    const auto scales = torch::empty({weight.size(0), inRow}, torch::kBFloat16);
    auto* out = static_cast<std::uint16_t*>(scales.mutable_data_ptr());
    std::atomic<bool> finite = true;
    forEachRows(weight, bits, group, [&](std::int64_t row, const WeightGroups& groups) {
        if (!fitScales(groups, out + row * inRow)) finite = false;
    });
    if (!finite) throw Error("some of its numbers are infinite or NaN");
    return scales;
}

torch::Tensor integersFor(const torch::Tensor& weight, const torch::Tensor& scales, int bits) {
    const auto in = weight.size(1), inRow = scales.size(1);
    const auto width = bits == 8 ? in : in / 2;
    const auto values =
        torch::empty({weight.size(0), width}, bits == 8 ? torch::kInt8 : torch::kUInt8);
    auto* out = static_cast<std::uint8_t*>(values.mutable_data_ptr());
    const auto* scale = static_cast<const std::uint16_t*>(scales.const_data_ptr());
    forEachRows(weight, bits, in / inRow, [&](std::int64_t row, const WeightGroups& groups) {
        roundToIntegers(groups, scale + row * inRow, out + row * width);
    });
    return values;
}

Weight quantise(const torch::Tensor& weight, int bits, std::int64_t group) {
    const auto scales = scalesFor(weight, bits, group);
    return {integersFor(weight, scales, bits), scales};
}

torch::Tensor dequantised(const Weight& weight) {
    const auto levels = weight.values.scalar_type() == torch::kInt8
                            ? weight.values
                            : levelsOfNibbles(weight.values);
    const auto groups =
        levels.to(torch::kFloat32)
            .view({weight.out(), weight.scales.size(1), weight.in() / weight.scales.size(1)});
    return (groups * weight.scales.to(torch::kFloat32).unsqueeze(-1))
        .view({weight.out(), weight.in()});
}

torch::Tensor dequantisedRows(const Weight& weight, const torch::Tensor& rows) {
    const auto at = rows.flatten();
    auto shape = rows.sizes().vec();
    shape.push_back(weight.in());
    return dequantised({weight.values.index_select(0, at), weight.scales.index_select(0, at)})
        .view(shape);
}

}  // namespace lvr
