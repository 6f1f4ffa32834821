#include "core/train/step_guard.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "core/error.h"
#include "core/torch.h"

namespace lvr {

void StepGuard::leaveOut(const std::string& why) { last_ = why; }

bool StepGuard::isStep(const Ranks& ranks, int leftOut, int read) {
    constexpr int kTooManyUnread = 5;
    auto counts = torch::tensor(std::vector<std::int64_t>{leftOut, read}, torch::kInt64);
    ranks.sum(counts);
    const auto* all = counts.data_ptr<std::int64_t>();
    leftOut_ += static_cast<int>(all[0]);
    std::string last;
    if (all[0] > 0)
        for (const auto& why : ranks.gather(std::exchange(last_, {}))) {
            if (why.empty()) continue;
            if (reasons_.insert(why).second) newest_ = why;
            last = why;
        }
    unreadInARow_ = all[1] > 0 ? 0 : unreadInARow_ + 1;
    if (unreadInARow_ >= kTooManyUnread)
        throw Error("nothing could be read in " + std::to_string(kTooManyUnread) +
                    " steps in a row; the last reason: " + last);
    return all[1] > 0;
}

std::string StepGuard::news() {
    return newest_.empty() ? std::string() : "left out: " + std::exchange(newest_, {});
}

std::string StepGuard::afterPushing(bool finite, const std::function<std::string()>& what) {
    notFiniteInARow_ = finite ? 0 : notFiniteInARow_ + 1;
    if (finite) return {};
    ++notFinite_;
    const auto from = what();
    if (notFiniteInARow_ >= tooManyNotFinite_)
        throw Error(std::to_string(notFiniteInARow_) +
                    " steps in a row had no finite gradient; lower --lr, or look at the records "
                    "of the last: " +
                    from);
    return "the gradient is not finite, nothing was learnt from " + from;
}

void StepGuard::save(TrainState& state) const {
    state.tensors["guard"] = torch::tensor(
        std::vector<std::int64_t>{leftOut_, notFinite_, notFiniteInARow_, unreadInARow_});
    auto& told = state.text["guard/reasons"];
    for (const auto& reason : reasons_) told += reason + "\n";
}

void StepGuard::load(const TrainState& state) {
    const auto& counts = state.tensor("guard");
    int* all[] = {&leftOut_, &notFinite_, &notFiniteInARow_, &unreadInARow_};
    for (std::int64_t i = 0; i < 4; ++i) *all[i] = static_cast<int>(counts[i].item<std::int64_t>());
    std::istringstream told(state.textOf("guard/reasons"));
    for (std::string reason; std::getline(told, reason);) reasons_.insert(reason);
}

std::string listed(const std::vector<std::string>& names) {
    constexpr std::size_t kMost = 8;
    std::string list;
    for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i)
        list += (list.empty() ? "" : "; ") + names[i];
    return list + (names.size() > kMost ? "; ..." : "");
}

}  // namespace lvr
