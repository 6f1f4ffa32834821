#include "core/values/strategy.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace lvr {
namespace {

// FNV-1a: the same on every machine and in every version.
std::uint32_t hashOf(const std::string& text) {
    std::uint32_t hash = 2166136261u;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return hash;
}

}  // namespace

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
