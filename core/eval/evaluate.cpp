#include "core/eval/evaluate.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "core/causal/latent_filters.h"
#include "core/decode/decoder.h"
#include "core/decode/exit_rule.h"
#include "core/decode/given_thought.h"
#include "core/decode/patch_projection.h"
#include "core/decode/recent_prompts.h"
#include "core/error.h"
#include "core/eval/answer.h"
#include "core/torch.h"
#include "core/vision/patch_grid.h"

namespace lvr {
namespace {

// Of what is asked at once: rows, positions of their prompts with padding, and visual tokens that
// go through the vision tower together. A single question or set of pictures may be larger.
constexpr std::size_t kBatchRows = 64;
constexpr std::int64_t kBatchPositions = 16384, kBatchVisualTokens = 8192;

struct Encoded {
    std::vector<Prompt> prompts;
    std::vector<std::vector<PatchGrid>> grids;    // of each prompt's images
    std::shared_ptr<const ReadPrompt> read = {};  // all of them, where it is kept

    std::size_t bytes() const {
        std::size_t bytes = read ? read->cache.bytes() : 0;
        for (const auto& prompt : prompts)
            bytes += prompt.sequence.embeddings.nbytes() + prompt.images.bytes();
        return bytes;
    }
};

// As many questions in a row as are asked at once. Their text counts as its bytes, which its tokens
// are not more than, and what is put around it.
std::vector<std::span<const EvalItem>> batchesOf(const LvrCheckpoint& checkpoint,
                                                 std::span<const EvalItem> items,
                                                 const DecodeOptions& options) {
    constexpr std::int64_t kAround = 40;
    std::vector<std::span<const EvalItem>> batches;
    std::size_t first = 0;
    std::int64_t longest = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const auto& question = items[i].sample.question;
        const auto length = planQuestion(checkpoint, question, options).visualTokens() +
                            std::ssize(question.text) + kAround;
        const auto rows = i - first;
        const auto positions = std::max(longest, length) * (static_cast<std::int64_t>(rows) + 1);
        if (rows == kBatchRows || (rows > 0 && positions > kBatchPositions)) {
            batches.push_back(items.subspan(first, rows));
            first = i;
            longest = 0;
        }
        longest = std::max(longest, length);
    }
    if (first < items.size()) batches.push_back(items.subspan(first));
    return batches;
}

// All pictures of a batch go through the vision tower in a few passes, each scaled as its question
// is planned.
class BatchEncoder {
public:
    BatchEncoder(const LvrCheckpoint& checkpoint, const DecodeOptions& options)
        : checkpoint_(checkpoint), options_(options) {}

    Encoded encode(const std::vector<const Sample*>& samples) {
        for (const auto* sample : samples) {
            const auto plan = planQuestion(checkpoint_, sample->question, options_);
            if (plan.visualTokens() + waitingTokens_ > kBatchVisualTokens) encodeWaiting();
            waitingTokens_ += plan.visualTokens();
            waiting_.push_back(sample);
            sizes_.insert(sizes_.end(), plan.sizes.begin(), plan.sizes.end());
        }
        encodeWaiting();
        return std::move(encoded_);
    }

private:
    void encodeWaiting() {
        if (waiting_.empty()) return;
        std::vector<Image> images;
        for (const auto* sample : waiting_)
            images.insert(images.end(), sample->question.images.begin(),
                          sample->question.images.end());
        const auto pixels = preprocess(images, sizes_, checkpoint_.preprocess);
        const auto visual = checkpoint_.model.visualTokens(pixels);
        std::size_t first = 0;
        for (const auto* sample : waiting_) {
            const auto count = sample->question.images.size();
            const auto own = visual.narrow(first, count);
            encoded_.grids.push_back(own.grids);
            encoded_.prompts.push_back(
                buildPrompt(checkpoint_, own, sample->question.text, options_.spanStart));
            first += count;
        }
        waiting_.clear();
        sizes_.clear();
        waitingTokens_ = 0;
    }

    const LvrCheckpoint& checkpoint_;
    const DecodeOptions& options_;
    std::vector<const Sample*> waiting_;  // for their pictures to be encoded
    std::vector<Size> sizes_;             // of these pictures
    std::int64_t waitingTokens_ = 0;
    Encoded encoded_;
};

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
    void prepare(const std::vector<std::span<const EvalItem>>& batches) {
        if (intervention_ != InterventionKind::OtherPicture || items_.empty()) return;
        room_ = roomForRecentPrompts(checkpoint_.model.device());
        std::vector<Thoughts> own;
        for (const auto& items : batches) {
            auto encoded = encode(samplesOf(items));
            for (auto& thoughts : ownThoughts(encoded, &encoded.read))
                own.push_back(std::move(thoughts));
            keep(items, std::move(encoded));
        }
        for (std::size_t i = 0; i < items_.size(); ++i)
            swapped_.push_back(thoughtsAboutAnother(items_, own, i));
    }

    std::vector<EvalOutcome> ask(std::span<const EvalItem> items) {
        auto encoded = keptOrEncoded(items);
        const auto feed = filter(items, encoded);
        // Only what is read twice is kept apart, which costs a copy.
        const auto rows = decode(encoded.prompts, feed, encoded.read ? &encoded.read : nullptr);
        std::vector<EvalOutcome> outcomes;
        for (std::size_t i = 0; i < items.size(); ++i)
            outcomes.push_back(outcome(items[i], rows[i], encoded.prompts[i], encoded.grids[i]));
        return outcomes;
    }

