#include "core/causal/set_looks.h"

#include <cmath>
#include <string_view>

namespace lvr {
namespace {

// The next from the middle of the others on that has another picture, thought, and answered
// otherwise if any did.
const CausalDonor* lenderTo(const SetLooks& looks, std::size_t index) {
    const auto& own = *looks[index];
    const CausalDonor* same = nullptr;
    for (std::size_t step = 0; step < looks.size(); ++step) {
        const auto& other = looks[(index + looks.size() / 2 + step) % looks.size()];
        if (!other || other->picture == own.picture || other->thought.latents.empty()) continue;
        if (other->thought.answer != own.thought.answer) return &other->thought;
        if (!same) same = &other->thought;
    }
    return same;
}

// Of a question that lends nothing, apart from the donors' answers.
std::string randomAnswerFor(const SetLooks& looks, std::size_t index,
                            const CausalQuestion& question, std::uint64_t seed) {
    const auto lends = [](const std::optional<CausalDonor>& donor, const std::string& answer) {
        return donor && donor->answer == answer;
    };
    const auto start = (index * 7919 + seed + 1) % looks.size();
    for (std::size_t step = 0; step < looks.size(); ++step) {
        const auto& other = looks[(start + step) % looks.size()];
        const std::string answer = other ? other->thought.answer : std::string();
        if (answer.empty() || answer == looks[index]->thought.answer) continue;
        if (!lends(question.otherPicture, answer) && !lends(question.otherQuestion, answer))
            return answer;
    }
    return {};
}

// visit(row of width numbers) for every latent of the set.
template <class Visit>
void forEachLatent(const SetLooks& looks, const Visit& visit) {
    for (const auto& look : looks)
        for (std::size_t at = 0; look && at < look->thought.latents.size();
             at += static_cast<std::size_t>(look->thought.width))
            visit(look->thought.latents.data() + at, static_cast<std::size_t>(look->thought.width));
}

}  // namespace

std::uint64_t pictureMark(const std::vector<Image>& images) {
    std::uint64_t mark = images.size();
    for (const auto& image : images) {
        const std::string_view bytes(reinterpret_cast<const char*>(image.rgb.data()),
                                     image.rgb.size());
        mark = mark * 1000003 ^ std::hash<std::string_view>{}(bytes);
    }
    return mark;
}

LatentMoments momentsOf(const SetLooks& looks) {
    std::vector<double> sum, squares;
    double count = 0;
    forEachLatent(looks, [&](const float* latent, std::size_t width) {
        sum.resize(width);
        for (std::size_t i = 0; i < width; ++i) sum[i] += latent[i];
        ++count;
    });
    for (double& each : sum) each /= count;
    squares.resize(sum.size());
    forEachLatent(looks, [&](const float* latent, std::size_t width) {
        for (std::size_t i = 0; i < width; ++i) squares[i] += std::pow(latent[i] - sum[i], 2);
    });
    LatentMoments moments{.mean = {sum.begin(), sum.end()}};
    for (const double each : squares)
        moments.spread.push_back(static_cast<float>(std::sqrt(each / count)));
    return moments;
}

CausalQuestion questionInSet(const SetLooks& looks, std::size_t index, const CausalSetItem& item,
                             const LatentMoments& moments, std::uint64_t seed) {
    CausalQuestion question{.question = item.sample.question,
                            .expected = item.sample.answer,
                            .candidates = item.candidates,
                            .targets = item.sample.rois,
                            .otherQuestion = looks[index]->other,
                            .chain = item.chain,
                            .moments = moments};
    if (const auto* donor = lenderTo(looks, index)) question.otherPicture = *donor;
    question.randomAnswer = randomAnswerFor(looks, index, question, seed);
    return question;
}

}  // namespace lvr
