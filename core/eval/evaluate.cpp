#include "core/eval/evaluate.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/causal/latent_filters.h"
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
    std::vector<std::vector<PatchGrid>> grids;  // of each prompt's images
};

// All pictures of a batch go through the vision tower at once, each scaled as its question is
// planned.
Encoded encodeBatch(const LvrCheckpoint& checkpoint, const std::vector<const Sample*>& samples,
                    const DecodeOptions& options) {
    std::vector<Image> images;
    std::vector<Size> sizes;
    for (const auto* sample : samples) {
        const auto& shown = sample->question.images;
        images.insert(images.end(), shown.begin(), shown.end());
        const auto plan = planQuestion(checkpoint, sample->question, options);
        sizes.insert(sizes.end(), plan.sizes.begin(), plan.sizes.end());
    }
    const auto pixels = preprocess(images, sizes, checkpoint.preprocess);
    const auto tokens = checkpoint.model.imageTokens(pixels);
    Encoded encoded;
    auto grid = pixels.grids.begin();
    std::int64_t at = 0;
    for (const auto* sample : samples) {
        const auto end = grid + std::ssize(sample->question.images);
        const auto& grids = encoded.grids.emplace_back(grid, end);
        std::int64_t count = 0;
        for (; grid != end; ++grid) count += grid->count();
        encoded.prompts.push_back(buildPrompt(checkpoint, {grids, tokens.narrow(0, at, count)},
                                              sample->question.text, options.spanStart));
        at += count;
    }
    return encoded;
}

using Thoughts = std::vector<torch::Tensor>;  // of one row, [n, D] each

std::vector<const Sample*> samplesOf(std::span<const EvalItem> items) {
    std::vector<const Sample*> samples;
    for (const auto& item : items) samples.push_back(&item.sample);
    return samples;
}

// The next question from the middle of the others on that is about another picture and was thought
// about; the middle, since neighbours may be two views of one scene.
const Thoughts& thoughtsAboutAnother(std::span<const EvalItem> items,
                                     const std::vector<Thoughts>& own, std::size_t asked) {
    const auto& picture = items[asked].sample.question.images;
    for (std::size_t step = 0; step < items.size(); ++step) {
        const auto other = (asked + items.size() / 2 + step) % items.size();
        if (!own[other].empty() && items[other].sample.question.images != picture)
            return own[other];
    }
    throw Error("a swap needs latents of another picture, and no other question of kind \"" +
                items[asked].sample.kind +
                "\" has any; ask more questions, on several pictures, of a model that thinks");
}

class Evaluation {
public:
    Evaluation(const LvrCheckpoint& checkpoint, std::span<const EvalItem> items,
               const DecodeOptions& options, InterventionKind intervention, std::stop_token stop)
        : checkpoint_(checkpoint),
          items_(items),
          options_(options),
          intervention_(intervention),
          stop_(std::move(stop)) {
        if (intervention == InterventionKind::Snap) options_.latentFeed = LatentFeed::Snap;
    }

    // What is needed of all questions before the first is asked.
    void prepare() {
        if (intervention_ != InterventionKind::OtherPicture || items_.empty()) return;
        std::vector<Thoughts> own;
        for (std::size_t first = 0; first < items_.size(); first += kBatch)
            for (auto& thoughts : ownThoughts(samplesOf(batchAt(first))))
                own.push_back(std::move(thoughts));
        for (std::size_t i = 0; i < items_.size(); ++i)
            swapped_.push_back(thoughtsAboutAnother(items_, own, i));
    }

    std::vector<EvalOutcome> batch(std::size_t first) const {
        const auto items = batchAt(first);
        const auto encoded = encodeBatch(checkpoint_, samplesOf(items), options_);
        const auto rows = decode(encoded.prompts, filter(first, encoded));
        std::vector<EvalOutcome> outcomes;
        for (std::size_t i = 0; i < items.size(); ++i)
            outcomes.push_back(outcome(items[i], rows[i], encoded.prompts[i], encoded.grids[i]));
        return outcomes;
    }

private:
    std::span<const EvalItem> batchAt(std::size_t first) const {
        return items_.subspan(first, std::min(kBatch, items_.size() - first));
    }

    // Throws Cancelled.
    std::vector<RowResult> decode(const std::vector<Prompt>& prompts, LatentFilter filter) const {
        auto rows = decodeRows(checkpoint_.model, prompts, checkpoint_.rules, options_,
                               {.filter = std::move(filter), .stop = stop_});
        if (stop_.stop_requested()) throw Cancelled();
        return rows;
    }

