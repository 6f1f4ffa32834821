#include "core/decode/decode_rows.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/decode/answer_scores.h"
#include "core/decode/exit_rule.h"
#include "core/decode/latent_probe.h"
#include "core/decode/patch_projection.h"
#include "core/decode/prompt_batch.h"
#include "core/decode/sampling.h"
#include "core/error.h"
#include "core/model/pass_watch.h"
#include "core/torch.h"

namespace lvr {
namespace {

// What is known of one thought. Each begins without knowing anything of the one before.
struct ThoughtState {
    int number = -1;                    // within its row; -1 before the first
    int fed = 0;                        // latents read since the exit rule began to count
    int index = 0;                      // of the newest latent
    std::optional<double> endDistance;  // of the newest latent; none at <|lvr_start|>
    std::optional<double> cosine;       // of the newest latent to the one before
    std::optional<double> entropy;      // of the early answer
    std::int64_t early = -1;            // its likeliest first word
    int held = 0;                       // latents over which that stayed the same
};

struct Row {
    std::int64_t prompt = 0;
    ExitRule exit = NoLatents{};
    std::optional<LatentProbe> probe;  // of the exit rule
    std::int64_t room = 0;             // ids that its thoughts and answer may take
    bool thinking = false;             // the next input is a latent
    bool finished = false;
    ThoughtState thought;  // under way, or the last one
    std::int64_t newest = 0;
    std::vector<std::int64_t> seen;  // prompt and generated ids
    std::vector<torch::Tensor> latents;
    torch::Tensor given;       // [n, D], a thought that is to come or under way
    std::int64_t granted = 0;  // ids beyond the length limit, for the given thought
    RowPlan plan;
    at::Generator random;
    RowResult result;
};

LatentEndMetric metricOf(const ExitRule& exit) {
    const auto* rule = std::get_if<NearLatentEnd>(&exit);
    return rule ? rule->metric : LatentEndMetric::Mse;
}

class Decoding {
public:
    Decoding(const LvrModel& model, const std::vector<Prompt>& prompts, const RowRules& rules,
             const DecodeOptions& options, const RowHooks& hooks)
        : model_(model),
          prompts_(prompts),
          rules_(rules),
          options_(options),
          hooks_(hooks),
          batch_(padLeft(prompts)),
          sight_(batch_.real, batch_.embeddings.size(1), std::ssize(prompts)),
          capacity_(batch_.embeddings.size(1) + mostRoom(prompts, options) + longestGiven(prompts) +
                    longestPlanned(hooks.plans) + hooks.spare + std::ssize(rules.answerLead) + 1) {
        for (std::size_t p = 0; p < prompts.size(); ++p) {
            for (int copy = 0; copy < prompts[p].copies; ++copy) {
                Row row;
                row.prompt = static_cast<std::int64_t>(p);
                row.exit = exitOf(prompts[p], copy, options);
                row.probe = probeOf(row.exit);
                row.room = answerRoom(with(row.exit, options));
                row.newest = prompts[p].ids.back();
                row.seen = prompts[p].ids;
                row.given = prompts[p].thought;
                row.granted = idsOf(row.given);
                if (rows_.size() < hooks.plans.size()) row.plan = hooks.plans[rows_.size()];
                if (options.latentAttention == LatentAttention::Thought)
                    row.plan.hidesLatents = true;
                row.random = at::detail::createCPUGenerator(options.sampling.seed + rows_.size());
                rows_.push_back(std::move(row));
            }
        }
    }

    std::vector<RowResult> run() {
        auto hidden = removeSpans(forkForCopies(readPrompts()));  // [B, D]
        while (!hooks_.stop.stop_requested()) {
            const auto next = advance(hidden);
            if (std::all_of(rows_.begin(), rows_.end(), [](const Row& r) { return r.finished; }))
                break;
            hidden = readOne(next);
        }
        tellEnd();
        return results();
    }

private:
    // Of a given thought with its two markers.
    static std::int64_t idsOf(const torch::Tensor& given) {
        return given.defined() ? given.size(0) + 2 : 0;
    }

