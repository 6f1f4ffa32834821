#pragma once

#include <cstdint>
#include <vector>

namespace lvr {

// Deals turns out to several so that at any time each has had its share of them, to about one turn.
// Nothing is random.
class Shares {
public:
    // weights: of each, 0 or more, not all 0.
    explicit Shares(std::vector<double> weights);
    int next();                                                    // whose turn it is
    void add(int who, std::int64_t more) { dealt_[who] += more; }  // it took more than one
    // Goes on as after `dealt` turns, those that each had.
    const std::vector<std::int64_t>& dealt() const { return dealt_; }
    void goOn(std::vector<std::int64_t> dealt) { dealt_ = std::move(dealt); }

private:
    std::vector<double> weights_;  // add up to one
    std::vector<std::int64_t> dealt_;
};

}  // namespace lvr
