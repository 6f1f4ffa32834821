#include "core/train/step_guard.h"

#include "core/error.h"

namespace lvr {

void StepGuard::leaveOut(const std::string& why) {
    if (reasons_.insert(why).second) newest_ = why;
}

std::string StepGuard::afterReading(int leftOut, bool readAny) {
    leftOut_ += leftOut;
    const auto said = newest_.empty() ? std::string() : "left out: " + newest_;
    newest_.clear();
    unreadInARow_ = readAny ? 0 : unreadInARow_ + 1;
    if (unreadInARow_ >= tooManyUnread_)
        throw Error("none of the data can be read; the last reason: " +
                    (reasons_.empty() ? "another rank knows" : *reasons_.rbegin()));
    return said;
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

}  // namespace lvr
