#include "core/grpo/lesson.h"

#include <algorithm>

#include "core/error.h"
#include "core/grpo/replay.h"
#include "core/torch.h"

namespace lvr {
namespace {

// [G, C] of what the rows hold, padded with 0.
torch::Tensor oldLogProbabilities(const std::vector<RowResult>& rows) {
    std::size_t longest = 0;
    for (const auto& row : rows) longest = std::max(longest, row.ids.size());
    auto old = torch::zeros({std::ssize(rows), static_cast<std::int64_t>(longest)});
    for (std::size_t r = 0; r < rows.size(); ++r)
        old[static_cast<std::int64_t>(r)]
            .narrow(0, 0, std::ssize(rows[r].ids))
            .copy_(torch::tensor(rows[r].logProbabilities));
    return old;
}

// What counts in the loss: what was said, but for completions that were cut where the options
// leave those out. [G, C]
torch::Tensor lossMask(const std::vector<RowResult>& rows, const GrpoOptions& options) {
    auto mask = textMask(rows);
    for (std::size_t r = 0; r < rows.size(); ++r)
        if (options.maskTruncated == Switch::On && rows[r].stopped == StopReason::MaxNewTokens)
            mask[static_cast<std::int64_t>(r)].zero_();
    return mask;
}

Lesson lessonOf(const PolicyAndReference& models, const RolloutGroup& group,
                const GrpoOptions& options) {
    Lesson lesson{&group, {}};
    const auto device = models.policy.device();
    lesson.fixed.old = oldLogProbabilities(group.rows).to(device);
    lesson.fixed.mask = lossMask(group.rows, options).to(device);
    lesson.fixed.advantages = torch::tensor(group.advantages).to(device);
    if (options.beta > 0) {
        const torch::NoGradGuard frozen;
        lesson.fixed.reference =
            replay(models.reference, group.prompt, group.rows, options.temperature)
                .logProbabilities;
    }
    return lesson;
}

}  // namespace

LessonPlan planLessons(const PolicyAndReference& models, const std::vector<RolloutGroup>& groups,
                       const GrpoOptions& options, const Ranks& ranks,
                       const std::stop_token& stop) {
    LessonPlan plan{.scale = {.longest = static_cast<double>(options.maxNewTokens)}};
    ranks.eachDoes([&] {
        for (const auto& group : groups) {
            if (stop.stop_requested()) throw Cancelled();
            if (!group.mixed() && options.zeroVariance == ZeroVariance::Drop) continue;
            const double tokens = lossMask(group.rows, options).sum().item<double>();
            plan.scale.tokens += tokens;
            plan.scale.completions += static_cast<double>(group.rows.size());
            if (!group.mixed() && options.beta == 0) continue;
            plan.tokens += tokens;
            plan.lessons.push_back(lessonOf(models, group, options));
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
