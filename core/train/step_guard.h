#pragma once

#include <functional>
#include <set>
#include <string>

#include "core/train/distributed.h"
#include "core/train/train_state.h"

namespace lvr {

// What goes wrong in a training's steps and is survived: a question that can't be read is left out,
// a step without a finite gradient teaches nothing. Ends the training when it goes on like that.
// Every rank has its own, told the same of each step.
class StepGuard {
public:
    // How many steps in a row without a finite gradient are too many.
    explicit StepGuard(int tooManyNotFinite) : tooManyNotFinite_(tooManyNotFinite) {}

    void leaveOut(const std::string& why);  // a question of this rank's
    // Whether there is a step: not when no rank could read any of its questions; nothing is learnt
    // then, and no schedule moves. Throws Error, with the last reason, at the fifth in a row.
    // leftOut: this rank's; read: those that it could read. Collective.
    bool isStep(const Ranks& ranks, int leftOut, int read);
    // What a person should know of what was left out, each reason once.
    std::string news();
    // Of a step that was pushed. what: names what it was learning from, asked when it is needed.
    // Throws Error.
    std::string afterPushing(bool finite, const std::function<std::string()>& what);

    int questionsLeftOut() const { return leftOut_; }  // on all ranks
    int stepsNotFinite() const { return notFinite_; }
    void save(TrainState& state) const;
    void load(const TrainState& state);

private:
    int tooManyNotFinite_;
    int leftOut_ = 0, notFinite_ = 0;
    int notFiniteInARow_ = 0, unreadInARow_ = 0;
    std::set<std::string> reasons_;
    std::string last_;    // of this rank's
    std::string newest_;  // of all ranks', not told yet
};

// The first few, for a person.
std::string listed(const std::vector<std::string>& names);

}  // namespace lvr