    static ExitRule exitOf(const Prompt& prompt, int copy, const DecodeOptions& options) {
        return prompt.exits.empty() ? options.exit : prompt.exits.at(copy);
    }

    std::optional<LatentProbe> probeOf(const ExitRule& exit) const {
        const auto* rule = std::get_if<LearnedProbe>(&exit);
        if (!rule) return std::nullopt;
        return readLatentProbe(rule->file, model_.config().text.hiddenSize);
    }

    static DecodeOptions with(const ExitRule& exit, DecodeOptions options) {
        options.exit = exit;
        return options;
    }

    static std::int64_t mostRoom(const std::vector<Prompt>& prompts, const DecodeOptions& options) {
        std::int64_t most = answerRoom(options);
        for (const auto& prompt : prompts)
            for (const auto& exit : prompt.exits)
                most = std::max(most, answerRoom(with(exit, options)));
        return most;
    }

    static std::int64_t longestGiven(const std::vector<Prompt>& prompts) {
        std::int64_t longest = 0;
        for (const auto& prompt : prompts) longest = std::max(longest, idsOf(prompt.thought));
        return longest;
    }

    static std::int64_t longestPlanned(const std::vector<RowPlan>& plans) {
        std::int64_t longest = 0;
        for (const auto& plan : plans) longest = std::max(longest, plan.latents);
        return longest;
    }

    // Hidden states of each prompt's last two positions. [P, 2, D]
    torch::Tensor readPrompts() {
        if (const auto& read = prompts_.front().read) {
            TORCH_CHECK(prompts_.size() == 1, "a prompt that was read is asked alone");
            cache_ = read->cache;
            return read->newest;
        }
        cache_ = KvCache(capacity_);
        const PassWatch watch{hooks_.onReading, hooks_.stop};
        Context context{
            .cache = &cache_, .mask = promptMask(batch_.real, model_.device()), .watch = &watch};
        const auto hidden = model_.hidden(batch_.embeddings, batch_.positions, context);
        if (hooks_.onPrompt && !hooks_.stop.stop_requested()) hooks_.onPrompt(hidden);
        return hidden.slice(1, -2);
    }

    // From one row a prompt to one row a copy. newest: [P, 2, D] -> [B, 2, D]
    torch::Tensor forkForCopies(const torch::Tensor& newest) {
        const bool isShared = prompts_.front().read != nullptr;
        if (rows_.size() == prompts_.size() && !isShared) return newest;
        std::vector<std::int64_t> prompts;
        for (const auto& row : rows_) prompts.push_back(row.prompt);
        const auto of = torch::tensor(prompts);
        batch_.next = batch_.next.index_select(0, of);
        sight_.select(of);
        const auto onDevice = of.to(newest.device());
        cache_ = isShared ? cache_.fork(onDevice, capacity_) : cache_.select(onDevice);
        return newest.index_select(0, onDevice);
    }

