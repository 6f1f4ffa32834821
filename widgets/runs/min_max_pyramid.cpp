#include "widgets/runs/min_max_pyramid.h"

#include <algorithm>
#include <cmath>

namespace lvr {

void Extremes::include(double value) {
    if (!std::isfinite(value)) return;
    min = std::min(min, value);
    max = std::max(max, value);
    if (value > 0) leastPositive = std::min(leastPositive, value);
}

void Extremes::include(const Extremes& other) {
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    leastPositive = std::min(leastPositive, other.leastPositive);
}

void MinMaxPyramid::append(double value) {
    if (!std::isfinite(value)) nonFinite_.push_back(size());
    values_.push_back(value);
    std::size_t below = size();  // entries of the level below
    for (std::size_t level = 0; below % kFan == 0; ++level) {
        if (level == levels_.size()) levels_.emplace_back();
        levels_[level].push_back(ofBlock(level, levels_[level].size()));
        below = levels_[level].size();
    }
}

// From the level below.
Extremes MinMaxPyramid::ofBlock(std::size_t level, std::size_t block) const {
    Extremes found;
    for (auto i = block * kFan; i < (block + 1) * kFan; ++i)
        if (level == 0)
            found.include(values_[i]);
        else
            found.include(levels_[level - 1][i]);
    return found;
}

void MinMaxPyramid::truncate(std::size_t newSize) {
    if (newSize >= size()) return;
    values_.resize(newSize);
    nonFinite_.erase(std::lower_bound(nonFinite_.begin(), nonFinite_.end(), newSize),
                     nonFinite_.end());
    for (auto& level : levels_) level.resize(newSize /= kFan);
}

Extremes MinMaxPyramid::over(std::size_t begin, std::size_t end) const {
    Extremes found;
    end = std::min(end, size());
    // Up the levels: single entries at both ends until what is between is whole blocks.
    for (std::size_t level = 0; begin < end; ++level) {
        const auto take = [&](std::size_t i) {
            if (level == 0)
                found.include(values_[i]);
            else
                found.include(levels_[level - 1][i]);
        };
        const bool isTop = level == levels_.size();
        while (begin < end && (isTop || begin % kFan != 0)) take(begin++);
        while (begin < end && end % kFan != 0) take(--end);
        begin /= kFan;
        end /= kFan;
    }
    return found;
}

std::vector<std::size_t> MinMaxPyramid::nonFinite(std::size_t begin, std::size_t end) const {
    return {std::lower_bound(nonFinite_.begin(), nonFinite_.end(), begin),
            std::lower_bound(nonFinite_.begin(), nonFinite_.end(), end)};
}

}  // namespace lvr