    LatentFilter filter(std::size_t first, const Encoded& encoded) const {
        const auto items = batchAt(first);
        switch (intervention_) {
            case InterventionKind::Own:
            case InterventionKind::Snap:
                return {};
            case InterventionKind::Zero:
                return feedZeros();
            case InterventionKind::Noise:
                return feedNoise(options_.sampling.seed);
            case InterventionKind::OtherPicture: {
                const auto from = swapped_.begin() + static_cast<std::ptrdiff_t>(first);
                return feedInstead({from, from + std::ssize(items)}, Replace::All);
            }
            case InterventionKind::Oracle:
                return feedInstead(oracle(items, encoded), Replace::All);
            case InterventionKind::Transplant:
                return feedInstead(donated(items), items.front().chain == EvalItem::Chain::Yes
                                                       ? Replace::First
                                                       : Replace::All);
            default:
                throw Error("a set can't be asked with latents \"" + nameOf(intervention_) +
                            "\"; lvr diagnose asks each question with them");
        }
    }

    std::vector<Thoughts> ownThoughts(const std::vector<const Sample*>& samples) const {
        std::vector<Thoughts> thoughts;
        const auto encoded = encodeBatch(checkpoint_, samples, options_);
        for (const auto& row : decode(encoded.prompts, {})) thoughts.push_back(thoughtsOf(row));
        return thoughts;
    }

    // A thought for each region: a second thought is given the second one's.
    static std::vector<Thoughts> oracle(std::span<const EvalItem> items, const Encoded& encoded) {
        std::vector<Thoughts> regions;
        for (std::size_t i = 0; i < items.size(); ++i) {
            const auto& sample = items[i].sample;
            if (sample.rois.empty())
                throw Error("oracle needs the regions to look at; a question of kind \"" +
                            sample.kind + "\" has none");
            regions.emplace_back();
            for (const auto& roi : sample.rois)
                regions.back().push_back(boxLatents({roi}, encoded.grids[i], RoiTokens{},
                                                    encoded.prompts[i].imageTokens));
        }
        return regions;
    }

    std::vector<Thoughts> donated(std::span<const EvalItem> items) const {
        std::vector<const Sample*> donors;
        for (const auto& item : items) {
            if (!item.donor)
                throw Error("transplant needs another question on the same picture; " +
                            item.sample.kind + " has none");
            donors.push_back(&*item.donor);
        }
        auto thoughts = ownThoughts(donors);
        // Where a single donor did not think, its answer is not to be expected.
        if (std::all_of(thoughts.begin(), thoughts.end(),
                        [](const Thoughts& none) { return none.empty(); }))
            throw Error("transplant needs latents, and no question of kind \"" +
                        items.front().sample.kind +
                        "\" was thought about; choose an exit rule that lets the model think");
        return thoughts;
    }

    EvalOutcome outcome(const EvalItem& item, const RowResult& row, const Prompt& prompt,
                        const std::vector<PatchGrid>& grids) const {
        const auto& asked =
            intervention_ == InterventionKind::Transplant ? *item.donor : item.sample;
        const auto targets = tokensOfBoxes(asked.rois, grids, asked.id);
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
    std::span<const EvalItem> items_;
    DecodeOptions options_;
    InterventionKind intervention_;
    std::stop_token stop_;
    std::vector<Thoughts> swapped_;  // what each question is given
};

}  // namespace

bool isEvaluated(InterventionKind intervention) {
    using enum InterventionKind;
    constexpr std::array known{Own, OtherPicture, Zero, Noise, Oracle, Snap, Transplant};
    return std::ranges::find(known, intervention) != known.end();
}

std::vector<EvalOutcome> evaluate(const LvrCheckpoint& checkpoint,
                                  const std::vector<EvalItem>& items, const DecodeOptions& options,
                                  InterventionKind intervention,
                                  const std::function<void(EvalProgress)>& onProgress,
                                  const std::stop_token& stop) {
    const c10::InferenceMode inference;
    Evaluation evaluation(checkpoint, items, options, intervention, stop);
    evaluation.prepare();
    std::vector<EvalOutcome> outcomes;
    for (std::size_t first = 0; first < items.size(); first += kBatch) {
        if (stop.stop_requested()) throw Cancelled();
        for (auto& outcome : evaluation.batch(first)) outcomes.push_back(std::move(outcome));
        if (onProgress)
            onProgress({static_cast<int>(outcomes.size()), static_cast<int>(items.size())});
    }
    return outcomes;
}

}  // namespace lvr
