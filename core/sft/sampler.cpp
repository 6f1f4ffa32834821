#include "core/sft/sampler.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <sstream>

#include "core/torch.h"

namespace lvr {

SftSampler::SftSampler(const TrainingSet& set, const SftOptions& options)
    : set_(set),
      options_(options),
      pictureOf_(set.records.size()),
      order_(options.sampling == Sampling::Records ? set.records.size() : set.pictures.size()),
      random_(options.seed) {
    for (const auto& kind : set.kinds) {
        const auto known = options.kindWeights.find(kind);
        weights_.push_back(known == options.kindWeights.end() ? 1.0 : known->second);
    }
    for (std::size_t p = 0; p < set.pictures.size(); ++p)
        for (const int record : set.pictures[p]) pictureOf_[record] = static_cast<int>(p);
    std::iota(order_.begin(), order_.end(), 0);
    drawn_ = std::ssize(order_);
}

double SftSampler::uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
int SftSampler::below(int count) {
    return std::min(count - 1, static_cast<int>(uniform() * count));
}

std::int64_t SftSampler::drawInOrder() {
    if (drawn_ >= std::ssize(order_)) {
        for (auto i = std::ssize(order_) - 1; i > 0; --i)
            std::swap(order_[i], order_[below(static_cast<int>(i) + 1)]);
        drawn_ = 0;
    }
    return order_[drawn_++];
}

std::vector<DrawnPicture> SftSampler::next(const std::vector<double>& focus) {
    return options_.sampling == Sampling::Records ? nextRecords() : nextPictures(focus);
}

// Records of the same picture stand together, up to questionsPerPicture of them.
std::vector<DrawnPicture> SftSampler::nextRecords() {
    const int most = options_.questionsPerPicture;
    const int asked = options_.batch > 0 ? options_.batch : options_.picturesPerStep * most;
    std::vector<DrawnPicture> drawn;
    std::map<int, std::size_t> open;  // picture -> where it has room
    for (int i = 0; i < asked && i < std::ssize(order_); ++i) {
        const int record = static_cast<int>(drawInOrder());
        const auto at = open.try_emplace(pictureOf_[record], drawn.size()).first;
        if (at->second < drawn.size() && std::ssize(drawn[at->second].questions) == most)
            at->second = drawn.size();
        if (at->second == drawn.size()) drawn.push_back({pictureOf_[record], {}});
        drawn[at->second].questions.push_back({record, random_()});
    }
    return drawn;
}

std::vector<DrawnPicture> SftSampler::nextPictures(const std::vector<double>& focus) {
    std::vector<DrawnPicture> drawn;
    int records = 0;
    const auto enough = [&] {
        if (drawn.size() == order_.size()) return true;
        return options_.batch > 0 ? records >= options_.batch
                                  : std::ssize(drawn) >= options_.picturesPerStep;
    };
    while (!enough()) {
        const int picture = static_cast<int>(drawInOrder());
        int most = options_.questionsPerPicture;
        if (options_.batch > 0) most = std::min(most, options_.batch - records);
        drawn.push_back({picture, drawQuestions(picture, focus, most)});
        records += static_cast<int>(drawn.back().questions.size());
    }
    return drawn;
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