    int encoded() const { return encoded_; }
    int read() const { return read_; }

private:
    Encoded encode(const std::vector<const Sample*>& samples) {
        encoded_ += static_cast<int>(samples.size());
        return BatchEncoder(checkpoint_, options_).encode(samples);
    }

    // What there is room for: the pictures at least, the prompts as they were read if possible.
    void keep(std::span<const EvalItem> items, Encoded encoded) {
        if (encoded.bytes() > room_) encoded.read = nullptr;
        if (encoded.bytes() > room_) return;
        room_ -= encoded.bytes();
        kept_[items.data()] = std::move(encoded);
    }
    Encoded keptOrEncoded(std::span<const EvalItem> items) {
        auto kept = kept_.extract(items.data());
        return kept ? std::move(kept.mapped()) : encode(samplesOf(items));
    }

    // read: where what the prompts become is left for another decoding, or lies already. Throws
    // Cancelled.
    std::vector<RowResult> decode(const std::vector<Prompt>& prompts, LatentFilter filter,
                                  std::shared_ptr<const ReadPrompt>* read) {
        const bool isRead = read && *read;
        if (!isRead) read_ += static_cast<int>(prompts.size());
        auto rows = decodeRows(checkpoint_.model, prompts, checkpoint_.rules, options_,
                               {.read = read,
                                .filter = std::move(filter),
                                .stop = stop_,
                                .shadows = RowHooks::Shadows::Unread});
        if (stop_.stop_requested()) throw Cancelled();
        return rows;
    }

    LatentFilter filter(std::span<const EvalItem> items, const Encoded& encoded) {
        switch (intervention_) {
            case InterventionKind::Own:
            case InterventionKind::Snap:
                return {};
            case InterventionKind::Zero:
                return feedZeros();
            case InterventionKind::Noise:
                return feedNoise(options_.sampling.seed);
            case InterventionKind::OtherPicture: {
                const auto from = swapped_.begin() + (items.data() - items_.data());
                return feedInstead({from, from + std::ssize(items)}, Replace::All);
            }
            case InterventionKind::Oracle:
                return feedInstead(oracle(items, encoded), Replace::All);
            case InterventionKind::Transplant:
                return feedInstead(
                    donated(items, encoded),
                    items.front().chain == EvalItem::Chain::Yes ? Replace::First : Replace::All);
            default:
                throw Error("a set can't be asked with latents \"" + nameOf(intervention_) +
                            "\"; lvr diagnose asks each question with them");
        }
    }

    std::vector<Thoughts> ownThoughts(const Encoded& encoded,
                                      std::shared_ptr<const ReadPrompt>* read) {
        std::vector<Thoughts> thoughts;
        for (const auto& row : decode(encoded.prompts, {}, read))
            thoughts.push_back(thoughtsOf(row));
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
                                                    encoded.prompts[i].images.tokens));
        }
        return regions;
    }

    // Donors are about the picture that is encoded already, unless they need it in another size.
    Encoded encodedDonors(std::span<const EvalItem> items, const Encoded& about) {
        Encoded donors;
        for (std::size_t i = 0; i < items.size(); ++i) {
            const auto& [sample, donor, chain] = items[i];
            const auto& question = donor->question;
            const bool isKnown =
                question.images == sample.question.images &&
                planQuestion(checkpoint_, question, options_).grids == about.grids[i];
            if (!isKnown) {
                auto own = encode({&*donor});
                donors.prompts.push_back(std::move(own.prompts.front()));
                donors.grids.push_back(std::move(own.grids.front()));
                continue;
            }
            donors.grids.push_back(about.grids[i]);
            donors.prompts.push_back(buildPrompt(checkpoint_, about.prompts[i].images,
                                                 question.text, options_.spanStart));
        }
        return donors;
    }

    std::vector<Thoughts> donated(std::span<const EvalItem> items, const Encoded& encoded) {
        for (const auto& item : items)
            if (!item.donor)
                throw Error("transplant needs another question on the same picture; " +
                            item.sample.kind + " has none");
        const auto thoughts = ownThoughts(encodedDonors(items, encoded), nullptr);
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
        const auto nearest = Patches(prompt.images.tokens).nearest(row.latents);  // [n]
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
    std::vector<Thoughts> swapped_;            // what each question is given
    std::map<const EvalItem*, Encoded> kept_;  // of batches that are asked again, by their first
    std::size_t room_ = 0;                     // bytes that more may be kept
    int encoded_ = 0, read_ = 0;               // questions
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
    const auto batches = batchesOf(checkpoint, items, options);
    evaluation.prepare(batches);
    std::vector<EvalOutcome> outcomes;
    for (const auto& batch : batches) {
        if (stop.stop_requested()) throw Cancelled();
        for (auto& outcome : evaluation.ask(batch)) outcomes.push_back(std::move(outcome));
        if (onProgress)
            onProgress({static_cast<int>(outcomes.size()), static_cast<int>(items.size()),
                        evaluation.encoded(), evaluation.read()});
    }
    return outcomes;
}

}  // namespace lvr
