#include "core/eval/scores.h"

#include <algorithm>

#include "core/statistics/statistics.h"

namespace lvr {
namespace {

void pairWithFirst(StrategyScore& score, const SetResults& results, std::size_t strategy) {
    for (const auto& question : results.questions) {
        const auto& first = question.outcomes[0];
        const auto& other = question.outcomes[strategy];
        if (!first || !other) continue;
        score.gained += other->right && !first->right;
        score.lost += first->right && !other->right;
    }
    score.p = mcnemarExact(score.lost, score.gained);
}

StrategyScore scoreOf(const SetResults& results, std::size_t strategy) {
    StrategyScore score{.title = titleText(results.strategies[strategy]),
                        .colour = colourOf(results.strategies[strategy])};
    for (const auto& question : results.questions) {
        const auto& outcome = question.outcomes[strategy];
        if (!outcome) continue;
        ++score.asked;
        score.right += outcome->right;
        score.latents += outcome->latents;
        score.triggered += outcome->latents > 0;
        score.firstTokenMs += outcome->times.firstToken;
        score.totalMs += outcome->times.total;
    }
    const double count = std::max(score.asked, 1);
    for (double* sum : {&score.latents, &score.triggered, &score.firstTokenMs, &score.totalMs})
        *sum /= count;
    const auto interval = wilson95(score.right, score.asked);
    score.accuracy = score.right / count;
    score.low = interval.low;
    score.high = interval.high;
    score.failure = results.failures[strategy];
    pairWithFirst(score, results, strategy);
    return score;
}

}  // namespace

std::vector<StrategyScore> scoresOf(const SetResults& results) {
    std::vector<StrategyScore> scores;
    for (std::size_t i = 0; i < results.strategies.size(); ++i)
        scores.push_back(scoreOf(results, i));
    return scores;
}

}  // namespace lvr
