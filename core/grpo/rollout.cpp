#include "core/grpo/rollout.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/causal/latent_statistics.h"
#include "core/decode/decoder.h"
#include "core/decode/patch_projection.h"
#include "core/error.h"
#include "core/grpo/policy_loss.h"
#include "core/torch.h"

namespace lvr {
namespace {

// Rows of a step sample with successive seeds: steps keep this far apart.
constexpr std::uint64_t kSeedsPerStep = 1'000'003;

ExitRule exitOf(const LvrCheckpoint& checkpoint, const GrpoOptions& options) {
    return options.exit.empty() ? checkpoint.defaultExit() : parseExitRule(options.exit);
}

DecodeOptions decodeOptions(const LvrCheckpoint& checkpoint, const GrpoOptions& options, int step) {
    DecodeOptions decode;
    decode.exit = exitOf(checkpoint, options);
    if (checkpoint.provenance && checkpoint.provenance->latentFeed == "filler")
        decode.latentFeed = LatentFeed::Filler;
    if (const auto own = checkpoint.decoding().options; !isLvr(checkpoint.rules.dialect)) {
        decode.spanStart = own.spanStart;
        decode.spanEnd = own.spanEnd;
    }
    decode.maxNewTokens = options.maxNewTokens;
    decode.sampling.temperature = options.temperature;
    decode.sampling.topK = options.topK;
    decode.sampling.topP = options.topP;
    decode.sampling.minP = options.minP;
    decode.sampling.seed =
        options.seed * 0x9E3779B97F4A7C15ULL + static_cast<std::uint64_t>(step) * kSeedsPerStep;
    return decode;
}

LatentFilter addNoise(double deviation, std::uint64_t seed) {
    return [deviation, random = at::detail::createCPUGenerator(seed)](
               const torch::Tensor& own, const std::vector<LatentPlace>&) {
        const auto rms = own.square().mean(-1, /*keepdim=*/true).sqrt();
        const auto noise = torch::randn(own.sizes(), random, torch::kFloat32).to(own.options());
        return own + deviation * rms * noise;
    };
}

RolloutGroup encode(const LvrCheckpoint& checkpoint, VisionFeatures& features,
                    const GrpoRecord& record, int copies) {
    const torch::NoGradGuard frozen;
    RolloutGroup group{.record = &record, .dialect = &checkpoint.rules.dialect};
    const auto images = features.of(record.images);
    if (!images.grids.empty()) group.grid = images.grids.front();
    group.prompt = buildPrompt(checkpoint, images, record.question, SpanStart::Sampled);
    group.prompt.copies = copies;
    return group;
}

std::string saidText(const LvrCheckpoint& checkpoint, const RowResult& row) {
    const auto& stops = checkpoint.rules.stopIds;
    std::vector<std::int64_t> said;
    for (std::size_t i = 0; i < row.ids.size(); ++i)
        if (!row.isLatent[i] && std::find(stops.begin(), stops.end(), row.ids[i]) == stops.end())
            said.push_back(row.ids[i]);
    return checkpoint.tokenizer.decode(said);
}

double mean(const std::vector<double>& values) {
    return values.empty() ? 0
                          : std::accumulate(values.begin(), values.end(), 0.0) /
                                static_cast<double>(values.size());
}

double deviation(const std::vector<float>& values) {
    return torch::tensor(values).std(/*unbiased=*/true).item<double>();
}

// Of the rows' thoughts: was there one, and did its end token follow?
struct SpanCount {
    double opened = 0, unclosed = 0, atCap = 0;
};

SpanCount countSpans(const RowResult& row, const LvrTokens& tokens, int cap) {
    bool open = false;
    SpanCount count;
    // A latent may stand where start was said.
    int latents = 0, longest = 0;
    for (std::size_t i = 0; i < row.ids.size(); ++i) {
        latents = row.isLatent[i] ? latents + 1 : 0;
        longest = std::max(longest, latents);
        if (latents == 1 || (!row.isLatent[i] && row.ids[i] == tokens.start))
            count.opened = 1, open = true;
        if (row.isLatent[i]) continue;
        if (row.ids[i] == tokens.end) open = false;
    }
    count.unclosed = open;
    count.atCap = cap > 0 && longest >= cap;
    return count;
}

int capOf(const ExitRule& rule) {
    return std::visit(
        [](const auto& r) -> int {
            if constexpr (requires { r.cap; })
                return r.cap;
            else
                return 0;
        },
        rule);
}

// Of a group's first picture; none where no row thought.
Patches patchesOf(const RolloutGroup& group) {
    const auto& tokens = group.prompt.images.tokens;
    if (std::ranges::all_of(group.rows, [](auto& row) { return row.latents.size(0) == 0; }))
        return {};
    return Patches(tokens.defined() ? tokens.narrow(0, 0, group.grid.count()) : tokens);
}

torch::Tensor heatOf(const Patches& patches, const RowResult& row) {
    return (patches.cosine(row.latents) * 127).round().to(torch::kInt8).contiguous();
}

using Json = nlohmann::json;

Json toJson(const Rollout& r) {
    Json tokens = Json::array();
    for (const auto& t : r.tokens)
        tokens.push_back(
            {t.id, Json::binary({t.text.begin(), t.text.end()}), t.logProbability, t.isLatent});
    const std::vector<std::uint8_t> heat(r.heat.begin(), r.heat.end());
    return {r.group,      r.index,     r.image,     r.prompt,          r.expected,
            r.completion, r.rewards,   r.reward,    r.advantage,       r.stopped,
            tokens,       r.grid.rows, r.grid.cols, Json::binary(heat)};
}

Rollout toRollout(const Json& j) {
    Rollout r{.group = j[0],
              .index = j[1],
              .image = j[2],
              .prompt = j[3],
              .expected = j[4],
              .completion = j[5],
              .rewards = j[6].get<std::map<std::string, double>>(),
              .reward = j[7],
              .advantage = j[8],
              .stopped = j[9],
              .grid = {j[11], j[12]}};
    const auto& heat = j[13].get_binary();
    r.heat.assign(heat.begin(), heat.end());
    for (const auto& t : j[10]) {
        const auto& text = t[1].get_binary();
        r.tokens.push_back({t[0], {text.begin(), text.end()}, t[2], t[3]});
    }
    return r;
}

Json toJson(const torch::Tensor& thought) {
    const auto* bytes = static_cast<const std::uint8_t*>(thought.data_ptr());
    return {thought.size(0), thought.size(1), Json::binary({bytes, bytes + thought.nbytes()})};
}

torch::Tensor toThought(const Json& j) {
    const auto thought = torch::empty({j[0].get<std::int64_t>(), j[1].get<std::int64_t>()});
    const auto& bytes = j[2].get_binary();
    std::copy(bytes.begin(), bytes.end(), static_cast<std::uint8_t*>(thought.data_ptr()));
    return thought;
}

std::string pack(const RolloutFigures& figures) {
    Json rollouts = Json::array();
    for (const auto& rollout : figures.rollouts) rollouts.push_back(toJson(rollout));
    Json thoughts = Json::array();
    for (const auto& thought : figures.thoughts) thoughts.push_back(toJson(thought));
    const auto bytes = Json::to_cbor({figures.each, rollouts, thoughts});
    return {bytes.begin(), bytes.end()};
}

}  // namespace

bool RolloutGroup::mixed() const {
    return std::any_of(total.begin(), total.end(), [&](float r) { return r != total.front(); });
}

std::vector<RolloutGroup> rollOut(const LvrCheckpoint& checkpoint, VisionFeatures& features,
                                  const RolloutPart& part, const GrpoOptions& options,
                                  std::vector<std::string>& unreadable) {
    std::vector<RolloutGroup> groups;
    std::vector<Prompt> prompts;
    for (const auto* record : part.records) {
        if (part.stop.stop_requested()) throw Cancelled();
        try {
            groups.push_back(encode(checkpoint, features, *record, options.groupSize));
            prompts.push_back(groups.back().prompt);
        } catch (const Error& e) {
            unreadable.push_back(record->name + ": " + e.what());
        }
    }
    if (groups.empty()) return groups;
    auto decode = decodeOptions(checkpoint, options, part.step);
    decode.sampling.seed += static_cast<std::uint64_t>(part.first) * options.groupSize;
    RowHooks hooks{.stop = part.stop, .scores = RowHooks::Scores::Yes};
    if (options.latentNoise > 0)
        hooks.filter = addNoise(options.latentNoise, decode.sampling.seed ^ 0x5EED);
    auto rows = decodeRows(checkpoint.model, prompts, checkpoint.rules, decode, hooks);
    if (part.stop.stop_requested()) throw Cancelled();
    for (std::size_t i = 0; i < rows.size(); ++i)
        groups[i / options.groupSize].rows.push_back(std::move(rows[i]));
    for (auto& group : groups)
        for (const auto& row : group.rows) group.texts.push_back(saidText(checkpoint, row));
    return groups;
}

void fillAdvantages(std::vector<RolloutGroup>& groups, const GrpoOptions& options) {
    for (auto& group : groups) {
        const auto advantages = groupAdvantages(torch::tensor(group.total), std::ssize(group.total),
                                                options.advantageScale);
        group.advantages.assign(advantages.data_ptr<float>(),
                                advantages.data_ptr<float>() + advantages.numel());
    }
}

namespace {

void addFigures(const RolloutGroup& group, const LvrTokens& tokens, int cap,
                std::map<std::string, std::vector<double>>& each) {
    each["groups/zero_variance"].push_back(!group.mixed());
    each["reward/std"].push_back(deviation(group.total));
    for (std::size_t i = 0; i < group.rows.size(); ++i) {
        const auto& row = group.rows[i];
        each["reward/mean"].push_back(group.total[i]);
        for (const auto& [name, reward] : group.rewards[i])
            each["reward/" + name].push_back(reward);
        if (group.rewards[i].contains("accuracy"))
            each["accuracy/" + group.record->kind].push_back(group.rewards[i].at("accuracy"));
        each["completions/mean_length"].push_back(static_cast<double>(row.ids.size()));
        each["completions/clipped_ratio"].push_back(row.stopped == StopReason::MaxNewTokens);
        const auto spans = countSpans(row, tokens, cap);
        each["span/trigger_rate"].push_back(spans.opened);
        each["span/unclosed_rate"].push_back(spans.unclosed);
        if (cap > 0) each["span/at_cap_rate"].push_back(spans.atCap);
        each["latents/count"].push_back(static_cast<double>(row.latents.size(0)));
    }
}

std::vector<Rollout> rolloutsOf(const std::vector<RolloutGroup>& groups, const Tokenizer& tokenizer,
                                int firstGroup) {
    std::vector<Rollout> described;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const auto& group = groups[g];
        const auto patches = patchesOf(group);
        for (std::size_t i = 0; i < group.rows.size(); ++i) {
            const auto& row = group.rows[i];
            Rollout rollout{
                .group = firstGroup + static_cast<int>(g),
                .index = static_cast<int>(i),
                .image = group.record->images.empty() ? "" : group.record->images.front().string(),
                .prompt = group.record->question,
                .expected = group.record->answer,
                .completion = group.texts[i],
                .rewards = group.rewards[i],
                .reward = group.total[i],
                .advantage = group.advantages[i],
                .stopped = toText(row.stopped),
                .grid = group.grid};
            for (std::size_t t = 0; t < row.ids.size(); ++t)
                rollout.tokens.push_back({row.ids[t], tokenizer.decode({row.ids[t]}),
                                          row.logProbabilities[t], row.isLatent[t]});
            if (row.latents.size(0) > 0 && !patches.empty()) {
                const auto heat = heatOf(patches, row);
                rollout.heat.assign(heat.data_ptr<std::int8_t>(),
                                    heat.data_ptr<std::int8_t>() + heat.numel());
            }
            described.push_back(std::move(rollout));
        }
    }
    return described;
}

}  // namespace