    // Rows without a span go on from before a start that is at the end of their prompt.
    // newest: [B, 2, D] -> [B, D]
    torch::Tensor removeSpans(const torch::Tensor& newest) {
        auto hidden = newest.select(1, -1);
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            auto& row = rows_[i];
            if (row.plan.span != RowPlan::Span::Removed || row.newest != rules_.tokens.start)
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

    void tellEnd() const {
        if (!hooks_.onEnd || hooks_.stop.stop_requested()) return;
        const auto next = batch_.next.contiguous();
        hooks_.onEnd(
            {cache_,
             sight_,
             passes_,
             {next.data_ptr<std::int64_t>(), next.data_ptr<std::int64_t>() + next.numel()}});
    }

    // next: [B, D], the inputs of this pass
    torch::Tensor readOne(const torch::Tensor& next) {
        const auto rows = static_cast<std::int64_t>(rows_.size());
        const auto positions = (batch_.next + passes_).view({1, rows, 1}).expand({3, rows, 1});
        ++passes_;
        sight_.extend(1);
        const PassWatch watch{{}, hooks_.stop};
        Context context{.cache = &cache_, .mask = sight_.mask(model_.device()), .watch = &watch};
        return model_.hidden(next.unsqueeze(1), positions, context).select(1, 0);
    }

    bool applyReleasedHead(const Row& row) const {
        return row.thinking && options_.headPositions == HeadPositions::Released;
    }

    // Samples from the newest hidden states, moves every row's state on, and gives the next inputs.
    torch::Tensor advance(torch::Tensor hidden) {
        auto headed = model_.latent(hidden);  // [B, D]
        std::vector<std::int64_t> reheaded;
        for (const auto& row : rows_) reheaded.push_back(applyReleasedHead(row));
        if (options_.headPositions == HeadPositions::Released) {
            const auto which =
                torch::tensor(reheaded, hidden.device()).to(torch::kBool).unsqueeze(1);
            hidden = torch::where(which, headed, hidden);
            headed = hidden;
        }
        if (hooks_.onStep) states_ = headed.to(torch::kCPU, torch::kFloat32);
        sample(hidden);
        return nextInputs(headed);
    }

    // What rows that think would answer if their thought ended here, for rules that go by it: the
    // end and the answer's lead are read beside the rows and forgotten.
    void lookAhead() {
        std::vector<AnswerBranch> branches;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            const auto at = static_cast<std::int64_t>(i);
            if (rows_[i].finished || !rows_[i].thinking || !looksAhead(rows_[i].exit)) continue;
            Ids before{rules_.tokens.end};
            before.insert(before.end(), rules_.answerLead.begin(), rules_.answerLead.end());
            branches.push_back({at, sight_.of(at), batch_.next[at].item<std::int64_t>() + passes_,
                                std::move(before)});
        }
        const auto scores = scoreAnswers(model_, cache_, branches, {}, {{}, hooks_.stop});
        for (std::size_t b = 0; b < scores.size(); ++b)
            rememberEarly(rows_[branches[b].row].thought, scores[b].firstWord);
    }

    // logProbabilities: [V]
    static void rememberEarly(ThoughtState& thought, const torch::Tensor& logProbabilities) {
        const auto word = logProbabilities.argmax().item<std::int64_t>();
        thought.held = word == thought.early ? thought.held + 1 : 0;
        thought.early = word;
        const auto terms = logProbabilities.exp() * logProbabilities;  // 0 * -inf where impossible
        thought.entropy = -terms.nansum().item<double>();
    }

    // One id for every row that goes on. hidden: [B, D]
    void sample(torch::Tensor hidden) {
        lookAhead();
        std::vector<std::int64_t> active;
        std::vector<SamplingRow> sampling;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            if (rows_[i].finished) continue;
            active.push_back(static_cast<std::int64_t>(i));
            sampling.push_back({rows_[i].seen, rows_[i].random});
        }
        if (active.size() < rows_.size())
            hidden = hidden.index_select(0, torch::tensor(active).to(hidden.device()));
        const auto logits = model_.logits(hidden).to(torch::kFloat32);  // [A, V]
        for (std::size_t a = 0; a < active.size(); ++a)
            if (rows_[active[a]].plan.span == RowPlan::Span::Removed)
                logits[static_cast<std::int64_t>(a)][rules_.tokens.start] =
                    -std::numeric_limits<double>::infinity();
        if (hooks_.onLogits) hooks_.onLogits(logits.to(torch::kCPU));
        auto ids = sampleTokens(logits, sampling, options_.sampling);
        const auto ends = endProbabilities(logits);
        for (std::size_t a = 0; a < active.size(); ++a)
            ids[a] = advanceRow(static_cast<int>(active[a]), ids[a], ends[a]);
        append(active, ids, logits);
    }

    // Of lvr_end by its own raw logit. [A, V] -> [A]
    std::vector<double> endProbabilities(const torch::Tensor& logits) const {
        const auto end = rules_.tokens.end;
        if (end < 0) return std::vector<double>(logits.size(0), 0);
        return toDoubles(torch::sigmoid(logits.select(1, end)));
    }

    static std::vector<double> toDoubles(const torch::Tensor& values) {
        const auto onCpu = values.to(torch::kCPU, torch::kFloat64).contiguous();
        return {onCpu.data_ptr<double>(), onCpu.data_ptr<double>() + onCpu.numel()};
    }

