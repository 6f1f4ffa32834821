#include "core/values/strategy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace lvr {
namespace {

std::string fourDigits(double value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                   std::chars_format::general, 4)
                         .ptr;
    return {digits.data(), end};
}

std::string atMost(int cap) { return ", at most " + std::to_string(cap); }

std::string ruleWords(const NoLatents&) { return "no latents"; }
std::string ruleWords(const FixedSteps& rule) { return "fixed " + std::to_string(rule.count); }
std::string ruleWords(const NearLatentEnd& rule) {
    static constexpr std::array kMetrics = {"mse", "mae", "cosine"};
    return "latent end ≤ " + fourDigits(rule.threshold) + " (" +
           kMetrics.at(static_cast<std::size_t>(rule.metric)) + ")" + atMost(rule.cap);
}
std::string ruleWords(const EndToken& rule) { return "mode switching" + atMost(rule.cap); }
std::string ruleWords(const EndProbability& rule) {
    return "P(end) ≥ " + fourDigits(rule.threshold) + atMost(rule.cap);
}

// FNV-1a: the same on every machine and in every version.
std::uint32_t hashOf(const std::string& text) {
    std::uint32_t hash = 2166136261u;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return hash;
}

}  // namespace

std::string wordsOf(const DecodeOptions& options) {
    std::string words = std::visit([](const auto& rule) { return ruleWords(rule); }, options.exit);
    const auto add = [&words](const std::string& part) { words += ", " + part; };
    if (options.latentFeed == LatentFeed::Snap) add("snapped to patches");
    if (options.latentFeed == LatentFeed::Filler) add("filler fed");
    if (options.latentFeed == LatentFeed::None) add("markers only");
    if (options.latentFeed == LatentFeed::Zero) add("zeros fed");
    if (options.latentFeed == LatentFeed::Noise) add("noise fed");
    if (options.latentFeed == LatentFeed::Swap) add("latents of " + options.borrowed.from);
    if (const auto regions = options.thought.boxes.size(); regions > 0)
        add(std::to_string(regions) + (regions == 1 ? " region" : " regions") + " as thought");
    if (options.spanStart == SpanStart::Forced) add("start forced");
    if (options.spanEnd == SpanEnd::Forced) add("end forced");
    if (options.headPositions == HeadPositions::Released) add("head as released");
    if (options.sampling.temperature > 0)
        add("T " + fourDigits(options.sampling.temperature) + ", seed " +
            std::to_string(options.sampling.seed));
    if (!options.system.empty()) add("own system prompt");
    if (options.sampling.minP > 0) add("min-p " + fourDigits(options.sampling.minP));
    return words;
}

std::string titleText(const Strategy& strategy) {
    return strategy.name.empty() ? wordsOf(strategy.options) : strategy.name;
}

int colourOf(const Strategy& strategy) {
    if (strategy.colour >= 0) return strategy.colour % kStrategyColours;
    return static_cast<int>(hashOf(wordsOf(strategy.options) + strategy.model) % kStrategyColours);
}

void giveColours(std::vector<Strategy>& strategies) {
    std::array<int, kStrategyColours> had{};
    for (const auto& strategy : strategies)
        if (strategy.colour >= 0) ++had[colourOf(strategy)];
    for (auto& strategy : strategies) {
        if (strategy.colour >= 0) continue;
        const int own = colourOf(strategy);
        const auto fewest = std::min_element(had.begin(), had.end());
        strategy.colour = had[own] == *fewest ? own : static_cast<int>(fewest - had.begin());
        ++had[strategy.colour];
    }
}

}  // namespace lvr
