#include "core/train/moment.h"

#include "core/torch.h"

namespace lvr {
namespace {

constexpr std::int64_t kBlock = 256;
constexpr std::int64_t kFew = 4096;  // elements for which 8 bits bring nothing

}  // namespace

Moment::Moment(const torch::Tensor& like, Kind kind, Bits bits)
    : kind_(kind), shape_(like.sizes().vec()) {
    const auto floats = torch::dtype(torch::kFloat32).device(like.device());
    if (bits == Bits::Float32 || like.numel() < kFew) {
        float_ = torch::zeros(shape_, floats);
        return;
    }
    const auto blocks = (like.numel() + kBlock - 1) / kBlock;
    codes_ = torch::full({blocks, kBlock}, kind == Kind::Positive ? 0 : 128,
                         floats.dtype(torch::kUInt8));
    scales_ = torch::zeros({blocks, 1}, floats);
}

torch::Tensor Moment::read() const {
    if (float_.defined()) return float_;
    const auto signedCodes = codes_.to(torch::kFloat32) - (kind_ == Kind::Positive ? 0.0 : 128.0);
    const auto codes = signedCodes.abs();  // 0: nothing, largest(): the scale
    const auto magnitude = torch::exp2((codes - largest()) / levels()) * scales_;
    const auto values = torch::where(codes == 0, torch::zeros_like(magnitude), magnitude);
    const auto flat = (values * signedCodes.sign()).flatten();
    std::int64_t count = 1;
    for (const auto side : shape_) count *= side;
    return flat.narrow(0, 0, count).reshape(shape_).contiguous();
}

void Moment::write(const torch::Tensor& value, at::Generator& random) {
    if (float_.defined()) return;  // updated in place
    const auto padding = codes_.numel() - value.numel();
    const auto blocks = torch::constant_pad_nd(value.flatten(), {0, padding}).view(codes_.sizes());
    scales_ = blocks.abs().amax(1, /*keepdim=*/true);
    const auto share = blocks.abs() / scales_.clamp_min(1e-38F);  // 0..1
    const auto place = torch::log2(share) * levels() + largest();
    const auto below = place.floor();
    // Between the two levels' values, not their logarithms: the mean stays what it is.
    const auto low = torch::exp2((below - largest()) / levels()),
               high = torch::exp2((below + 1 - largest()) / levels());
    const auto draw = torch::rand(codes_.sizes(), random, value.options());
    const auto up = draw < (share - low) / (high - low);
    auto codes = (below + up.to(torch::kFloat32)).clamp(lowest(), largest());
    codes = torch::where(blocks != 0, codes, torch::zeros_like(codes));
    if (kind_ == Kind::Signed) codes = codes * blocks.sign() + 128;
    codes_ = codes.to(torch::kUInt8);
}

std::vector<std::pair<std::string, torch::Tensor>> Moment::parts() const {
    if (float_.defined()) return {{"", float_}};
    return {{"/codes", codes_}, {"/scales", scales_}};
}

}  // namespace lvr