    // Moves a row in, through or out of a thought, and gives the id that stands for this position.
    std::int64_t advanceRow(int index, std::int64_t sampled, double endProbability) {
        auto& row = rows_[index];
        const auto end = rules_.tokens.end;
        if (row.thinking) reportLatent(index, endProbability);
        const bool wasThinking = row.thinking;
        row.thinking = thinksOn(row, endProbability, sampled == end);
        const bool left = !row.thinking && (wasThinking || opens(row));
        const bool isForced = options_.spanEnd == SpanEnd::Forced || isEmpty(row) ||
                              (isPlanned(row) && sampled != rules_.tokens.latentEnd);
        if (left && isForced) sampled = end;
        if (left) hideAfterThought(index);
        return row.given.defined() ? markerAround(row, sampled, left) : sampled;
    }

    bool isEmpty(const Row& row) const {
        return options_.latentFeed == LatentFeed::None ||
               row.plan.span == RowPlan::Span::MarkersOnly;
    }

    // Its plan says how long the thought is that is under way or just over.
    static bool isPlanned(const Row& row) {
        return row.plan.latents >= 0 && row.thought.number == 0;
    }

    // From now on its text does not look at what the plan says.
    void hideAfterThought(int index) {
        const auto& row = rows_[index];
        const auto prompt = sight_.seen() - passes_;
        if (row.plan.hidesPrompt) sight_.hide(index, 0, prompt);
        if (!row.plan.hidesLatents) return;
        for (auto at = prompt; const bool isLatent : row.result.isLatent) {
            if (isLatent) sight_.hide(index, at, at + 1);
            ++at;
        }
    }

    bool opens(const Row& row) const {
        return row.newest == rules_.tokens.start &&
               (row.given.defined() || !std::holds_alternative<NoLatents>(row.exit));
    }

    // What is said before, in and after a given thought.
    std::int64_t markerAround(Row& row, std::int64_t sampled, bool left) const {
        if (row.thinking) return sampled;
        if (!left) return rules_.tokens.start;
        row.given = torch::Tensor();
        // Some models were trained to say this first.
        return sampled == rules_.tokens.latentEnd ? sampled : rules_.tokens.end;
    }

    // Whether the next input is a latent; counts the one that was just read.
    bool thinksOn(Row& row, double endProbability, bool endSampled) const {
        const bool started = opens(row);
        auto& thought = row.thought;
        if (row.thinking) {
            ++thought.fed;
            ++thought.index;
            if (started && restartsAtShadowStart(row)) thought.fed = 0;
        } else if (started) {
            thought = {.number = thought.number + 1};
        } else {
            return false;
        }
        if (row.given.defined()) return thought.fed < row.given.size(0);
        if (isEmpty(row)) return false;
        if (isPlanned(row)) return thought.fed < row.plan.latents;
        const bool room = std::ssize(row.result.ids) + 1 < row.room + row.granted;
        return room && !leavesLatentMode(row.exit, {.fed = thought.fed,
                                                    .endProbability = endProbability,
                                                    .endDistance = thought.endDistance,
                                                    .endSampled = endSampled,
                                                    .latentCosine = thought.cosine,
                                                    .answerHeld = thought.held,
                                                    .answerEntropy = thought.entropy,
                                                    .probedRight = probed(row)});
    }

    // Of the latent just read; nothing before the first.
    static std::optional<double> probed(const Row& row) {
        if (!row.probe || !row.thinking || row.latents.empty()) return std::nullopt;
        const auto& latent = row.latents.back();
        return row.probe->probability(
            {latent.data_ptr<float>(), static_cast<std::size_t>(latent.numel())});
    }

    // The official latent-end loop starts counting anew (lvr-spec 9 C8).
    bool restartsAtShadowStart(const Row& row) const {
        return std::holds_alternative<NearLatentEnd>(row.exit) && !row.given.defined() &&
               !isPlanned(row);
    }

