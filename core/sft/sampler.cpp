#include "core/sft/sampler.h"

#include <algorithm>
#include <numeric>
#include <sstream>

#include "core/torch.h"

namespace lvr {

SftSampler::SftSampler(const TrainingSet& set, const SftOptions& options)
    : set_(set), options_(options), order_(set.pictures.size()), random_(options.seed) {
    for (const auto& kind : set.kinds) {
        const auto known = options.kindWeights.find(kind);
        weights_.push_back(known == options.kindWeights.end() ? 1.0 : known->second);
    }
    std::iota(order_.begin(), order_.end(), 0);
    drawn_ = std::ssize(order_);
}

double SftSampler::uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
int SftSampler::below(int count) {
    return std::min(count - 1, static_cast<int>(uniform() * count));
}

std::vector<DrawnPicture> SftSampler::next(const std::vector<double>& focus) {
    std::vector<DrawnPicture> drawn;
    int records = 0;
    const auto enough = [&] {
        if (drawn.size() == order_.size()) return true;
        return options_.batch > 0 ? records >= options_.batch
                                  : std::ssize(drawn) >= options_.picturesPerStep;
    };
    while (!enough()) {
        if (drawn_ >= std::ssize(order_)) {
            for (auto i = std::ssize(order_) - 1; i > 0; --i)
                std::swap(order_[i], order_[below(static_cast<int>(i) + 1)]);
            drawn_ = 0;
        }
        const int picture = static_cast<int>(order_[drawn_++]);
        int most = options_.questionsPerPicture;
        if (options_.batch > 0) most = std::min(most, options_.batch - records);
        drawn.push_back({picture, drawQuestions(picture, focus, most)});
        records += static_cast<int>(drawn.back().questions.size());
    }
    return drawn;
}

std::vector<int> SftSampler::upcoming(std::size_t count) const {
    std::vector<int> pictures;
    for (auto at = drawn_; at < std::ssize(order_) && pictures.size() < count; ++at)
        pictures.push_back(static_cast<int>(order_[at]));
    return pictures;
}

std::vector<DrawnPicture::Question> SftSampler::drawQuestions(int picture,
                                                              const std::vector<double>& focus,
                                                              int most) {
    auto left = set_.pictures[picture];
    std::vector<DrawnPicture::Question> drawn;
    while (std::ssize(drawn) < most && !left.empty()) {
        std::vector<double> present(weights_.size(), 0.0);
        for (const int record : left) present[set_.kindOf[record]] = 1;
        for (std::size_t k = 0; k < present.size(); ++k) present[k] *= weights_[k] * focus[k];
        double at = uniform() * std::accumulate(present.begin(), present.end(), 0.0);
        std::size_t kind = 0;
        while (kind + 1 < present.size() && (at -= present[kind]) >= 0) ++kind;
        std::vector<int> ofKind;
        for (const int record : left)
            if (set_.kindOf[record] == static_cast<int>(kind)) ofKind.push_back(record);
        if (ofKind.empty()) ofKind = left;  // only by rounding at the end of the range
        const int record = ofKind[below(static_cast<int>(ofKind.size()))];
        drawn.push_back({record, random_()});
        std::erase(left, record);
    }
    return drawn;
}

void SftSampler::save(TrainState& state) const {
    state.tensors["sampler/order"] = torch::tensor(order_, torch::kInt64);
    state.tensors["sampler/drawn"] = torch::tensor(std::vector{drawn_}, torch::kInt64);
    state.text["sampler/random"] = (std::ostringstream() << random_).str();
}

void SftSampler::load(const TrainState& state) {
    const auto& order = state.tensor("sampler/order");
    order_.assign(order.data_ptr<std::int64_t>(), order.data_ptr<std::int64_t>() + order.numel());
    drawn_ = state.tensor("sampler/drawn").item<std::int64_t>();
    std::istringstream(state.textOf("sampler/random")) >> random_;
}

}  // namespace lvr
