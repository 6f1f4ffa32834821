#include "core/decode/decode_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/decode/answer_scores.h"
#include "core/decode/exit_rule.h"
#include "core/decode/prompt_batch.h"
#include "core/decode/recent_prompts.h"
#include "core/decode/row_inputs.h"
#include "core/decode/row_state.h"
#include "core/decode/sampling.h"
#include "core/model/pass_watch.h"
#include "core/torch.h"

namespace lvr {
namespace {

using Places = std::vector<std::int64_t>;

Places countedUp(std::size_t count) {
    Places places(count);
    std::iota(places.begin(), places.end(), 0);
    return places;
}

class Decoding {
public:
    Decoding(const LvrModel& model, const std::vector<Prompt>& prompts, const RowRules& rules,
             const DecodeOptions& options, const RowHooks& hooks)
        : model_(model),
          prompts_(prompts),
          setting_{rules, options},
          hooks_(hooks),
          rows_(startRows(prompts, setting_, hooks.plans, model.config().text.hiddenSize)),
          live_(countedUp(rows_.size())),
          batch_(padLeft(prompts)),
          capacity_(batch_.sequence.embeddings.size(1) + mostGenerated(rows_) + hooks.spare +
                    std::ssize(rules.answerLead) + 1),
          sight_(batch_.real, batch_.sequence.embeddings.size(1), std::ssize(prompts), capacity_),
          inputs_(model, prompts, setting_, hooks.filter) {}

    std::vector<RowResult> run() {
        const auto newest = readPrompts();  // [P, 2, D]
        if (hooks_.stop.stop_requested()) return results();
        auto hidden = removeSpans(forkForCopies(newest));  // [B, D]
        while (!hooks_.stop.stop_requested()) {
            auto latents = wouldFeed(hidden);
            sample(hidden);
            if (std::ranges::all_of(rows_, &RowState::finished)) break;
            latents = dropFinished(std::move(latents));
            hidden = readOne(inputs_.next(rows_, live_, latents));
        }
        tellEnd();
        return results();
    }

private:
    // Hidden states of each prompt's last two positions. [P, 2, D]; undefined after a stop
    torch::Tensor readPrompts() {
        if (const auto read = readBefore()) {
            cache_ = read->cache;
            isShared_ = true;
            return read->newest;
        }
        if (hooks_.stop.stop_requested()) return {};
        const auto length = batch_.sequence.embeddings.size(1);
        cache_ = KvCache(isForked() || hooks_.read ? length : capacity_);
        const PassWatch watch{hooks_.onReading, hooks_.stop};
        Context context{
            .cache = &cache_, .mask = promptMask(batch_.real, model_.device()), .watch = &watch};
        const auto hidden = model_.hidden(batch_.sequence, context);
        if (hooks_.stop.stop_requested()) return {};
        if (hooks_.onPrompt) hooks_.onPrompt(hidden);
        tellRead(std::ssize(prompts_) * length);
        if (hooks_.read) leaveRead(hidden);
        return hidden.slice(1, -2);
    }

    // hidden: [P, T, D]
    void leaveRead(const torch::Tensor& hidden) {
        *hooks_.read =
            std::make_shared<ReadPrompt>(ReadPrompt{cache_, hidden.slice(1, -2).clone()});
        isShared_ = true;
    }

    // nullptr: it is to be read for these rows alone, or a stop came first.
    std::shared_ptr<const ReadPrompt> readBefore() const {
        if (hooks_.read && *hooks_.read) return *hooks_.read;
        if (prompts_.front().read) {
            TORCH_CHECK(prompts_.size() == 1, "a prompt that was read is asked alone");
            return prompts_.front().read;
        }
        if (!hooks_.recent || prompts_.size() > 1) return nullptr;
        auto reading =
            hooks_.recent->read(model_, prompts_.front(), {hooks_.onReading, hooks_.stop});
        if (reading.prompt) tellRead(reading.positions);
        return reading.prompt;
    }

    void tellRead(std::int64_t positions) const {
        if (hooks_.onRead) hooks_.onRead(positions);
    }

    // Several rows go on from what a prompt became.
    bool isForked() const { return rows_.size() > prompts_.size(); }

