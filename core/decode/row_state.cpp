#include "core/decode/row_state.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>

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

bool opens(const RowState& row, const RowSetting& setting) {
    return row.newest == setting.rules.tokens.start &&
           (row.given.defined() || !std::holds_alternative<NoLatents>(row.exit));
}

// The official latent-end loop starts counting anew (lvr-spec 9 C8).
bool restartsAtShadowStart(const RowState& row) {
    return std::holds_alternative<NearLatentEnd>(row.exit) && !row.given.defined() &&
           !isPlanned(row, row.thought);
}

// The row's thought with the latent that was just read, or a new one; nothing where it reads text.
std::optional<ThoughtState> thoughtNow(const RowState& row, const RowSetting& setting) {
    const bool started = opens(row, setting);
    auto thought = row.thought;
    if (!row.thinking)
        return started ? std::optional(ThoughtState{.number = thought.number + 1}) : std::nullopt;
    ++thought.fed;
    ++thought.index;
    if (started && restartsAtShadowStart(row)) thought.fed = 0;
    return thought;
}

// Of the latent just read; nothing before the first.
std::optional<double> probed(const RowState& row) {
    if (!row.probe || !row.thinking || row.latents.empty()) return std::nullopt;
    const auto& latent = row.latents.back();
    return row.probe->probability(
        {latent.data_ptr<float>(), static_cast<std::size_t>(latent.numel())});
}

bool thinksOn(const RowState& row, const RowSetting& setting, const ThoughtState& thought,
              double endProbability, bool endSampled) {
    if (row.given.defined()) return thought.fed < row.given.size(0);
    if (isEmpty(row, setting)) return false;
    if (isPlanned(row, thought)) return thought.fed < row.plan.latents;
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

// Whether the rule goes by what a pass says, or counts anew at a sampled <|lvr_start|>.
bool asksThePass(const ExitRule& rule) {
    return std::holds_alternative<EndToken>(rule) || std::holds_alternative<EndProbability>(rule) ||
           std::holds_alternative<NearLatentEnd>(rule);
}

// What is said before, in and after a given thought.
std::int64_t markerAround(RowState& row, const LvrTokens& tokens, std::int64_t sampled, bool left) {
    if (row.thinking) return sampled;
    if (!left) return tokens.start;
    row.given = torch::Tensor();
    // Some models were trained to say this first.
    return sampled == tokens.latentEnd ? sampled : tokens.end;
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
    const bool wasThinking = row.thinking;
    const auto thought = thoughtNow(row, setting);
    if (thought) row.thought = *thought;
    row.thinking =
        thought && thinksOn(row, setting, *thought, endProbability, sampled == tokens.end);
    const bool left = !row.thinking && (wasThinking || opens(row, setting));
    const bool isForced = setting.options.spanEnd == SpanEnd::Forced || isEmpty(row, setting) ||
                          (isPlanned(row, row.thought) && sampled != tokens.latentEnd);
    if (left && isForced) sampled = tokens.end;
    return {row.given.defined() ? markerAround(row, tokens, sampled, left) : sampled, left};
}

bool thinksAnyway(const RowState& row, const RowSetting& setting) {
    const auto thought = thoughtNow(row, setting);
    if (!thought) return false;
    const bool isSettled = row.given.defined() || isPlanned(row, *thought);
    return (isSettled || !asksThePass(row.exit)) && thinksOn(row, setting, *thought, 0, false);
}

void append(RowState& row, const RowSetting& setting, std::int64_t id) {
    row.newest = id;
    row.seen.push_back(id);
    row.result.ids.push_back(id);
    row.result.isLatent.push_back(row.thinking);
    if (row.thinking) return;
    const auto& stops = setting.rules.stopIds;
    const bool ended = std::find(stops.begin(), stops.end(), id) != stops.end();
    row.finished =
        ended || std::ssize(row.result.ids) >= setting.options.maxNewTokens + row.granted;
    row.result.stopped = ended ? StopReason::EndOfText : StopReason::MaxNewTokens;
}

void remember(RowState& row, const torch::Tensor& latent, const torch::Tensor& latentEnd) {
    row.latents.push_back(latent);
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
