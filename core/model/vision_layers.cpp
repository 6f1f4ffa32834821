#include "core/model/vision_layers.h"

#include "core/torch.h"

namespace lvr {
namespace {

constexpr double kVisionEps = 1e-6;  // fixed in the towers of the family

std::variant<RmsNorm, LayerNorm> normOf(const Parameters& parameters, std::int64_t size,
                                        const VisionTraits& traits) {
    if (traits.layerNorm) return LayerNorm(parameters, size, kVisionEps);
    return RmsNorm(parameters, size, kVisionEps);
}

std::variant<GatedMlp, GeluMlp> mlpOf(const Parameters& parameters, const VisionConfig& config) {
    if (config.traits.gatedMlp)
        return GatedMlp(parameters, config.hiddenSize, config.intermediateSize, Bias::Yes);
    return GeluMlp(parameters, config.hiddenSize, config.intermediateSize);
}

// Between which of `side` places those of an axis of `length` patches lie, and how far on.
struct Between {
    torch::Tensor low, high;  // [P] int64
    torch::Tensor share;      // [P] float32, of `high`
};
Between between(const torch::Tensor& patches, std::int64_t length, std::int64_t side) {
    const auto at =
        torch::linspace(0, side - 1, length, torch::kFloat32).index_select(0, patches);  // [P]
    const auto low = at.to(torch::kInt64);
    return {low, (low + 1).clamp_max(side - 1), at - low};
}

}  // namespace

std::array<torch::Tensor, 2> patchRowsAndColumns(const GridThw& grids, std::int64_t merge) {
    std::vector<std::int64_t> rows, cols;
    for (const auto& [t, h, w] : grids)
        for (std::int64_t frame = 0; frame < t; ++frame)
            for (std::int64_t r = 0; r < h; r += merge)
                for (std::int64_t c = 0; c < w; c += merge)
                    for (std::int64_t i = 0; i < merge * merge; ++i) {
                        rows.push_back(r + i / merge);
                        cols.push_back(c + i % merge);
                    }
    return {torch::tensor(rows), torch::tensor(cols)};
}

LayerNorm::LayerNorm(const Parameters& parameters, std::int64_t size, double epsilon)
    : weight(parameters.computed("weight", {size})),
      bias(parameters.computed("bias", {size})),
      eps(epsilon) {}

torch::Tensor LayerNorm::operator()(const torch::Tensor& x) const {
    return torch::layer_norm(x, {x.size(-1)}, weight, bias, eps);
}

GeluMlp::GeluMlp(const Parameters& parameters, std::int64_t size, std::int64_t intermediate)
    : up(parameters.at("linear_fc1"), size, intermediate, Bias::Yes),
      down(parameters.at("linear_fc2"), intermediate, size, Bias::Yes) {}

torch::Tensor GeluMlp::operator()(const torch::Tensor& x) const {
    return down(torch::gelu(up(x), "tanh"));
}

VisionNorm::VisionNorm(const Parameters& parameters, std::int64_t size, const VisionTraits& traits)
    : norm(normOf(parameters, size, traits)) {}

torch::Tensor VisionNorm::operator()(const torch::Tensor& x) const {
    return std::visit([&](const auto& one) { return one(x); }, norm);
}

VisionMlp::VisionMlp(const Parameters& parameters, const VisionConfig& config)
    : mlp(mlpOf(parameters, config)) {}

torch::Tensor VisionMlp::operator()(const torch::Tensor& x) const {
    return std::visit([&](const auto& one) { return one(x); }, mlp);
}

PatchMerger::PatchMerger(const Parameters& parameters, const VisionConfig& config, Normalises when)
    : joined_(std::int64_t{config.hiddenSize} * config.spatialMergeSize * config.spatialMergeSize),
      when_(when),
      norm_(parameters.at(config.traits.merger.norm),
            when == Normalises::BeforeJoining ? config.hiddenSize : joined_, config.traits),
      in_(parameters.at(config.traits.merger.in), joined_, joined_, Bias::Yes),
      out_(parameters.at(config.traits.merger.out), joined_, config.outHiddenSize, Bias::Yes) {}

torch::Tensor PatchMerger::operator()(const torch::Tensor& x) const {
    const auto tokens = when_ == Normalises::BeforeJoining ? norm_(x).view({-1, joined_})
                                                           : norm_(x.reshape({-1, joined_}));
    return out_(torch::gelu(in_(tokens)));
}

PositionTable::PositionTable(const Parameters& parameters, const VisionConfig& config)
    : table_(parameters.at("pos_embed")
                 .computed("weight", {config.numPositionEmbeddings, config.hiddenSize})),
      side_(std::lround(std::sqrt(config.numPositionEmbeddings))),
      merge_(config.spatialMergeSize) {}

torch::Tensor PositionTable::of(const GridThw& grids) const {
    std::vector<torch::Tensor> all;
    const auto device = table_.device();
    for (const auto& grid : grids) {
        const auto [rows, cols] = patchRowsAndColumns({grid}, merge_);
        const auto y = between(rows, grid[1], side_), x = between(cols, grid[2], side_);
        const auto corner = [&](const torch::Tensor& row, const torch::Tensor& col,
                                const torch::Tensor& share) {  // [P, C]
            return torch::embedding(table_, (row * side_ + col).to(device)) *
                   share.unsqueeze(1).to(table_.options());
        };
        all.push_back(corner(y.low, x.low, (1 - y.share) * (1 - x.share)) +
                      corner(y.low, x.high, (1 - y.share) * x.share) +
                      corner(y.high, x.low, y.share * (1 - x.share)) +
                      corner(y.high, x.high, y.share * x.share));
    }
    return torch::cat(all);
}

}  // namespace lvr
