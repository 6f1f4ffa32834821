#include "core/decode/row_state.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <utility>

#include "core/decode/exit_rule.h"
#include "core/torch.h"

namespace lvr {
namespace {

// Of a given thought with its two markers.
std::int64_t idsOfThought(const torch::Tensor& given) {
    return given.defined() ? given.size(0) + 2 : 0;
}

DecodeOptions withRule(const ExitRule& exit, DecodeOptions options) {
    options.exit = exit;
    return options;
}

std::optional<LatentProbe> probeOf(const ExitRule& exit, std::size_t width) {
    const auto* rule = std::get_if<LearnedProbe>(&exit);
    if (!rule) return std::nullopt;
    return readLatentProbe(rule->file, width);
}

LatentEndMetric metricOf(const ExitRule& exit) {
    const auto* rule = std::get_if<NearLatentEnd>(&exit);
    return rule ? rule->metric : LatentEndMetric::Mse;
}

double cosineOfLastTwo(const std::vector<torch::Tensor>& latents) {
    const auto &newest = latents.back(), &before = latents[latents.size() - 2];
    return 1 - latentEndDistance(LatentEndMetric::Cosine, newest.data_ptr<float>(),
                                 before.data_ptr<float>(), newest.numel());
}

bool isEmpty(const RowState& row, const RowSetting& setting) {
    return setting.options.latentFeed == LatentFeed::None ||
           row.plan.span == RowPlan::Span::MarkersOnly;
}

// Its plan says how long this thought is.
bool isPlanned(const RowState& row, const ThoughtState& thought) {
    return row.plan.latents >= 0 && thought.number == 0;
}

const Dialect& dialectOf(const RowSetting& setting) { return setting.rules.dialect; }

bool thinksAtAll(const RowState& row) {
    return row.given.defined() || !std::holds_alternative<NoLatents>(row.exit);
}

// The token that was just read opens a thought; a row that thinks has read none.
bool opens(const RowState& row, const RowSetting& setting) {
    const auto& dialect = dialectOf(setting);
    const bool isPrompted = row.result.ids.empty();
    if (row.thinking || row.newest != setting.rules.tokens.start || !thinksAtAll(row)) return false;
    if (dialect.opens == Dialect::Opens::Sampled && isPrompted) return false;
    return dialect.spans != Dialect::Spans::First || row.thought.number < 0;
}

// The official latent-end loop starts counting anew (lvr-spec 9 C8).
bool restartsAtShadowStart(const RowState& row, const RowSetting& setting) {
    return row.newest == setting.rules.tokens.start &&
           std::holds_alternative<NearLatentEnd>(row.exit) && !row.given.defined() &&
           !isPlanned(row, row.thought) && dialectOf(setting).first == Dialect::First::AfterStart;
}

// Behind a start that was fed again inside a thought: that thought, as far as it is counted.
ThoughtState newThought(const RowState& row, const RowSetting& setting) {
    if (!row.resumes) return {.number = row.thought.number + 1};
    ThoughtState thought{.number = row.thought.number, .index = row.thought.index + 1};
    if (dialectOf(setting).startInside == Dialect::StartInside::GoesOn)
        thought.fed = row.thought.fed;
    return thought;
}

// The row's thought with the latent that was just read, or a new one; nothing where it reads text.
std::optional<ThoughtState> thoughtNow(const RowState& row, const RowSetting& setting,
                                       bool started) {
    if (!row.thinking) return started ? std::optional(newThought(row, setting)) : std::nullopt;
    auto thought = row.thought;
    ++thought.fed;
    ++thought.index;
    if (restartsAtShadowStart(row, setting)) thought.fed = 0;
    return thought;
}

// Of the latent just read; nothing before the first.
std::optional<double> probed(const RowState& row) {
    if (!row.probe || !row.thinking || row.latents.empty()) return std::nullopt;
    const auto& latent = row.latents.back();
    return row.probe->probability(
        {latent.data_ptr<float>(), static_cast<std::size_t>(latent.numel())});
}

// Whether this thought ends by its exit rule.
bool leaves(const RowState& row, const RowSetting& setting, const ThoughtState& thought,
            double endProbability, bool endSampled) {
    if (dialectOf(setting).spans == Dialect::Spans::Endless && row.countIsOver &&
        std::holds_alternative<EndToken>(row.exit))
        return endSampled && !row.endIsOver;
    return leavesLatentMode(row.exit, {.fed = thought.fed,
                                       .endProbability = endProbability,
                                       .endDistance = thought.endDistance,
                                       .endSampled = endSampled,
                                       .latentCosine = thought.cosine,
                                       .answerHeld = thought.held,
                                       .answerEntropy = thought.entropy,
                                       .probedRight = probed(row),
                                       .sameId = thought.same});
}

bool thinksOn(const RowState& row, const RowSetting& setting, const ThoughtState& thought,
              double endProbability, bool endSampled) {
    if (row.given.defined()) return thought.fed < row.given.size(0);
    if (isEmpty(row, setting)) return false;
    if (isPlanned(row, thought)) return thought.fed < row.plan.latents;
    const bool room = std::ssize(row.result.ids) + 1 < row.room + row.granted;
    return room && !leaves(row, setting, thought, endProbability, endSampled);
}

// Whether the rule goes by what a pass says, or counts anew at a sampled <|lvr_start|>.
bool asksThePass(const ExitRule& rule) {
    return std::holds_alternative<EndToken>(rule) || std::holds_alternative<EndProbability>(rule) ||
           std::holds_alternative<NearLatentEnd>(rule) ||
           std::holds_alternative<RepeatedToken>(rule);
}

// Likewise, of the tokens that a dialect looks out for inside a thought.
bool asksThePass(const Dialect& dialect) {
    return dialect.startInside != Dialect::StartInside::Ignored ||
           dialect.stopInside == Dialect::StopInside::Stops ||
           dialect.spans == Dialect::Spans::Endless;
}

// How long it thinks is settled, whatever is sampled.
bool isSettled(const RowState& row, const ThoughtState& thought) {
    return row.given.defined() || isPlanned(row, thought);
}

bool isStop(const RowSetting& setting, std::int64_t id) {
    const auto& stops = setting.rules.stopIds;
    return std::find(stops.begin(), stops.end(), id) != stops.end();
}

// What comes next whatever was sampled: a forced start, or what follows a forced end.
std::int64_t insteadOf(std::int64_t sampled, RowState& row, const RowSetting& setting) {
    if (row.next && !row.thinking) return *std::exchange(row.next, std::nullopt);
    const auto forced = dialectOf(setting).forcedStart;
    const bool isDue = row.result.ids.empty() && !row.given.defined() && thinksAtAll(row) &&
                       row.plan.span != RowPlan::Span::Removed &&
                       setting.options.spanStart == SpanStart::Forced &&
                       forced != Dialect::ForcedStart::EndsPrompt;
    const bool isThere = forced == Dialect::ForcedStart::FirstIdUnlessPrompted &&
                         row.newest == setting.rules.tokens.start;
    return isDue && !isThere ? setting.rules.tokens.start : sampled;
}

// A start that was just said, in whose place a latent is fed.
bool opensInPlace(const RowState& row, const RowSetting& setting, std::int64_t id) {
    const bool plansNone = row.plan.latents == 0 && row.thought.number < 0;
    return dialectOf(setting).first == Dialect::First::InPlaceOfStart &&
           id == setting.rules.tokens.start && thinksAtAll(row) &&
           (row.given.defined() || (!isEmpty(row, setting) && !plansNone));
}

void count(ThoughtState& thought, std::int64_t sampled) {
    thought.same = sampled == thought.sampled ? thought.same + 1 : 1;
    thought.sampled = sampled;
}

// The id that stands where the next latent is fed, unless a token is fed there after all.
RowMove goOn(RowState& row, const RowSetting& setting, std::int64_t sampled) {
    const auto& dialect = dialectOf(setting);
    const auto& tokens = setting.rules.tokens;
    const bool isOpen = !isSettled(row, row.thought);
    if (isOpen && dialect.stopInside == Dialect::StopInside::Stops && isStop(setting, sampled)) {
        row.thinking = false;
        return {sampled, /*leftThought=*/true};
    }
    if (isOpen && dialect.startInside != Dialect::StartInside::Ignored && sampled == tokens.start) {
        row.thinking = false;
        row.resumes = true;
        return {sampled};
    }
    // As released, an end that no longer ends a thought stands there as itself.
    const bool isEndlessEnd = dialect.spans == Dialect::Spans::Endless && sampled == tokens.end;
    return {dialect.kept == Dialect::Kept::Latent && !isEndlessEnd ? tokens.latent : sampled};
}

// What is said before and after a given thought.
std::int64_t markerAround(RowState& row, const LvrTokens& tokens, std::int64_t sampled, bool left) {
    if (!left) return tokens.start;
    row.given = torch::Tensor();
    // Some models were trained to say this first.
    return sampled == tokens.latentEnd ? sampled : tokens.end;
}

// What is remembered of how a thought ended. sampled: what the pass said; isForced: the end is put
// there over it.
void leave(RowState& row, const RowSetting& setting, std::int64_t sampled, double endProbability,
           bool isForced) {
    const bool isEnd = sampled == setting.rules.tokens.end;
    const bool isDue = isSettled(row, row.thought) || isEmpty(row, setting) ||
                       leaves(row, setting, row.thought, endProbability, false);
    const bool wasForced = isForced && (!isEnd || (dialectOf(setting).forcedBeatsSampled && isDue));
    if (wasForced) row.next = setting.rules.afterForced;
    row.countIsOver = true;
    if (isEnd && !wasForced) row.endIsOver = true;
}

}  // namespace

std::vector<RowState> startRows(const std::vector<Prompt>& prompts, const RowSetting& setting,
                                const std::vector<RowPlan>& plans, std::size_t width) {
    const auto& options = setting.options;
    std::vector<RowState> rows;
    for (std::size_t p = 0; p < prompts.size(); ++p)
        for (int copy = 0; copy < prompts[p].copies; ++copy) {
            RowState row{.prompt = static_cast<std::int64_t>(p)};
            row.exit = prompts[p].exits.empty() ? options.exit : prompts[p].exits.at(copy);
            row.probe = probeOf(row.exit, width);
            row.room = answerRoom(withRule(row.exit, options));
            row.newest = prompts[p].ids.back();
            row.seen = prompts[p].ids;
            row.given = prompts[p].thought;
            row.granted = idsOfThought(row.given);
            if (rows.size() < plans.size()) row.plan = plans[rows.size()];
            if (options.latentAttention == LatentAttention::Thought) row.plan.hidesLatents = true;
            row.random = at::detail::createCPUGenerator(options.sampling.seed + rows.size());
            rows.push_back(std::move(row));
        }
    return rows;
}

std::int64_t mostGenerated(const std::vector<RowState>& rows) {
    std::int64_t most = 0;
    for (const auto& row : rows)
        most = std::max(most, row.room + row.granted + std::max<std::int64_t>(row.plan.latents, 0));
    return most;
}

RowMove advance(RowState& row, const RowSetting& setting, std::int64_t sampled,
                double endProbability) {
    const auto& tokens = setting.rules.tokens;
    const bool wasThinking = row.thinking, started = opens(row, setting);
    sampled = insteadOf(sampled, row, setting);
    if (const auto thought = thoughtNow(row, setting, started)) {
        row.thought = *thought;
        row.resumes = false;
        count(row.thought, sampled);
        row.thinking = thinksOn(row, setting, row.thought, endProbability, sampled == tokens.end);
    }
    if (row.thinking) return goOn(row, setting, sampled);
    const bool left = wasThinking || started;
    const bool isForced = setting.options.spanEnd == SpanEnd::Forced || isEmpty(row, setting) ||
                          (isPlanned(row, row.thought) && sampled != tokens.latentEnd);
    if (left) leave(row, setting, sampled, endProbability, isForced);
    if (left && isForced) sampled = tokens.end;
    if (row.given.defined()) sampled = markerAround(row, tokens, sampled, left);
    if (!left && opensInPlace(row, setting, sampled)) {
        row.thinking = true;
        row.thought = newThought(row, setting);
    }
    return {sampled, left};
}

bool thinksAnyway(const RowState& row, const RowSetting& setting) {
    const auto thought = thoughtNow(row, setting, opens(row, setting));
    if (!thought) return false;
    const bool asks = asksThePass(row.exit) || asksThePass(dialectOf(setting));
    return (isSettled(row, *thought) || !asks) && thinksOn(row, setting, *thought, 0, false);
}

void append(RowState& row, const RowSetting& setting, std::int64_t id) {
    row.newest = id;
    row.seen.push_back(id);
    row.result.ids.push_back(id);
    if (setting.rules.saysStop && !row.saidStop)
        row.saidStop = setting.rules.saysStop(row.result.ids);
    const bool isFull = std::ssize(row.result.ids) >= setting.options.maxNewTokens + row.granted;
    // What would stand there is not fed any more.
    if (isFull && dialectOf(setting).limitInside == Dialect::LimitInside::Stops)
        row.thinking = false;
    row.result.isLatent.push_back(row.thinking);
    if (row.thinking) return;
    const bool ended = row.saidStop || isStop(setting, id);
    row.finished = ended || isFull;
    row.result.stopped = ended ? StopReason::EndOfText : StopReason::MaxNewTokens;
}

void remember(RowState& row, const torch::Tensor& latent, const torch::Tensor& latentEnd) {
    row.latents.push_back(latent);
    row.result.thoughtOf.push_back(row.thought.number);
    if (row.thought.index > 0) row.thought.cosine = cosineOfLastTwo(row.latents);
    if (latentEnd.defined())
        row.thought.endDistance = latentEndDistance(metricOf(row.exit), latent.data_ptr<float>(),
                                                    latentEnd.data_ptr<float>(), latentEnd.numel());
}

void rememberEarly(ThoughtState& thought, const torch::Tensor& logProbabilities) {
    const auto word = logProbabilities.argmax().item<std::int64_t>();
    thought.held = word == thought.early ? thought.held + 1 : 0;
    thought.early = word;
    const auto terms = logProbabilities.exp() * logProbabilities;  // 0 * -inf where impossible
    thought.entropy = -terms.nansum().item<double>();
}

}  // namespace lvr