    // active, ids: [A]; logits: [A, V], what the ids were sampled from
    void append(const std::vector<std::int64_t>& active, const std::vector<std::int64_t>& ids,
                const torch::Tensor& logits) {
        const auto chosen = options_.sampling.temperature;
        const double temperature = chosen > 0 ? chosen : 1;
        const auto sampled = toDoubles(logProbabilities(logits, ids, temperature));
        const auto raw = hooks_.onStep && temperature != 1
                             ? toDoubles(logProbabilities(logits, ids, 1))
                             : sampled;
        for (std::size_t a = 0; a < active.size(); ++a) {
            auto& row = rows_[active[a]];
            row.newest = ids[a];
            row.seen.push_back(ids[a]);
            row.result.ids.push_back(ids[a]);
            row.result.isLatent.push_back(row.thinking);
            row.result.logProbabilities.push_back(static_cast<float>(sampled[a]));
            if (row.thinking) continue;
            if (hooks_.onStep)
                hooks_.onStep({.row = static_cast<int>(active[a]),
                               .position = static_cast<int>(row.result.ids.size()) - 1,
                               .token = ids[a],
                               .vector = states_[active[a]],
                               .probability = std::exp(raw[a])});
            finishIfDone(row);
        }
    }

    void finishIfDone(Row& row) const {
        const auto& stops = rules_.stopIds;
        const bool ended = std::find(stops.begin(), stops.end(), row.newest) != stops.end();
        row.finished = ended || std::ssize(row.result.ids) >= options_.maxNewTokens + row.granted;
        row.result.stopped = ended ? StopReason::EndOfText : StopReason::MaxNewTokens;
    }

    void reportLatent(int index, double endProbability) {
        const auto& row = rows_[index];
        if (!hooks_.onStep) return;
        hooks_.onStep({.row = index,
                       .position = static_cast<int>(row.result.ids.size()) - 1,
                       .token = row.newest,
                       .latentIndex = row.thought.index,
                       .vector = row.latents.back(),
                       .endProbability = endProbability,
                       .endDistance = row.thought.endDistance});
    }

    // headed: [B, D], the latents of rows that think; the others feed their newest id. -> [B, D]
    torch::Tensor nextInputs(torch::Tensor latents) {
        std::vector<std::int64_t> ids, thinking;
        std::vector<LatentPlace> places;
        for (const auto& row : rows_) {
            ids.push_back(row.finished ? rules_.padId : row.newest);
            thinking.push_back(row.thinking);
            places.push_back(row.thinking ? LatentPlace{row.thought.number, row.thought.index}
                                          : LatentPlace{});
        }
        const auto tokens = model_.embed(torch::tensor(ids));
        const auto which = torch::tensor(thinking, tokens.device()).to(torch::kBool);
        if (!which.any().item<bool>()) return tokens;
        latents = fedFor(std::move(latents));
        if (hooks_.filter) latents = hooks_.filter(latents, places);
        latents = withGiven(std::move(latents));
        remember(latents.to(torch::kCPU, torch::kFloat32));
        return torch::where(which.unsqueeze(1), latents, tokens);
    }

    void remember(const torch::Tensor& latents) {
        const auto end = model_.latentEnd().defined()
                             ? model_.latentEnd().to(torch::kCPU, torch::kFloat32).contiguous()
                             : torch::Tensor();
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            auto& row = rows_[i];
            if (!row.thinking) continue;
            row.latents.push_back(latents[i].contiguous());
            if (row.thought.index > 0) row.thought.cosine = cosineOfLastTwo(row.latents);
            if (end.defined())
                row.thought.endDistance =
                    latentEndDistance(metricOf(row.exit), row.latents.back().data_ptr<float>(),
                                      end.data_ptr<float>(), end.size(0));
        }
    }

    static double cosineOfLastTwo(const std::vector<torch::Tensor>& latents) {
        const auto &newest = latents.back(), &before = latents[latents.size() - 2];
        return 1 - latentEndDistance(LatentEndMetric::Cosine, newest.data_ptr<float>(),
                                     before.data_ptr<float>(), newest.numel());
    }

