#pragma once

#include <functional>
#include <set>
#include <string>

namespace lvr {

// What goes wrong in a training's steps and is survived: a question that can't be read is left out,
// a step without a finite gradient teaches nothing. Ends the training when it goes on like that.
// Every rank has its own, told the same of each step.
class StepGuard {
public:
    // How many steps in a row without a finite gradient, and without a question, are too many.
    StepGuard(int tooManyNotFinite, int tooManyUnread)
        : tooManyNotFinite_(tooManyNotFinite), tooManyUnread_(tooManyUnread) {}

    void leaveOut(const std::string& why);  // a question of this rank's
    // Of a step whose questions were read: how many were left out on all ranks, and whether any was
    // there. Returns what a person should know, each reason once. Throws Error.
    std::string afterReading(int leftOut, bool readAny);
    // Of a step that was pushed. what: names what it was learning from, asked when it is needed.
    std::string afterPushing(bool finite, const std::function<std::string()>& what);

    int questionsLeftOut() const { return leftOut_; }
    int stepsNotFinite() const { return notFinite_; }

private:
    int tooManyNotFinite_, tooManyUnread_;
    int leftOut_ = 0, notFinite_ = 0;
    int notFiniteInARow_ = 0, unreadInARow_ = 0;
    std::set<std::string> reasons_;
    std::string newest_;  // not told yet
};

}  // namespace lvr
