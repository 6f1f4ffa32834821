#include "core/grpo/lesson.h"

#include <algorithm>

#include "core/error.h"
#include "core/model/training_numbers.h"
#include "core/torch.h"

namespace lvr {
namespace {

// [B, C] of what the rows hold, padded with 0.
torch::Tensor oldLogProbabilities(const std::vector<RowResult>& rows, std::int64_t longest) {
    auto old = torch::zeros({std::ssize(rows), longest});
    for (std::size_t r = 0; r < rows.size(); ++r)
        old[static_cast<std::int64_t>(r)]
            .narrow(0, 0, std::ssize(rows[r].ids))
            .copy_(torch::tensor(rows[r].logProbabilities));
    return old;
}

// What counts in the loss: what was said, but for completions that were cut where the options
// leave those out. [B, C]
torch::Tensor lossMask(const std::vector<RowResult>& rows, const GrpoOptions& options) {
    auto mask = textMask(rows);
    for (std::size_t r = 0; r < rows.size(); ++r)
        if (options.maskTruncated == Switch::On && rows[r].stopped == StopReason::MaxNewTokens)
            mask[static_cast<std::int64_t>(r)].zero_();
    return mask;
}

torch::Tensor widened(const torch::Tensor& x, std::int64_t width) {
    return torch::constant_pad_nd(x, {0, width - x.size(1)});
}

ReplayGroup replayOf(const RolloutGroup& group) { return {&group.prompt, group.rows}; }

PolicyLossInputs fixedInputs(const std::vector<const RolloutGroup*>& groups,
                             const GrpoOptions& options, torch::Device device) {
    std::vector<torch::Tensor> masks, old, advantages;
    std::int64_t longest = 0;
    for (const auto* group : groups) {
        masks.push_back(lossMask(group->rows, options));
        old.push_back(oldLogProbabilities(group->rows, masks.back().size(1)));
        advantages.push_back(torch::tensor(group->advantages));
        longest = std::max(longest, masks.back().size(1));
    }
    for (auto* list : {&masks, &old})
        for (auto& one : *list) one = widened(one, longest);
    PolicyLossInputs fixed;
    fixed.old = torch::cat(old).to(device);
    fixed.mask = torch::cat(masks).to(device);
    fixed.advantages = torch::cat(advantages).to(device);
    return fixed;
}

Lesson lessonOf(const PolicyAndReference& models, const std::vector<const RolloutGroup*>& groups,
                const GrpoOptions& options) {
    std::vector<ReplayGroup> replayed;
    for (const auto* group : groups) replayed.push_back(replayOf(*group));
    Lesson lesson{groups, Replay(std::move(replayed)),
                  fixedInputs(groups, options, models.policy.device())};
    if (options.beta > 0) {
        const torch::NoGradGuard frozen;
        const TrainingNumbers asThePolicy;
        lesson.fixed.reference =
            lesson.replay.by(models.reference, {.temperature = options.temperature})
                .logProbabilities;
    }
    return lesson;
}

// Groups in order, as many together as fit into a pass.
std::vector<std::vector<const RolloutGroup*>> passesOf(
    const std::vector<const RolloutGroup*>& groups, const GrpoOptions& options) {
    const auto most = options.latents == ReplayLatents::Recorded ? options.microTokens : 0;
    std::vector<std::vector<const RolloutGroup*>> passes;
    std::int64_t positions = 0;
    for (const auto* group : groups) {
        const auto more = replayOf(*group).positions();
        if (passes.empty() || positions + more > most) {
            passes.emplace_back();
            positions = 0;
        }
        positions += more;
        passes.back().push_back(group);
    }
    return passes;
}

}  // namespace

LessonPlan planLessons(const PolicyAndReference& models, const std::vector<RolloutGroup>& groups,
                       const GrpoOptions& options, const Ranks& ranks,
                       const std::stop_token& stop) {
    LessonPlan plan{.scale = {.longest = static_cast<double>(options.maxNewTokens)}};
    ranks.eachDoes([&] {
        if (stop.stop_requested()) throw Cancelled();
        std::vector<const RolloutGroup*> taught;
        for (const auto& group : groups) {
            if (!group.mixed() && options.zeroVariance == ZeroVariance::Drop) continue;
            const double tokens = lossMask(group.rows, options).sum().item<double>();
            plan.scale.tokens += tokens;
            plan.scale.completions += static_cast<double>(group.rows.size());
            if (!group.mixed() && options.beta == 0) continue;
            plan.tokens += tokens;
            taught.push_back(&group);
        }
        for (const auto& pass : passesOf(taught, options)) {
            if (stop.stop_requested()) throw Cancelled();
            plan.lessons.push_back(lessonOf(models, pass, options));
        }
    });
    auto sums =
        torch::tensor({plan.scale.tokens, plan.scale.completions, plan.tokens}, torch::kFloat64);
    ranks.sum(sums);
    plan.scale.tokens = sums[0].item<double>();
    plan.scale.completions = sums[1].item<double>();
    plan.tokens = sums[2].item<double>();
    return plan;
}

}  // namespace lvr