    // From one row a prompt to one row a copy. newest: [P, 2, D] -> [B, 2, D]
    torch::Tensor forkForCopies(const torch::Tensor& newest) {
        if (!isForked() && !isShared_) return newest;
        Places prompts;
        for (const auto& row : rows_) prompts.push_back(row.prompt);
        const auto of = torch::tensor(prompts);
        batch_.next = batch_.next.index_select(0, of);
        sight_.select(of);
        cache_ = cache_.fork(of, capacity_);
        return newest.index_select(0, of.to(newest.device()));
    }

    // Rows without a span go on from before a start that is at the end of their prompt.
    // newest: [B, 2, D] -> [B, D]
    torch::Tensor removeSpans(const torch::Tensor& newest) {
        auto hidden = newest.select(1, -1);
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            auto& row = rows_[i];
            if (row.plan.span != RowPlan::Span::Removed ||
                row.newest != setting_.rules.tokens.start)
                continue;
            const auto at = static_cast<std::int64_t>(i);
            hidden = hidden.clone();
            hidden[at] = newest[at][0];
            batch_.next[at] -= 1;
            sight_.hide(at, sight_.seen() - 1, sight_.seen());
            row.seen.pop_back();
            row.newest = row.seen.back();
        }
        return hidden;
    }

    // next: [B, D], the inputs of this pass
    torch::Tensor readOne(const torch::Tensor& next) {
        const auto rows = std::ssize(live_);
        const auto positions = (batch_.next + passes_).view({1, rows, 1}).expand({3, rows, 1});
        if (hooks_.onPass) hooks_.onPass(rows);
        ++passes_;
        sight_.extend(1);
        const PassWatch watch{{}, hooks_.stop};
        Context context{.cache = &cache_, .mask = sight_.mask(model_.device()), .watch = &watch};
        return model_.hidden({next.unsqueeze(1), positions}, context).select(1, 0);
    }

    // What rows would feed as their next latents. As released, the head's result also is what
    // words come from while a row thinks; `hidden` is that then. [B, D] both
    torch::Tensor wouldFeed(torch::Tensor& hidden) {
        auto latents = model_.latent(hidden);
        if (setting_.options.headPositions == HeadPositions::Released) {
            std::vector<std::int64_t> reheaded;
            for (const auto at : live_) reheaded.push_back(rows_[at].thinking);
            const auto which =
                torch::tensor(reheaded, hidden.device()).to(torch::kBool).unsqueeze(1);
            hidden = torch::where(which, latents, hidden);
            latents = hidden;
        }
        if (hooks_.onStep) states_ = latents.to(torch::kCPU, torch::kFloat32);
        return latents;
    }

    // What rows that think would answer if their thought ended here, for rules that go by it: the
    // end and the answer's lead are read beside the rows and forgotten.
    void lookAhead() {
        const auto& rules = setting_.rules;
        std::vector<AnswerBranch> branches;
        for (std::int64_t slot = 0; slot < std::ssize(live_); ++slot) {
            const auto& row = rows_[live_[slot]];
            if (row.finished || !row.thinking || !looksAhead(row.exit)) continue;
            Ids before{rules.tokens.end};
            before.insert(before.end(), rules.answerLead.begin(), rules.answerLead.end());
            branches.push_back({slot, sight_.of(slot),
                                batch_.next[slot].item<std::int64_t>() + passes_,
                                std::move(before)});
        }
        const auto scores = scoreAnswers(model_, cache_, branches, {}, {{}, hooks_.stop});
        for (std::size_t b = 0; b < scores.size(); ++b)
            rememberEarly(rows_[live_[branches[b].row]].thought, scores[b].firstWord);
    }

    // One id for every row that goes on. hidden: [B, D]
    void sample(const torch::Tensor& hidden) {
        lookAhead();
        Places active;  // in the batch
        for (std::int64_t slot = 0; slot < std::ssize(live_); ++slot)
            if (!rows_[live_[slot]].finished) active.push_back(slot);
        if (logitsAreUnread(active))
            passOverShadows(active);
        else
            sampleFrom(hidden, active);
    }

