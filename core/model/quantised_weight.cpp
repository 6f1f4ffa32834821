#include "core/model/quantised_weight.h"

#include <atomic>
#include <cmath>
#include <functional>
#include <numeric>
#include <span>

#include "core/error.h"
#include "core/kernels/threads.h"
#include "core/torch.h"

namespace lvr {
namespace {

constexpr std::int64_t kNibbleBlock = 32;  // weights; the first half of them in the lower four bits
constexpr int kErrorLanes = 8;             // sums beside each other; divides a group

// ---- One group

// The nearest number that bfloat16 holds, ties to even.
float inBfloat16(float x) { return static_cast<float>(c10::BFloat16(x)); }

// To the nearest whole number, ties to even, as long as it is small: a loop of it vectorises.
float nearest(float x) {
    constexpr float kShift = 12582912.0F;  // 1.5 * 2^23: its last bit is worth 1
    return (x + kShift) - kShift;
}

float level(float weight, float perScale, float lowest, float highest) {
    return std::min(std::max(nearest(weight * perScale), lowest), highest);
}

// 0 where its reciprocal would overflow: all weights of the group are as good as 0.
float usable(float scale) {
    const float stored = inBfloat16(scale);
    return std::abs(stored) < 1e-35F ? 0.0F : stored;
}

float squaredError(std::span<const float> weights, float scale) {
    const float perScale = scale == 0 ? 0 : 1 / scale;
    float sums[kErrorLanes] = {};
    for (std::size_t i = 0; i < weights.size(); i += kErrorLanes)
        for (int lane = 0; lane < kErrorLanes; ++lane) {
            const float weight = weights[i + lane];
            const float off = weight - scale * level(weight, perScale, -8, 7);
            sums[lane] += off * off;
        }
    return std::accumulate(std::begin(sums), std::end(sums), 0.0F);
}

// The scale that fits best those integers that `scale` gives.
float refitted(std::span<const float> weights, float scale) {
    const float perScale = scale == 0 ? 0 : 1 / scale;
    float product = 0, square = 0;
    for (const float weight : weights) {
        const float q = level(weight, perScale, -8, 7);
        product += weight * q;
        square += q * q;
    }
    return square == 0 ? 0 : product / square;
}

// -8 has no counterpart: with a negative scale it may stand for the largest weight.
float scaleOfFourBits(std::span<const float> weights, float largest) {
    float best = 0, least = squaredError(weights, 0);
    const auto tryOut = [&](float scale) {
        const float stored = usable(scale), error = squaredError(weights, stored);
        if (error < least) best = stored, least = error;
    };
    for (const float levels : {8.0F, 7.5F, 7.0F, 6.5F, 6.0F}) {
        tryOut(largest / levels);
        tryOut(-largest / levels);
    }
    tryOut(refitted(weights, best));
    return best;
}

float scaleOf(std::span<const float> weights, int bits) {
    float largest = 0;
    for (const float weight : weights) largest = std::max(largest, std::abs(weight));
    return bits == 8 ? usable(largest / 127) : scaleOfFourBits(weights, largest);
}

// ---- Integers of a group

void writeBytes(std::span<const float> weights, float scale, std::uint8_t* out) {
    const float perScale = scale == 0 ? 0 : 1 / scale;
    for (const float weight : weights)
        *out++ = static_cast<std::uint8_t>(static_cast<int>(level(weight, perScale, -127, 127)));
}

void writeNibbles(std::span<const float> weights, float scale, std::uint8_t* out) {
    const float perScale = scale == 0 ? 0 : 1 / scale;
    const auto bits = [&](std::size_t i) {
        return static_cast<unsigned>(level(weights[i], perScale, -8, 7) + 8);
    };
    constexpr auto kHalf = kNibbleBlock / 2;
    for (std::size_t block = 0; block < weights.size(); block += kNibbleBlock)
        for (std::size_t i = block; i < block + kHalf; ++i)
            *out++ = static_cast<std::uint8_t>(bits(i) | bits(i + kHalf) << 4);
}

bool areFinite(std::span<const float> weights) {
    float sum = 0;  // stays 0 as long as each is finite
    for (const float weight : weights) sum += weight * 0;
    return sum == 0;
}

// Calls body(o, row) with each row in float32, on several threads; a few rows are widened at a
// time, so that they stay in a core's cache.
void forEachRow(const torch::Tensor& weight,
                const std::function<void(std::int64_t o, std::span<const float> row)>& body) {
    const auto in = weight.size(1), step = std::max<std::int64_t>(1, (1 << 16) / in);
    onThreads(weight.size(0), step, [&](std::int64_t begin, std::int64_t end) {
        const torch::NoGradGuard off;
        for (; begin < end; begin += step) {
            const auto count = std::min(step, end - begin);
            const auto wide = weight.narrow(0, begin, count).to(torch::kFloat32).contiguous();
            const auto* rows = wide.const_data_ptr<float>();
            for (std::int64_t o = 0; o < count; ++o)
                body(begin + o, {rows + o * in, static_cast<std::size_t>(in)});
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
    const auto groups = weight.size(1) / group;
    const auto scales = torch::empty({weight.size(0), groups}, torch::kBFloat16);
    auto* out = scales.mutable_data_ptr<c10::BFloat16>();
    std::atomic<bool> finite = true;
    forEachRow(weight, [&](std::int64_t o, std::span<const float> row) {
        if (!areFinite(row)) finite = false;
        for (std::int64_t g = 0; g < groups; ++g)
            out[o * groups + g] = scaleOf(row.subspan(g * group, group), bits);
    });
    if (!finite) throw Error("some of its numbers are infinite or NaN");
    return scales;
}

torch::Tensor integersFor(const torch::Tensor& weight, const torch::Tensor& scales, int bits) {
    const auto in = weight.size(1), groups = scales.size(1), group = in / groups;
    const auto width = bits == 8 ? in : in / 2;
    const auto values =
        torch::empty({weight.size(0), width}, bits == 8 ? torch::kInt8 : torch::kUInt8);
    auto* out = static_cast<std::uint8_t*>(values.mutable_data_ptr());
    const auto* scale = scales.const_data_ptr<c10::BFloat16>();
    const auto write = bits == 8 ? writeBytes : writeNibbles;
    forEachRow(weight, [&](std::int64_t o, std::span<const float> row) {
        for (std::int64_t g = 0; g < groups; ++g)
            write(row.subspan(g * group, group), scale[o * groups + g],
                  out + o * width + g * width / groups);
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
    const auto groups = levels.to(torch::kFloat32).view({weight.out(), weight.scales.size(1), -1});
    return (groups * weight.scales.to(torch::kFloat32).unsqueeze(-1))
        .view({weight.out(), weight.in()});
}

}  // namespace lvr
