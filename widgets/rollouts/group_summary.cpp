#include "widgets/rollouts/group_summary.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "core/values/dialect.h"

namespace lvr {
namespace {

constexpr auto kAccuracy = "accuracy";

QString tr(const char* text) { return QCoreApplication::translate("Rollouts", text); }

GroupOutcome outcomeOf(const std::vector<const Rollout*>& rollouts) {
    const auto all = [&](auto&& is) {
        return std::all_of(rollouts.begin(), rollouts.end(),
                           [&](const Rollout* r) { return is(*r); });
    };
    if (!all([&](const Rollout& r) { return r.reward == rollouts.front()->reward; }))
        return GroupOutcome::Mixed;
    if (all(isRight)) return GroupOutcome::AllRight;
    return std::none_of(rollouts.begin(), rollouts.end(),
                        [](const Rollout* r) { return isRight(*r); })
               ? GroupOutcome::AllWrong
               : GroupOutcome::Alike;
}

void summarise(GroupSummary& group) {
    const auto count = static_cast<double>(group.rollouts.size());
    double squares = 0;
    for (const Rollout* r : group.rollouts) group.mean += r->reward / count;
    for (const Rollout* r : group.rollouts) squares += std::pow(r->reward - group.mean, 2);
    group.deviation = count > 1 ? std::sqrt(squares / (count - 1)) : 0;
    group.best =
        *std::max_element(group.rollouts.begin(), group.rollouts.end(),
                          [](const Rollout* a, const Rollout* b) { return a->reward < b->reward; });
    group.outcome = outcomeOf(group.rollouts);
}

// In whichever dialect; what is sampled under a latent is said only where a latent stands in place
// of start.
bool opensThought(const RolloutToken& token) {
    return std::ranges::any_of(dialects(), [&](const Dialect& dialect) {
        return token.text == dialect.start &&
               (!token.isLatent || dialect.first == Dialect::First::InPlaceOfStart);
    });
}

bool endsThought(const RolloutToken& token) {
    return !token.isLatent && std::ranges::any_of(dialects(), [&](const Dialect& dialect) {
        return token.text == dialect.end;
    });
}

bool says(const std::string& text, const QString& wanted) {
    return QString::fromStdString(text).contains(wanted, Qt::CaseInsensitive);
}

}  // namespace

std::vector<GroupSummary> groupsOf(const std::vector<Rollout>& rollouts) {
    std::vector<GroupSummary> groups;
    for (const Rollout& rollout : rollouts) {
        if (groups.empty() || groups.back().group != rollout.group)
            groups.push_back({.group = rollout.group});
        groups.back().rollouts.push_back(&rollout);
    }
    for (GroupSummary& group : groups) summarise(group);
    return groups;
}

bool isRight(const Rollout& rollout) {
    const auto accuracy = rollout.rewards.find(kAccuracy);
    return accuracy != rollout.rewards.end() ? accuracy->second >= 1 : rollout.reward > 0;
}

bool isUnclosed(const Rollout& rollout) {
    bool open = false;
    for (const RolloutToken& token : rollout.tokens) {
        if (opensThought(token)) open = true;
        if (endsThought(token)) open = false;
    }
    return open;
}

int latentCount(const Rollout& rollout) {
    return static_cast<int>(std::count_if(rollout.tokens.begin(), rollout.tokens.end(),
                                          [](const RolloutToken& t) { return t.isLatent; }));
}

QString markOf(GroupOutcome outcome) {
    switch (outcome) {
        case GroupOutcome::Mixed:
            return "◐";
        case GroupOutcome::AllRight:
            return "●";
        case GroupOutcome::AllWrong:
            return "○";
        case GroupOutcome::Alike:
            return "=";
    }
    return {};
}

QString nameOf(GroupOutcome outcome) {
    switch (outcome) {
        case GroupOutcome::Mixed:
            return tr("mixed");
        case GroupOutcome::AllRight:
            return tr("all right");
        case GroupOutcome::AllWrong:
            return tr("all wrong");
        case GroupOutcome::Alike:
            return tr("same reward");
    }
    return {};
}

QString tipOf(GroupOutcome outcome) {
    switch (outcome) {
        case GroupOutcome::Mixed:
            return tr("◐ Mixed: the rewards differ, so this group teaches something.");
        case GroupOutcome::AllRight:
            return tr("● All right: every rollout got the same reward, so every advantage is 0.");
        case GroupOutcome::AllWrong:
            return tr("○ All wrong: every rollout got the same reward, so every advantage is 0.");
        case GroupOutcome::Alike:
            return tr("= Same reward for right and wrong rollouts, so every advantage is 0.");
    }
    return {};
}

QString exitText(const std::string& stopped) {
    if (stopped == "end_of_text") return tr("end");
    if (stopped == "max_new_tokens") return tr("cut off");
    return QString::fromStdString(stopped).replace('_', ' ');
}

bool passes(const RolloutFilter& filter, const Rollout& rollout) {
    if (rollout.reward < filter.lowest || rollout.reward > filter.highest) return false;
    if (filter.unclosedOnly && !isUnclosed(rollout)) return false;
    return filter.text.isEmpty() || says(rollout.prompt, filter.text) ||
           says(rollout.expected, filter.text) || says(rollout.completion, filter.text);
}

std::vector<GroupSummary> filtered(const std::vector<GroupSummary>& groups,
                                   const RolloutFilter& filter) {
    std::vector<GroupSummary> kept;
    for (GroupSummary group : groups) {
        if (filter.mixedOnly && group.outcome != GroupOutcome::Mixed) continue;
        std::erase_if(group.rollouts, [&](const Rollout* r) { return !passes(filter, *r); });
        if (!group.rollouts.empty()) kept.push_back(std::move(group));
    }
    return kept;
}

}  // namespace lvr
