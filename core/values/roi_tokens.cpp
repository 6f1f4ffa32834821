#include "core/values/roi_tokens.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"

namespace lvr {
namespace {

constexpr int kMost = 4096;

// The tokens from share k / count to share (k + 1) / count, one at least.
std::vector<int> run(const std::vector<int>& tokens, int k, int count) {
    const auto at = [&](int part) { return tokens.begin() + std::ssize(tokens) * part / count; };
    const auto begin = at(k);
    return {begin, std::max(at(k + 1), begin + 1)};
}

}  // namespace

RoiTokens parseRoiTokens(const std::string& text) {
    using Rule = RoiTokens::Rule;
    if (text == "all") return {};
    const auto colon = text.find(':');
    const auto name = text.substr(0, colon);
    RoiTokens parsed{name == "truncate" ? Rule::Truncate
                     : name == "cycle"  ? Rule::Cycle
                     : name == "pool"   ? Rule::Pool
                                        : Rule::All,
                     0};
    const auto digits = colon == std::string::npos ? "" : text.substr(colon + 1);
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), parsed.count);
    if (parsed.rule == Rule::All || failed != std::errc() || end != digits.data() + digits.size() ||
        parsed.count < 1 || parsed.count > kMost)
        throw Error("\"" + text + "\" is no choice of targets; say all, truncate:N, cycle:N or " +
                    "pool:N with N from 1 to " + std::to_string(kMost));
    return parsed;
}

std::vector<std::vector<int>> roiTargets(const std::vector<int>& tokens, const RoiTokens& rule) {
    using Rule = RoiTokens::Rule;
    std::vector<std::vector<int>> targets;
    if (tokens.empty()) return targets;
    const int all = static_cast<int>(tokens.size());
    const int count = rule.rule == Rule::All        ? all
                      : rule.rule == Rule::Truncate ? std::min(all, rule.count)
                                                    : rule.count;
    for (int k = 0; k < count; ++k)
        targets.push_back(rule.rule == Rule::Pool ? run(tokens, k, count)
                                                  : std::vector{tokens[k % all]});
    return targets;
}

}  // namespace lvr
