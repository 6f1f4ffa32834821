#include "core/train/shares.h"

#include <numeric>

namespace lvr {

Shares::Shares(std::vector<double> weights)
    : weights_(std::move(weights)), dealt_(weights_.size(), 0) {
    const double all = std::accumulate(weights_.begin(), weights_.end(), 0.0);
    for (double& weight : weights_) weight /= all;
}

// Who is furthest behind.
int Shares::next() {
    const auto turn = std::accumulate(dealt_.begin(), dealt_.end(), std::int64_t{1});
    int chosen = -1;
    double furthest = 0;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
        if (weights_[i] == 0) continue;
        const double behind =
            weights_[i] * static_cast<double>(turn) - static_cast<double>(dealt_[i]);
        if (chosen >= 0 && behind <= furthest) continue;
        chosen = static_cast<int>(i);
        furthest = behind;
    }
    ++dealt_[chosen];
    return chosen;
}

}  // namespace lvr
