#include "core/eval/evaluate.h"

#include <algorithm>
#include <span>

#include "core/decode/decoder.h"
#include "core/decode/exit_rule.h"
#include "core/decode/given_thought.h"
#include "core/decode/patch_projection.h"
#include "core/error.h"
#include "core/eval/answer.h"
#include "core/torch.h"
#include "core/vision/patch_grid.h"

namespace lvr {
namespace {

constexpr std::size_t kBatch = 64;

struct Encoded {
    std::vector<Prompt> prompts;
    std::vector<PatchGrid> grids;  // of each prompt's image
};

// All pictures of a batch go through the vision tower at once.
Encoded encodeBatch(const LvrCheckpoint& checkpoint, const std::vector<const Sample*>& samples,
                    SpanStart start) {
    std::vector<Image> images;
    for (const auto* sample : samples) images.push_back(sample->question.images.at(0));
    const auto pixels = preprocess(images, checkpoint.preprocess);
    const auto tokens = checkpoint.model.imageTokens(pixels);
    Encoded encoded{{}, pixels.grids};
    std::int64_t at = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const auto grid = pixels.grids[i];
        encoded.prompts.push_back(buildPrompt(checkpoint, {grid},
                                              tokens.narrow(0, at, grid.count()),
                                              samples[i]->question.text, start));
        at += grid.count();
    }
    return encoded;
}

std::vector<std::vector<int>> targetTokens(const Sample& sample, PatchGrid grid) {
    std::vector<std::vector<int>> targets;
    for (const auto& roi : sample.rois) targets.push_back(boxTokens(roi, grid));
    return targets;
}

class Evaluation {
public:
    Evaluation(const LvrCheckpoint& checkpoint, const DecodeOptions& options,
               Intervention intervention)
        : checkpoint_(checkpoint), options_(options), intervention_(intervention) {
        if (intervention == Intervention::Snap) options_.latentFeed = LatentFeed::Snap;
    }

    std::vector<EvalOutcome> batch(std::span<const EvalItem> items) const {
        std::vector<const Sample*> samples;
        for (const auto& item : items) samples.push_back(&item.sample);
        const auto encoded = encodeBatch(checkpoint_, samples, options_.spanStart);
        const auto rows = decodeRows(checkpoint_.model, encoded.prompts, checkpoint_.rules,
                                     options_, {.filter = filter(items, encoded)});
        std::vector<EvalOutcome> outcomes;
        for (std::size_t i = 0; i < items.size(); ++i)
            outcomes.push_back(outcome(items[i], rows[i], encoded.prompts[i], encoded.grids[i]));
        return outcomes;
    }

private:
    LatentFilter filter(std::span<const EvalItem> items, const Encoded& encoded) const {
        switch (intervention_) {
            case Intervention::Own:
            case Intervention::Snap:
                return {};
            case Intervention::Zero:
                return feedZeros();
            case Intervention::Noise:
                return feedNoise(options_.sampling.seed);
            case Intervention::Swap:
                return feedInstead(swapped(encoded), false);
            case Intervention::Oracle:
                return feedInstead(oracle(items, encoded), false);
            case Intervention::Transplant:
                return feedInstead(donated(items), items.front().chain == EvalItem::Chain::Yes);
        }
        return {};
    }

    std::vector<torch::Tensor> ownLatents(const std::vector<Prompt>& prompts) const {
        std::vector<torch::Tensor> latents;
        for (auto& row : decodeRows(checkpoint_.model, prompts, checkpoint_.rules, options_))
            latents.push_back(row.latents);
        return latents;
    }

    std::vector<torch::Tensor> swapped(const Encoded& encoded) const {
        auto latents = ownLatents(encoded.prompts);
        std::rotate(latents.begin(), latents.begin() + 1, latents.end());
        return latents;
    }

    static std::vector<torch::Tensor> oracle(std::span<const EvalItem> items,
                                             const Encoded& encoded) {
        std::vector<torch::Tensor> latents;
        for (std::size_t i = 0; i < items.size(); ++i)
            latents.push_back(boxLatents(items[i].sample.rois, encoded.grids[i], RoiTokens{},
                                         encoded.prompts[i].imageTokens));
        return latents;
    }

    std::vector<torch::Tensor> donated(std::span<const EvalItem> items) const {
        std::vector<const Sample*> donors;
        for (const auto& item : items) {
            if (!item.donor)
                throw Error("transplant needs another question on the same picture; " +
                            item.sample.kind + " has none");
            donors.push_back(&*item.donor);
        }
        return ownLatents(encodeBatch(checkpoint_, donors, options_.spanStart).prompts);
    }

    EvalOutcome outcome(const EvalItem& item, const RowResult& row, const Prompt& prompt,
                        PatchGrid grid) const {
        const auto& asked = intervention_ == Intervention::Transplant ? *item.donor : item.sample;
        const auto targets = targetTokens(asked, grid);
        EvalOutcome out{.answer = answerOf(checkpoint_, row),
                        .expected = asked.answer,
                        .latents = static_cast<int>(row.latents.size(0)),
                        .targets = static_cast<int>(targets.size())};
        out.right = isRightAnswer(out.answer, asked.answer, asked.question.text);
        if (row.latents.size(0) == 0) return out;
        out.saidEnd = isLatentEnd(row.latents[-1]);
        const auto nearest =
            projectOntoPatches(row.latents, prompt.imageTokens).cosine.argmax(-1);  // [n]
        for (std::size_t k = 0; k < targets.size() && static_cast<int>(k) < out.latents; ++k)
            out.hits += std::count(targets[k].begin(), targets[k].end(),
                                   nearest[static_cast<std::int64_t>(k)].item<std::int64_t>()) > 0;
        return out;
    }

    bool isLatentEnd(const torch::Tensor& latent) const {
        const auto* rule = std::get_if<NearLatentEnd>(&options_.exit);
        if (!rule || !checkpoint_.model.latentEnd().defined()) return false;
        const auto end =
            checkpoint_.model.latentEnd().to(torch::kCPU, torch::kFloat32).contiguous();
        return latentEndDistance(rule->metric, latent.contiguous().data_ptr<float>(),
                                 end.data_ptr<float>(), end.size(0)) < rule->threshold;
    }

    const LvrCheckpoint& checkpoint_;
    DecodeOptions options_;
    Intervention intervention_;
};

}  // namespace

std::vector<EvalOutcome> evaluate(const LvrCheckpoint& checkpoint,
                                  const std::vector<EvalItem>& items, const DecodeOptions& options,
                                  Intervention intervention,
                                  const std::function<void(EvalProgress)>& onProgress,
                                  const std::stop_token& stop) {
    const c10::InferenceMode inference;
    const Evaluation evaluation(checkpoint, options, intervention);
    std::vector<EvalOutcome> outcomes;
    for (std::size_t first = 0; first < items.size(); first += kBatch) {
        if (stop.stop_requested()) throw Cancelled();
        const auto count = std::min(kBatch, items.size() - first);
        for (auto& outcome : evaluation.batch(std::span(items).subspan(first, count)))
            outcomes.push_back(std::move(outcome));
        if (onProgress)
            onProgress({static_cast<int>(outcomes.size()), static_cast<int>(items.size())});
    }
    return outcomes;
}

}  // namespace lvr