    // Nothing that is asked for goes by what this pass says.
    bool logitsAreUnread(const Places& active) const {
        const bool isWatched = hooks_.onStep || hooks_.onLogits ||
                               hooks_.scores == RowHooks::Scores::Yes ||
                               setting_.options.sampling.repetitionPenalty != 1;
        return hooks_.shadows == RowHooks::Shadows::Unread && !isWatched &&
               std::ranges::all_of(active, [&](std::int64_t slot) {
                   return thinksAnyway(rows_[live_[slot]], setting_);
               });
    }

    void passOverShadows(const Places& active) {
        const auto& rules = setting_.rules;
        for (const auto slot : active) {
            auto& row = rows_[live_[slot]];
            passOver({row.seen, row.random}, setting_.options.sampling);
            advance(row, setting_, -1, 0);
            row.result.isSaid.push_back(false);
            append(row, setting_, rules.tokens.latent >= 0 ? rules.tokens.latent : rules.padId);
        }
    }

    void sampleFrom(torch::Tensor hidden, const Places& active) {
        if (active.size() < live_.size())
            hidden = hidden.index_select(0, torch::tensor(active).to(hidden.device()));
        const auto logits = model_.logits(hidden).to(torch::kFloat32);  // [A, V]
        std::vector<SamplingRow> sampling;
        for (std::size_t a = 0; a < active.size(); ++a) {
            auto& row = rows_[live_[active[a]]];
            sampling.push_back({row.seen, row.random});
            if (row.plan.span == RowPlan::Span::Removed && setting_.rules.tokens.areThere())
                logits[static_cast<std::int64_t>(a)][setting_.rules.tokens.start] =
                    -std::numeric_limits<double>::infinity();
        }
        if (hooks_.onLogits) hooks_.onLogits(logits.to(torch::kCPU));
        auto sampled = sampleRows(logits, sampling, setting_.options.sampling,
                                  {.end = setting_.rules.tokens.end, .scores = wantsScores()});
        for (std::size_t a = 0; a < active.size(); ++a)
            moveOn(active[a], sampled[a], logits[static_cast<std::int64_t>(a)]);
    }

    bool wantsScores() const { return hooks_.onStep || hooks_.scores == RowHooks::Scores::Yes; }

    // logits: [V], what the id was sampled from
    void moveOn(std::int64_t slot, SampledRow sampled, const torch::Tensor& logits) {
        auto& row = rows_[live_[slot]];
        if (row.thinking) reportLatent(live_[slot], sampled.endProbability);
        const bool wasThinking = row.thinking;
        const auto [id, left] = advance(row, setting_, sampled.id, sampled.endProbability);
        if (left) hideAfterThought(slot);
        const bool isForced = id != sampled.id;
        if (isForced && wantsScores()) scoreInstead(sampled, id, logits, setting_.options.sampling);
        append(row, setting_, id);
        row.result.isSaid.push_back(!isForced && isSaid(row, wasThinking, left));
        if (wantsScores())
            row.result.logProbabilities.push_back(static_cast<float>(sampled.logProbability));
        if (!row.thinking) reportText(slot, sampled);
    }

    // Whether the newest id, which nobody forced, is one the row says.
    bool isSaid(const RowState& row, bool wasThinking, bool left) const {
        const bool isCut = wasThinking && !left && row.finished;
        if (!row.thinking) return !isCut;
        return !wasThinking && row.newest == setting_.rules.tokens.start &&
               setting_.rules.dialect.first == Dialect::First::InPlaceOfStart;
    }

    // From now on its text does not look at what the plan says.
    void hideAfterThought(std::int64_t slot) {
        const auto& row = rows_[live_[slot]];
        const auto prompt = sight_.seen() - passes_;
        if (row.plan.hidesPrompt) sight_.hide(slot, 0, prompt);
        if (!row.plan.hidesLatents) return;
        for (auto at = prompt; const bool isLatent : row.result.isLatent) {
            if (isLatent) sight_.hide(slot, at, at + 1);
            ++at;
        }
    }

    void reportText(std::int64_t slot, const SampledRow& sampled) const {
        if (!hooks_.onStep) return;
        const auto& row = rows_[live_[slot]];
        hooks_.onStep({.row = static_cast<int>(live_[slot]),
                       .position = static_cast<int>(row.result.ids.size()) - 1,
                       .token = row.newest,
                       .vector = states_[slot],
                       .probability = std::exp(sampled.rawLogProbability)});
    }

