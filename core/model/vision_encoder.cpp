#include "core/model/vision_encoder.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "core/model/pass_watch.h"
#include "core/torch.h"

namespace lvr {
namespace {

void appendWindows(std::int64_t rows, std::int64_t cols, std::int64_t side, std::int64_t patches,
                   WindowLayout& layout) {
    const auto base = static_cast<std::int64_t>(layout.tokenOrder.size());
    for (std::int64_t top = 0; top < rows; top += side)
        for (std::int64_t left = 0; left < cols; left += side) {
            const auto bottom = std::min(top + side, rows), right = std::min(left + side, cols);
            for (auto r = top; r < bottom; ++r)
                for (auto c = left; c < right; ++c)
                    layout.tokenOrder.push_back(base + r * cols + c);
            layout.windowLengths.push_back((bottom - top) * (right - left) * patches);
        }
}

// 2-D RoPE: half of the frequencies turn with the row, half with the column. order: of the patches;
// undefined: as they are. [P, 1, head_dim]
Rotary rotaryOf(const GridThw& grids, const VisionConfig& config, const torch::Tensor& order,
                torch::Device device) {
    const auto half = config.hiddenSize / config.numHeads / 2;
    const auto exponents = torch::arange(0, half, 2, torch::kFloat32) / static_cast<double>(half);
    const auto frequencies = 1.0 / torch::pow(10000.0, exponents);  // [half / 2]
    const auto [rows, cols] = patchRowsAndColumns(grids, config.spatialMergeSize);
    auto angles = torch::cat({torch::outer(rows.to(torch::kFloat32), frequencies),
                              torch::outer(cols.to(torch::kFloat32), frequencies)},
                             -1);
    if (order.defined()) angles = angles.index_select(0, order);  // [P, half]
    angles = torch::cat({angles, angles}, -1).unsqueeze(1).to(device);
    return {angles.cos(), angles.sin()};
}

torch::Tensor patchOrder(const std::vector<std::int64_t>& tokenOrder, std::int64_t perToken) {
    const auto tokens = torch::tensor(tokenOrder).unsqueeze(1) * perToken;
    return (tokens + torch::arange(perToken)).flatten();
}

// q, k, v: [S * L, H, d] as S segments of L patches.
torch::Tensor attendEqual(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                          std::int64_t length) {
    const auto split = [&](const torch::Tensor& x) {
        return x.view({-1, length, x.size(1), x.size(2)}).transpose(1, 2);  // [S, H, L, d]
    };
    const auto out = torch::scaled_dot_product_attention(split(q), split(k), split(v));
    return out.transpose(1, 2).reshape(q.sizes());
}

}  // namespace

PatchSegments::PatchSegments(const std::vector<std::int64_t>& lengths, torch::Device device) {
    std::map<std::int64_t, std::vector<std::int64_t>> byLength;
    std::int64_t start = 0;
    for (const auto length : lengths) {
        auto& patches = byLength[length];
        for (std::int64_t i = 0; i < length; ++i) patches.push_back(start + i);
        start += length;
    }
    std::vector<torch::Tensor> order;
    for (const auto& [length, patches] : byLength) {
        order.push_back(torch::tensor(patches).to(device));
        groups_.push_back({length, byLength.size() > 1 ? order.back() : torch::Tensor()});
    }
    if (groups_.size() > 1) back_ = torch::cat(order).argsort();
}

torch::Tensor PatchSegments::attend(const torch::Tensor& q, const torch::Tensor& k,
                                    const torch::Tensor& v) const {
    if (groups_.size() == 1) return attendEqual(q, k, v, groups_.front().length);
    std::vector<torch::Tensor> parts;
    for (const auto& group : groups_) {
        const auto take = [&](const torch::Tensor& x) { return x.index_select(0, group.patches); };
        parts.push_back(attendEqual(take(q), take(k), take(v), group.length));
    }
    return torch::cat(parts).index_select(0, back_);
}

WindowLayout windowLayout(const GridThw& grids, const VisionConfig& config) {
    WindowLayout layout;
    const std::int64_t merge = config.spatialMergeSize;
    const std::int64_t side = config.windowSize / config.patchSize / merge;
    for (const auto& [t, h, w] : grids)
        for (std::int64_t frame = 0; frame < t; ++frame) {
            if (config.traits.windows)
                appendWindows(h / merge, w / merge, side, merge * merge, layout);
            layout.imageLengths.push_back(h * w);
        }
    return layout;
}

VisionAttention::VisionAttention(const Parameters& parameters, const VisionConfig& config)
    : qkv(parameters.at("qkv"), config.hiddenSize, 3 * config.hiddenSize, Bias::Yes),
      proj(parameters.at("proj"), config.hiddenSize, config.hiddenSize, Bias::Yes),
      heads(config.numHeads) {}

torch::Tensor VisionAttention::operator()(const torch::Tensor& x, const Rotary& rotary,
                                          const PatchSegments& segments) const {
    const auto packed = qkv(x).view({x.size(0), 3, heads, -1}).unbind(1);  // 3 x [P, H, d]
    const auto out =
        segments.attend(rotate(packed[0], rotary), rotate(packed[1], rotary), packed[2]);
    return proj(out.reshape({x.size(0), -1}));
}

VisionBlock::VisionBlock(const Parameters& parameters, const VisionConfig& config)
    : norm1(parameters.at("norm1"), config.hiddenSize, config.traits),
      norm2(parameters.at("norm2"), config.hiddenSize, config.traits),
      attention(parameters.at("attn"), config),
      mlp(parameters.at("mlp"), config) {}

torch::Tensor VisionBlock::operator()(torch::Tensor x, const Rotary& rotary,
                                      const PatchSegments& segments) const {
    x = added(x, attention(norm1(x), rotary, segments));
    return added(x, mlp(norm2(x)));
}

VisionEncoder::VisionEncoder(const Parameters& parameters, const VisionConfig& config)
    : config_(config),
      patchEmbed_{
          parameters.at("patch_embed")
              .at("proj")("weight", {config.hiddenSize, config.inChannels, config.temporalPatchSize,
                                     config.patchSize, config.patchSize}),
          {}},
      patchBias_(config.traits.patchBias
                     ? parameters.at("patch_embed").at("proj").computed("bias", {config.hiddenSize})
                     : torch::Tensor()),
      activations_(parameters.activations().value_or(patchEmbed_.values.scalar_type())),
      positions_(config.traits.positionTable
                     ? std::optional<PositionTable>(std::in_place, parameters, config)
                     : std::nullopt),
      blocks_([&] {
          std::vector<VisionBlock> blocks;
          for (int i = 0; i < config.depth; ++i)
              blocks.emplace_back(parameters.at("blocks").at(std::to_string(i)), config);
          return blocks;
      }()),
      merger_(parameters.at("merger"), config, PatchMerger::Normalises::BeforeJoining),
      deepstack_(deepstackMergers(parameters)) {}

std::vector<PatchMerger> VisionEncoder::deepstackMergers(const Parameters& parameters) const {
    std::vector<PatchMerger> mergers;
    for (std::size_t k = 0; k < config_.deepstackVisualIndexes.size(); ++k)
        mergers.emplace_back(parameters.at("deepstack_merger_list").at(std::to_string(k)), config_,
                             PatchMerger::Normalises::AfterJoining);
    return mergers;
}

torch::Tensor VisionEncoder::embed(const torch::Tensor& pixels, const GridThw& grids,
                                   VisionProbe* probe) const {
    const auto patches = product(pixels.to(patchEmbed_.values.device(), activations_),
                                 {patchEmbed_.values.flatten(1), {}}, patchBias_);  // [P, C]
    const auto positions = positions_ ? positions_->of(grids) : torch::Tensor();
    if (probe) probe->patchEmbed = patches, probe->positions = positions;
    return positions.defined() ? patches + positions : patches;
}

VisualTokens VisionEncoder::operator()(const torch::Tensor& pixels, const GridThw& grids,
                                       VisionProbe* probe, const PassWatch* watch) const {
    std::int64_t patches = 0;
    for (const auto& [t, h, w] : grids) patches += t * h * w;
    TORCH_CHECK(pixels.dim() == 2 && pixels.size(0) == patches, "pixels ", pixels.sizes(),
                " for grids of ", patches, " patches");
    const auto device = patchEmbed_.values.device();
    const auto layout = windowLayout(grids, config_);
    const bool hasWindows = !layout.tokenOrder.empty();
    const auto order = hasWindows ? patchOrder(layout.tokenOrder,
                                               config_.spatialMergeSize * config_.spatialMergeSize)
                                  : torch::Tensor();
    const auto rotary = rotaryOf(grids, config_, order, device);
    const PatchSegments windows(layout.windowLengths, device), images(layout.imageLengths, device);
    const auto rowMajor = [&](const torch::Tensor& tokens) {
        if (!hasWindows) return tokens;
        return tokens.index_select(0, torch::tensor(layout.tokenOrder).argsort().to(device));
    };

    auto x = embed(pixels, grids, probe);
    if (hasWindows) x = x.index_select(0, order.to(device));
    const auto &full = config_.fullattBlockIndexes, &deep = config_.deepstackVisualIndexes;
    std::vector<torch::Tensor> features;  // [N, D] each
    for (int i = 0; i < config_.depth; ++i) {
        if (watch && !watch->goesOn(i, config_.depth)) return {};
        const bool seesAll = !hasWindows || std::find(full.begin(), full.end(), i) != full.end();
        x = blocks_[i](x, rotary, seesAll ? images : windows);
        if (probe) probe->blocks.push_back(x);
        if (features.size() < deep.size() && deep[features.size()] == i)
            features.push_back(rowMajor(deepstack_[features.size()](x)));
    }
    return {.tokens = rowMajor(merger_(x)),
            .deepstack = features.empty() ? torch::Tensor() : torch::stack(features)};
}

}  // namespace lvr