    torch::Tensor withGiven(torch::Tensor latents) const {
        const auto given = [](const Row& row) { return row.thinking && row.given.defined(); };
        if (std::none_of(rows_.begin(), rows_.end(), given)) return latents;
        latents = latents.clone();
        for (std::size_t i = 0; i < rows_.size(); ++i)
            if (given(rows_[i])) latents[i] = rows_[i].given[rows_[i].thought.index];
        return latents;
    }

    // What the options feed for the model's own latents. [B, D]
    torch::Tensor fedFor(torch::Tensor own) {
        switch (options_.latentFeed) {
            case LatentFeed::Own:
            case LatentFeed::None:
                return own;
            case LatentFeed::Snap:
                return snapped(std::move(own));
            case LatentFeed::Filler:
                return model_.embed(torch::tensor({rules_.tokens.latent})).expand_as(own);
            case LatentFeed::Zero:
                return torch::zeros_like(own);
            case LatentFeed::Noise:
                return noise(own);
            case LatentFeed::Swap:
                return borrowed(std::move(own));
        }
        return own;
    }

    // Gaussian, with each latent's own RMS.
    torch::Tensor noise(const torch::Tensor& own) {
        const auto rms = own.square().mean(-1, /*keepdim=*/true).sqrt();
        return torch::randn(own.sizes(), noise_).to(own.options()) * rms;
    }

    torch::Tensor borrowed(torch::Tensor latents) const {
        const auto& given = options_.borrowed;
        const auto width = latents.size(1);
        if (!given.values || given.values->empty())
            throw Error(
                "whose latents are to be fed is not said; name another answer's trace "
                "(lvr ask --latents swap:F.lvrtrace)");
        if (given.width != width)
            throw Error("the latents of " + given.from + " have " + std::to_string(given.width) +
                        " numbers each and this model's have " + std::to_string(width) +
                        "; take those of an answer of the same model");
        const auto count = std::ssize(*given.values) / width;
        const auto all = torch::from_blob(const_cast<float*>(given.values->data()), {count, width},
                                          torch::kFloat32)
                             .to(latents.options());
        latents = latents.clone();
        for (std::size_t i = 0; i < rows_.size(); ++i)
            if (rows_[i].thinking)
                latents[static_cast<std::int64_t>(i)] =
                    all[std::min<std::int64_t>(rows_[i].thought.index, count - 1)];
        return latents;
    }

    torch::Tensor snapped(torch::Tensor latents) const {
        latents = latents.clone();
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            const auto& patches = prompts_[rows_[i].prompt].imageTokens;
            if (!rows_[i].thinking || !patches.defined()) continue;
            const auto similarity = projectOntoPatches(latents[i].unsqueeze(0), patches);
            latents[i] = patches[similarity.cosine[0].argmax().item<std::int64_t>()];
        }
        return latents;
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
    const RowRules& rules_;
    const DecodeOptions& options_;
    const RowHooks& hooks_;
    PromptBatch batch_;
    RowSight sight_;
    std::int64_t capacity_;  // positions that the cache has room for
    KvCache cache_;
    std::vector<Row> rows_;
    std::int64_t passes_ = 0;
    at::Generator noise_ = at::detail::createCPUGenerator(options_.sampling.seed);
    torch::Tensor states_;  // [B, D], CPU: what each row would feed if it thought on
};

}  // namespace

std::vector<torch::Tensor> thoughtsOf(const RowResult& row) {
    std::vector<torch::Tensor> thoughts;
    std::int64_t first = 0, count = 0;
    const auto close = [&] {
        if (count > 0) thoughts.push_back(row.latents.narrow(0, first, count));
        first += std::exchange(count, 0);
    };
    for (const bool isLatent : row.isLatent) {
        if (isLatent)
            ++count;
        else
            close();
    }
    close();
    return thoughts;
}

std::shared_ptr<const ReadPrompt> readPrompt(const LvrModel& model, const Prompt& prompt,
                                             const PassWatch& watch) {
    const c10::InferenceMode inference;
    auto read = std::make_shared<ReadPrompt>();
    read->cache = KvCache(prompt.embeddings.size(1));
    const Context context{.cache = &read->cache, .watch = &watch};
    read->newest =
        model.hidden(prompt.embeddings, prompt.positions.ids.unsqueeze(1), context).slice(1, -2);
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