    void reportLatent(std::int64_t index, double endProbability) const {
        if (!hooks_.onStep) return;
        const auto& row = rows_[index];
        hooks_.onStep({.row = static_cast<int>(index),
                       .position = static_cast<int>(row.result.ids.size()) - 1,
                       .token = row.newest,
                       .latentIndex = row.thought.index,
                       .vector = row.latents.back(),
                       .endProbability = endProbability,
                       .endDistance = row.thought.endDistance});
    }

    // When a quarter of the batch is done, the others go on without it. [B, D] -> [B', D]
    torch::Tensor dropFinished(torch::Tensor latents) {
        Places kept, rows;
        for (std::int64_t slot = 0; slot < std::ssize(live_); ++slot)
            if (!rows_[live_[slot]].finished) {
                kept.push_back(slot);
                rows.push_back(live_[slot]);
            }
        if (hooks_.onEnd || 4 * kept.size() > 3 * live_.size()) return latents;
        live_ = std::move(rows);
        cache_.keep(kept);
        const auto of = torch::tensor(kept);
        sight_.select(of);
        batch_.next = batch_.next.index_select(0, of);
        return latents.index_select(0, of.to(latents.device()));
    }

    void tellEnd() const {
        if (!hooks_.onEnd || hooks_.stop.stop_requested()) return;
        const auto next = batch_.next.contiguous();
        hooks_.onEnd(
            {cache_,
             sight_,
             passes_,
             {next.data_ptr<std::int64_t>(), next.data_ptr<std::int64_t>() + next.numel()}});
    }

    std::vector<RowResult> results() {
        std::vector<RowResult> all;
        for (auto& row : rows_) {
            if (!row.finished) row.result.stopped = StopReason::Cancelled;
            const auto width = model_.config().text.hiddenSize;
            row.result.latents =
                row.latents.empty() ? torch::empty({0, width}) : torch::stack(row.latents);
            all.push_back(std::move(row.result));
        }
        return all;
    }

    const LvrModel& model_;
    const std::vector<Prompt>& prompts_;
    const RowSetting setting_;
    const RowHooks& hooks_;
    std::vector<RowState> rows_;
    Places live_;  // of each place in the batch: the row; ascending
    PromptBatch batch_;
    std::int64_t capacity_;  // positions that the cache has room for
    RowSight sight_;
    RowInputs inputs_;
    KvCache cache_;
    bool isShared_ = false;  // with whoever asks this prompt again: rows go on in a copy
    std::int64_t passes_ = 0;
    torch::Tensor states_;  // [B, D], CPU: what each row would feed if it thought on
};

}  // namespace

std::vector<torch::Tensor> thoughtsOf(const RowResult& row) {
    std::vector<torch::Tensor> thoughts;
    for (auto begin = row.thoughtOf.begin(); begin != row.thoughtOf.end();) {
        const auto end = std::upper_bound(begin, row.thoughtOf.end(), *begin);
        thoughts.push_back(row.latents.narrow(0, begin - row.thoughtOf.begin(), end - begin));
        begin = end;
    }
    return thoughts;
}

std::shared_ptr<const ReadPrompt> readPrompt(const LvrModel& model, const Prompt& prompt,
                                             const PassWatch& watch, const KvCache& beginning) {
    const c10::InferenceMode inference;
    const auto length = prompt.sequence.embeddings.size(1), known = beginning.length();
    TORCH_CHECK(known == 0 || known + 2 <= length, known, " positions known of ", length);
    auto read = std::make_shared<ReadPrompt>();
    read->cache =
        known > 0 ? beginning.fork(torch::zeros({1}, torch::kInt64), length) : KvCache(length);
    const Context context{.cache = &read->cache, .watch = &watch};
    read->newest =
        model.hidden(prompt.sequence.narrow(known, length - known), context).slice(1, -2);
    return watch.stop.stop_requested() ? nullptr : std::move(read);
}

std::vector<RowResult> decodeRows(const LvrModel& model, const std::vector<Prompt>& prompts,
                                  const RowRules& rules, const DecodeOptions& options,
                                  const RowHooks& hooks) {
    if (prompts.empty()) return {};
    const c10::InferenceMode inference;
    return Decoding(model, prompts, rules, options, hooks).run();
}

}  // namespace lvr