RolloutFigures describe(const std::vector<RolloutGroup>& groups, const LvrCheckpoint& checkpoint,
                        const GrpoOptions& options, int firstGroup) {
    RolloutFigures figures;
    for (const auto& group : groups) {
        addFigures(group, checkpoint.rules.tokens, capOf(exitOf(checkpoint, options)),
                   figures.each);
        for (const auto& row : group.rows)
            figures.thoughts.push_back(row.latents.to(torch::kCPU, torch::kFloat32).contiguous());
    }
    figures.rollouts = rolloutsOf(groups, checkpoint.tokenizer, firstGroup);
    return figures;
}

std::map<std::string, double> rolloutMetrics(const RolloutFigures& figures) {
    std::map<std::string, double> metrics;
    for (const auto& [name, values] : figures.each) metrics[name] = mean(values);
    if (figures.thoughts.empty()) return metrics;
    const auto latents = latentStatistics(figures.thoughts);
    metrics["latents/norm"] = latents.norm;
    metrics["latents/cosine"] = latents.cosine;
    metrics["latents/effective_rank"] = latents.effectiveRank;
    const auto lengths = figures.each.find("completions/mean_length");
    const auto [least, most] = std::minmax_element(lengths->second.begin(), lengths->second.end());
    metrics["completions/min_length"] = *least;
    metrics["completions/max_length"] = *most;
    return metrics;
}

RolloutFigures gather(const Ranks& ranks, const RolloutFigures& mine) {
    if (ranks.count() == 1) return mine;
    RolloutFigures all;
    for (const auto& bytes : ranks.gather(pack(mine))) {
        const auto json = Json::from_cbor(bytes);
        for (const auto& [name, values] : json[0].items())
            for (const double value : values) all.each[name].push_back(value);
        for (const auto& rollout : json[1]) all.rollouts.push_back(toRollout(rollout));
        for (const auto& thought : json[2]) all.thoughts.push_back(toThought(thought));
    }
    return all;
}

}  // namespace lvr
