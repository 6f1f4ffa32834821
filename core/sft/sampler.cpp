#include "core/sft/sampler.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <sstream>

#include "core/error.h"
#include "core/torch.h"

namespace lvr {

SftSampler::SftSampler(const TrainingSet& set, const SftOptions& options)
    : set_(set),
      options_(options),
      pictureOf_(set.records.size()),
      pools_(set.shares.empty() ? 1 : set.shares.size()),
      random_(options.seed) {
    for (const auto& kind : set.kinds) {
        const auto known = options.kindWeights.find(kind);
        weights_.push_back(known == options.kindWeights.end() ? 1.0 : known->second);
    }
    for (std::size_t p = 0; p < set.pictures.size(); ++p)
        for (const int record : set.pictures[p]) pictureOf_[record] = static_cast<int>(p);
    const auto add = [&](std::size_t index, int record) {
        const auto source = set.shares.empty() ? 0 : set.records[record].source;
        pools_[source].order.push_back(static_cast<std::int64_t>(index));
        ++most_;
    };
    if (options.sampling == Sampling::Records)
        for (std::size_t r = 0; r < set.records.size(); ++r) add(r, static_cast<int>(r));
    else
        for (std::size_t p = 0; p < set.pictures.size(); ++p) add(p, set.pictures[p].front());
    for (auto& pool : pools_) pool.drawn = std::ssize(pool.order);
    if (!set.shares.empty()) shares_.emplace(sharesOfPools());
}

// What has no record has no share.
std::vector<double> SftSampler::sharesOfPools() const {
    auto shares = set_.shares;
    for (std::size_t i = 0; i < shares.size(); ++i)
        if (pools_[i].order.empty()) shares[i] = 0;
    if (std::accumulate(shares.begin(), shares.end(), 0.0) <= 0)
        throw Error("none of the data with a weight holds a record to train on");
    return shares;
}

double SftSampler::uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
int SftSampler::below(int count) {
    return std::min(count - 1, static_cast<int>(uniform() * count));
}

int SftSampler::poolOfNext() { return shares_ ? shares_->next() : 0; }

std::int64_t SftSampler::drawFrom(Pool& pool) {
    auto& order = pool.order;
    if (pool.drawn >= std::ssize(order)) {
        for (auto i = std::ssize(order) - 1; i > 0; --i)
            std::swap(order[i], order[below(static_cast<int>(i) + 1)]);
        pool.drawn = 0;
    }
    return order[pool.drawn++];
}

std::vector<DrawnPicture> SftSampler::next(const std::vector<double>& focus) {
    auto drawn = options_.sampling == Sampling::Records ? nextRecords() : nextPictures(focus);
    for (const auto& picture : drawn) seen_ += std::ssize(picture.questions);
    return drawn;
}

// Records of the same picture stand together, up to questionsPerPicture of them.
std::vector<DrawnPicture> SftSampler::nextRecords() {
    const int most = options_.questionsPerPicture;
    const int asked = options_.batch > 0 ? options_.batch : options_.picturesPerStep * most;
    std::vector<DrawnPicture> drawn;
    std::map<int, std::size_t> open;  // picture -> where it has room
    for (int i = 0; i < asked && i < most_; ++i) {
        const int record = static_cast<int>(drawFrom(pools_[poolOfNext()]));
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
        if (std::ssize(drawn) == most_) return true;
        return options_.batch > 0 ? records >= options_.batch
                                  : std::ssize(drawn) >= options_.picturesPerStep;
    };
    while (!enough()) {
        const int pool = poolOfNext(), picture = static_cast<int>(drawFrom(pools_[pool]));
        int most = options_.questionsPerPicture;
        if (options_.batch > 0) most = std::min(most, options_.batch - records);
        drawn.push_back({picture, drawQuestions(picture, focus, most)});
        const auto asked = std::ssize(drawn.back().questions);
        records += static_cast<int>(asked);
        if (shares_) shares_->add(pool, asked - 1);
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
    std::vector<std::int64_t> order, drawn;
    for (const auto& pool : pools_) {
        order.insert(order.end(), pool.order.begin(), pool.order.end());
        drawn.push_back(pool.drawn);
    }
    state.tensors["sampler/order"] = torch::tensor(order, torch::kInt64);
    state.tensors["sampler/drawn"] = torch::tensor(drawn, torch::kInt64);
    state.tensors["sampler/seen"] = torch::tensor(std::vector{seen_}, torch::kInt64);
    if (shares_) state.tensors["sampler/dealt"] = torch::tensor(shares_->dealt(), torch::kInt64);
    state.text["sampler/random"] = (std::ostringstream() << random_).str();
}

void SftSampler::load(const TrainState& state) {
    const auto& order = state.tensor("sampler/order");
    const auto& drawn = state.tensor("sampler/drawn");
    const auto* next = order.data_ptr<std::int64_t>();
    for (std::size_t i = 0; i < pools_.size(); ++i) {
        auto& pool = pools_[i];
        pool.order.assign(next, next + pool.order.size());
        next += pool.order.size();
        pool.drawn = drawn[static_cast<std::int64_t>(i)].item<std::int64_t>();
    }
    seen_ = state.tensor("sampler/seen").item<std::int64_t>();
    if (shares_) {
        const auto& dealt = state.tensor("sampler/dealt");
        shares_->goOn(
            {dealt.data_ptr<std::int64_t>(), dealt.data_ptr<std::int64_t>() + dealt.numel()});
    }
    std::istringstream(state.textOf("sampler/random")) >> random_;
}

double recordsPerStep(const TrainingSet& set, const SftOptions& options) {
    const double records = static_cast<double>(set.records.size());
    const double most = options.questionsPerPicture;
    if (options.sampling == Sampling::Records)
        return std::min(records,
                        options.batch > 0 ? options.batch : options.picturesPerStep * most);
    double questions = 0;  // of each picture once
    for (const auto& picture : set.pictures)
        questions += std::min(most, static_cast<double>(picture.size()));
    const double pictures = static_cast<double>(set.pictures.size());
    return std::min(questions, options.batch > 0 ? options.batch
                                                 : questions / pictures * options.picturesPerStep);
}

int stepsOfEpochs(double epochs, const TrainingSet& set, const SftOptions& options) {
    const double steps =
        epochs * static_cast<double>(set.records.size()) / recordsPerStep(set, options);
    return std::max(1, static_cast<int>(std::ceil(steps - 1e-9)));
}

}  // namespace lvr
