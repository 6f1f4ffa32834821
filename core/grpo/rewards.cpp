#include "core/grpo/rewards.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/error.h"
#include "core/eval/answer.h"
#include "core/grpo/rollout.h"
#include "core/torch.h"
#include "core/values/nearest_name.h"

namespace lvr {
namespace {

constexpr std::string_view kOpen = "<answer>", kClose = "</answer>", kStart = "<|lvr_start|>",
                           kEnd = "<|lvr_end|>", kBlank = " \t\r\n\f\v";

// What a reward command is told of a completion; documented in the README.
struct Judged {
    const GrpoRecord& record;
    const std::string& completion;
    std::int64_t latents = 0;
    int step = 0, group = 0, index = 0;
    AnswerMark mark = AnswerMark::Tag;
};

std::string lineOf(const Judged& judged) {
    const auto& record = judged.record;
    nlohmann::json images = nlohmann::json::array(), boxes = images, boxImages = images;
    for (const auto& image : record.images) images.push_back(image.string());
    for (const auto& box : record.boxes) {
        boxes.push_back({box.x0, box.y0, box.x1, box.y1});
        boxImages.push_back(box.image);
    }
    const nlohmann::json line{{"prompt", record.question},
                              {"completion", judged.completion},
                              {"answer", answerIn(judged.completion, judged.mark)},
                              {"expected", record.answer},
                              {"record", record.name},
                              {"kind", record.kind},
                              {"images", images},
                              {"bboxes", boxes},
                              {"bbox_images", boxImages},
                              {"latents", judged.latents},
                              {"step", judged.step},
                              {"group", judged.group},
                              {"index", judged.index}};
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> linesOf(const std::vector<RolloutGroup>& groups, int step,
                                 int firstGroup) {
    std::vector<std::string> lines;
    for (std::size_t g = 0; g < groups.size(); ++g)
        for (std::size_t i = 0; i < groups[g].rows.size(); ++i)
            lines.push_back(
                lineOf({*groups[g].record, groups[g].texts[i], groups[g].rows[i].latents.size(0),
                        step, firstGroup + static_cast<int>(g), static_cast<int>(i),
                        groups[g].dialect ? groups[g].dialect->answer : AnswerMark::Tag}));
    return lines;
}

std::vector<double> judgedBy(Reward reward, const std::vector<RolloutGroup>& groups) {
    std::vector<double> values;
    for (const auto& group : groups)
        for (const auto& text : group.texts)
            values.push_back(
                reward(text, {group.record->answer, group.record->question, group.dialect}));
    return values;
}

void checkIsReward(const std::string& name, const std::vector<RewardCommand>& commands) {
    auto names = rewardNames();
    for (const auto& command : commands) names.push_back(command.name);
    const auto& nearest = names[nearestName(names, name)];
    if (nearest != name)
        throw Error("there is no reward \"" + name + "\"; did you mean \"" + nearest + "\"?");
}

void checkCommands(const std::vector<RewardCommand>& commands) {
    const auto builtIn = rewardNames();
    for (auto it = commands.begin(); it != commands.end(); ++it) {
        const auto isIt = [&](const RewardCommand& other) { return other.name == it->name; };
        if (std::find(builtIn.begin(), builtIn.end(), it->name) != builtIn.end())
            throw Error("there is a reward \"" + it->name +
                        "\" already; give the command another name");
        if (std::any_of(commands.begin(), it, isIt))
            throw Error("two reward commands are called \"" + it->name +
                        "\"; give one another name");
    }
}

// Its end, then an answer in its own mark.
bool keepsFormat(std::string_view text, const Dialect& dialect) {
    const auto end = text.rfind(dialect.end);
    if (end == text.npos) return false;
    const auto behind = text.substr(end + dialect.end.size());
    const auto answer = answerIn(behind, dialect.answer);
    constexpr std::string_view kMarks[] = {kOpen, "\\boxed{", "inal answer is:"};
    const bool isMarked =
        behind.find(kMarks[static_cast<std::size_t>(dialect.answer)]) != behind.npos ||
        (dialect.answer == AnswerMark::Phrase && behind.find(kMarks[1]) != behind.npos);
    return isMarked && !answer.empty();
}

std::vector<RewardCommand> rewardCommandsOf(const GrpoOptions& options) {
    std::vector<RewardCommand> commands;
    for (const auto& text : options.rewardCommands) commands.push_back(parseRewardCommand(text));
    return commands;
}

}  // namespace

double accuracyReward(const std::string& completion, const GoldAnswer& gold) {
    const auto said = answerIn(completion, gold.dialect ? gold.dialect->answer : AnswerMark::Tag);
    return isRightAnswer(said, answerIn(gold.text), gold.question) ? 1 : 0;
}

double formatReward(const std::string& completion, const GoldAnswer& gold) {
    std::string_view text = completion;
    if (gold.dialect && !isLvr(*gold.dialect)) return keepsFormat(text, *gold.dialect) ? 1 : 0;
    if (!text.starts_with(kStart)) return 0;
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (!text.ends_with(kClose)) return 0;
    const auto newline = text.find('\n');
    for (auto end = text.find(kEnd); end != text.npos && end < newline;
         end = text.find(kEnd, end + 1)) {
        const auto answer = text.find_first_not_of(kBlank, end + kEnd.size());
        if (answer == text.npos || !text.substr(answer).starts_with(kOpen)) continue;
        const auto inside = answer + kOpen.size(), close = text.size() - kClose.size();
        if (close < inside) continue;
        return text.substr(inside, close - inside).find('\n') == text.npos ? 1 : 0;
    }
    return 0;
}

namespace {

constexpr std::array<std::pair<const char*, Reward>, 2> kRewards{
    {{"accuracy", accuracyReward}, {"format", formatReward}}};

}  // namespace

std::vector<std::string> rewardNames() {
    std::vector<std::string> names;
    for (const auto& [name, reward] : kRewards) names.emplace_back(name);
    return names;
}

Reward findReward(const std::string& name) {
    const auto names = rewardNames();
    const auto nearest = nearestName(names, name);
    if (names[nearest] != name)
        throw Error("there is no reward \"" + name + "\"; did you mean \"" + names[nearest] +
                    "\"?");
    return kRewards[nearest].second;
}

std::vector<std::string> rewardsOf(const GrpoOptions& options) {
    const auto commands = rewardCommandsOf(options);
    checkCommands(commands);
    std::vector<std::string> names;
    const auto isListed = [&](const std::string& name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (const auto& name : options.rewards) {
        checkIsReward(name, commands);
        if (isListed(name))
            throw Error("--rewards has \"" + name + "\" twice; give it a weight instead");
        names.push_back(name);
    }
    for (const auto& command : commands)
        if (!isListed(command.name)) names.push_back(command.name);
    if (names.empty()) throw Error("--rewards names none; there would be nothing to learn from");
    const auto weights = options.rewardWeights.size();
    if (weights != 0 && weights != names.size()) {
        std::string listed;
        for (const auto& name : names) listed += (listed.empty() ? "" : ", ") + name;
        throw Error("--reward-weights has " + std::to_string(weights) + " for " +
                    std::to_string(names.size()) +
                    (names.size() == 1 ? " reward: " : " rewards: ") + listed);
    }
    return names;
}

Rewards::Rewards(const GrpoOptions& options) {
    const auto names = rewardsOf(options);
    const auto commands = rewardCommandsOf(options);
    for (std::size_t i = 0; i < names.size(); ++i) {
        One one;
        one.name = names[i];
        if (!options.rewardWeights.empty()) one.weight = options.rewardWeights[i];
        const auto command = std::find_if(commands.begin(), commands.end(),
                                          [&](const auto& c) { return c.name == one.name; });
        if (command == commands.end())
            one.builtIn = findReward(one.name);
        else
            one.command = std::make_unique<RewardProcess>(
                *command, std::chrono::seconds(options.rewardTimeout));
        all_.push_back(std::move(one));
    }
}

void Rewards::judge(std::vector<RolloutGroup>& groups, int step, int firstGroup,
                    const std::stop_token& stop) {
    for (auto& group : groups) {
        group.rewards.assign(group.rows.size(), {});
        group.total.assign(group.rows.size(), 0);
    }
    for (const auto& one : all_) {
        const auto values = one.builtIn ? judgedBy(one.builtIn, groups)
                                        : one.command->ask(linesOf(groups, step, firstGroup), stop);
        auto value = values.begin();
        for (auto& group : groups)
            for (std::size_t i = 0; i < group.rows.size(); ++i, ++value) {
                group.rewards[i][one.name] = *value;
                group.total[i] += static_cast<float>(one.weight * *value);
            }
    }
}

void Rewards::tryOn(const GrpoRecord& record, const std::stop_token& stop) {
    const auto completion = "<answer>" + answerIn(record.answer) + "</answer>";
    for (const auto& one : all_)
        if (one.command) one.command->ask({lineOf({record, completion})}, stop);
}

}  // namespace lvr
