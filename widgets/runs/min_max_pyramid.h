#pragma once

#include <cstddef>
#include <limits>
#include <vector>

namespace lvr {

// What the finite values of a stretch span. Empty: min above max.
struct Extremes {
    double min = std::numeric_limits<double>::infinity();
    double max = -std::numeric_limits<double>::infinity();
    double leastPositive = std::numeric_limits<double>::infinity();  // what a log axis can show
    bool empty() const { return min > max; }
    void include(double value);  // ignored unless finite
    void include(const Extremes& other);
    bool operator==(const Extremes&) const = default;
};

// Extremes of any stretch of a growing row of numbers, exact, in logarithmic time.
class MinMaxPyramid {
public:
    void append(double value);  // index size()
    void truncate(std::size_t size);
    std::size_t size() const { return values_.size(); }
    const std::vector<double>& values() const { return values_; }
    Extremes over(std::size_t begin, std::size_t end) const;  // [begin, end), within size()
    std::vector<std::size_t> nonFinite(std::size_t begin, std::size_t end) const;  // their indices

private:
    static constexpr std::size_t kFan = 16;
    Extremes ofBlock(std::size_t level, std::size_t block) const;

    std::vector<double> values_;
    // [level][block]: of kFan^(level + 1) values each; blocks that are not full yet are not there.
    std::vector<std::vector<Extremes>> levels_;
    std::vector<std::size_t> nonFinite_;  // ascending
};

}  // namespace lvr
