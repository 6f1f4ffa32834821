#include "core/sft/row.h"

#include <algorithm>
#include <random>

#include "core/error.h"
#include "core/text/chat_template.h"
#include "core/text/response.h"
#include "core/vision/patch_grid.h"

namespace lvr {
namespace {

// Where the prompt's last image ends: past its <|vision_end|>.
std::ptrdiff_t imageEnd(const std::vector<std::int64_t>& ids, std::int64_t imageTokenId) {
    const auto last = std::find(ids.rbegin(), ids.rend(), imageTokenId);
    return ids.rend() - last + 1;
}

class RowPlan {
public:
    RowPlan(const LvrCheckpoint& checkpoint, const TrainingRecord& record,
            const SftOptions& options, std::uint64_t seed, SftRow& row)
        : tokens_(checkpoint.rules.tokens),
          record_(record),
          options_(options),
          rule_(parseRoiTokens(options.roiTokens)),
          random_(seed),
          row_(row) {}

    void addResponse(const std::vector<ResponsePiece>& pieces) {
        const bool thinks = options_.twin != Twin::Plain && options_.twin != Twin::Aux;
        if (options_.twin == Twin::Aux) addAuxTarget(pieces);
        const auto thoughts = std::count_if(pieces.begin(), pieces.end(),
                                            [](const auto& p) { return !p.targets.empty(); });
        for (const auto& piece : pieces) {
            if (thinks && !piece.targets.empty()) addThought(piece.targets, thoughts == 1);
            addText(piece);
        }
    }

private:
    using Targets = std::vector<std::vector<int>>;

    // <|lvr_start|>, a slot a target, perhaps <|lvr_latent_end|>, <|lvr_end|>. Of the slots the
    // natural ones are needed: the thought is over there, and beyond it the end is not asked for.
    void addThought(const std::vector<int>& tokens, bool only) {
        auto targets = roiTargets(tokens, rule_);
        if (options_.twin == Twin::Markers) targets.clear();
        const auto natural = targets.size();
        const bool isLong = natural > 2 && record_.fill != FillSlots::Cycle;
        const float weight = isLong ? 1 : static_cast<float>(options_.shortThoughtWeight);
        // The latent end says that the thought is over; more slots would say that it is not.
        const bool mayGoOn = rule_ == RoiTokens{} && options_.latentEnd != LatentEnd::Vector;
        if (only && mayGoOn && natural > 0) addExtraSlots(targets);
        row_.targets += static_cast<int>(natural);

        const auto start = row_.ids.size();
        if (start > 0 && row_.slots.empty() && natural > 0) {
            row_.gapFrom = start + 1;
            row_.gap = below(options_.positionGap + 1);
        }
        supervise(tokens_.start);
        for (std::size_t k = 0; k < targets.size(); ++k)
            row_.slots.push_back({start + 1 + k, targets[k], weight});
        for (std::size_t k = 0; natural > 0 && k <= natural; ++k)
            row_.stops.push_back({start + k, k == natural ? 1.0F : 0.0F});
        row_.ids.insert(row_.ids.end(), targets.size(), tokens_.latent);
        addLatentEnd();
        supervise(tokens_.end);
    }

    void addLatentEnd() {
        if (options_.latentEnd == LatentEnd::Off || options_.twin == Twin::Markers) return;
        if (options_.latentEnd == LatentEnd::Token) return supervise(*tokens_.latentEnd);
        row_.latentEnds.push_back(row_.ids.size());
        row_.ids.push_back(*tokens_.latentEnd);
    }

    void addExtraSlots(Targets& targets) {
        if (uniform() >= options_.extraSlots) return;
        const bool cycles = record_.fill == FillSlots::Cycle;
        const auto natural = targets.size();
        const int extra = natural == 2 && cycles ? 2 : 1 + below(3);
        for (int i = 0; i < extra; ++i)
            targets.push_back(cycles ? targets[i % natural] : targets[natural - 1]);
    }

    // The state before the response is to be the region's mean; nothing is fed for it.
    void addAuxTarget(const std::vector<ResponsePiece>& pieces) {
        std::vector<int> all;
        for (const auto& piece : pieces)
            all.insert(all.end(), piece.targets.begin(), piece.targets.end());
        if (!all.empty()) row_.slots.push_back({row_.ids.size(), all, 1});
    }

    void addText(const ResponsePiece& piece) {
        for (std::size_t i = 0; i < piece.text.size(); ++i)
            row_.labels.push_back(
                {row_.ids.size() + i, i >= piece.answerBegin && i < piece.answerEnd});
        row_.ids.insert(row_.ids.end(), piece.text.begin(), piece.text.end());
    }

    void supervise(std::int64_t id) {
        row_.labels.push_back({row_.ids.size(), false});
        row_.ids.push_back(id);
    }

    double uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
    int below(int count) { return std::min(count - 1, static_cast<int>(uniform() * count)); }

    LvrTokens tokens_;
    const TrainingRecord& record_;
    const SftOptions& options_;
    RoiTokens rule_;
    std::mt19937_64 random_;
    SftRow& row_;
};

}  // namespace

SftRow planRow(const LvrCheckpoint& checkpoint, const TrainingSet& set, int index,
               const std::vector<PatchGrid>& grids, const SftOptions& options, std::uint64_t seed) {
    const auto& record = set.records[index];
    const auto prompt = chatPrompt(checkpoint.tokenizer, grids, record.question);
    const auto images = prompt.begin() + imageEnd(prompt, checkpoint.model.config().imageTokenId);
    SftRow row{.record = index,
               .kind = set.kindOf[index],
               .prefix = {prompt.begin(), images},
               .ids = {images, prompt.end()}};
    const auto thin = options.thinBox == ThinBox::One ? EmptyBox::OneToken : EmptyBox::NoTokens;
    const auto boxes = tokensOfBoxes(record.boxes, grids, record.name, thin);
    RowPlan(checkpoint, record, options, seed, row)
        .addResponse(encodeResponse(checkpoint.tokenizer, record.response, boxes, record.name));
    return row;
}

}  // namespace lvr
