#include "core/grpo/reward.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "core/values/nearest_name.h"

namespace lvr {
namespace {

constexpr std::string_view kOpen = "<answer>", kClose = "</answer>", kStart = "<|lvr_start|>",
                           kEnd = "<|lvr_end|>", kBlank = " \t\r\n\f\v";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(kBlank);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

struct Answer {
    std::string_view text;
    bool tagged = false;
};

// The first pair of tags with no newline between them.
Answer answerOf(std::string_view text) {
    for (auto open = text.find(kOpen); open != text.npos; open = text.find(kOpen, open + 1)) {
        const auto from = open + kOpen.size();
        const auto close = text.find(kClose, from);
        if (close == text.npos) break;
        const auto inside = text.substr(from, close - from);
        if (inside.find('\n') == inside.npos) return {trimmed(inside), true};
    }
    return {trimmed(text), false};
}

// Without a prefix and suffix of LaTeX around it.
std::string_view bare(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kAround{
        {{"$", "$"}, {"\\(", "\\)"}, {"\\boxed{", "}"}, {"{", "}"}}};
    for (const auto& [before, after] : kAround)
        if (text.size() >= before.size() + after.size() && text.starts_with(before) &&
            text.ends_with(after))
            return bare(
                trimmed(text.substr(before.size(), text.size() - before.size() - after.size())));
    return text;
}

std::optional<double> decimal(std::string_view text) {
    std::string digits(trimmed(text));
    std::erase(digits, ',');
    if (digits.starts_with('+')) digits.erase(0, 1);
    double value = 0;
    const auto* end = digits.data() + digits.size();
    const auto [stop, failed] = std::from_chars(digits.data(), end, value);
    if (failed != std::errc() || stop != end || digits.empty() || !std::isfinite(value)) return {};
    return value;
}

std::optional<double> quotient(std::string_view above, std::string_view below) {
    const auto numerator = decimal(above), denominator = decimal(below);
    if (!numerator || !denominator || *denominator == 0) return {};
    return *numerator / *denominator;
}

// \frac{a}{b}, also \dfrac and \tfrac.
std::optional<double> latexFraction(std::string_view text) {
    for (const std::string_view command : {"\\frac{", "\\dfrac{", "\\tfrac{"}) {
        if (!text.starts_with(command) || !text.ends_with('}')) continue;
        const auto inside = text.substr(command.size(), text.size() - command.size() - 1);
        const auto middle = inside.find("}{");
        if (middle == inside.npos) return {};
        return quotient(inside.substr(0, middle), inside.substr(middle + 2));
    }
    return {};
}

std::optional<double> number(std::string_view text) {
    text = bare(text);
    if (text.starts_with('-') && text.substr(1).starts_with('\\')) {
        const auto positive = number(text.substr(1));
        return positive ? std::optional(-*positive) : std::nullopt;
    }
    if (const auto value = decimal(text)) return value;
    if (const auto slash = text.find('/'); slash != text.npos)
        return quotient(text.substr(0, slash), text.substr(slash + 1));
    return latexFraction(text);
}

bool sameNumber(std::string_view a, std::string_view b) {
    const auto x = number(a), y = number(b);
    return x && y && std::abs(*x - *y) <= 1e-6 * std::max(1.0, std::abs(*y));
}

// "B", "(B)", "B.", "B) red": an option's letter, and then what may follow one.
std::optional<char> optionLetter(std::string_view text) {
    const bool open = text.starts_with('(');
    if (open) text.remove_prefix(1);
    if (text.empty() || text[0] < 'A' || text[0] > 'Z') return {};
    if (text.size() == 1) return open ? std::nullopt : std::optional(text[0]);
    const bool closed = text[1] == ')' || (!open && (text[1] == '.' || text[1] == ':'));
    return closed ? std::optional(text[0]) : std::nullopt;
}

bool sameOption(std::string_view a, std::string_view gold) {
    const auto wanted = optionLetter(gold);
    return wanted && gold.size() <= 3 && optionLetter(a) == wanted;
}

}  // namespace

double accuracyReward(const std::string& completion, const std::string& gold) {
    const auto said = answerOf(completion), wanted = answerOf(gold);
    if (said.text.empty() || wanted.text.empty()) return 0;
    if (said.text == wanted.text) return 1;
    return said.tagged && (sameNumber(said.text, wanted.text) || sameOption(said.text, wanted.text))
               ? 1
               : 0;
}

bool isRightAnswer(const std::string& answer, const std::string& gold) {
    return accuracyReward("<answer>" + answer + "</answer>", gold) > 0;
}

double formatReward(const std::string& completion, const std::string&) {
    std::string_view text = completion;
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

}  // namespace lvr
