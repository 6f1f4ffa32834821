#pragma once

#include <QString>
#include <vector>

#include "core/values/run.h"

namespace lvr {

// Alerts of a run that say the same but for their numbers.
struct FoldedAlert {
    Alert newest;
    int count = 1, firstStep = 0;
};
std::vector<FoldedAlert> foldAlerts(const std::vector<Alert>& alerts);  // newest first
// "KL jumped to 0.105 from about 0 (23 times since step 5)".
QString alertText(const FoldedAlert& alert);

// What happened to a run that a person should know.
struct RunNews {
    QString sentence;
    bool isNewKind = true;    // nothing like it was said of this run before
    bool needsAHand = false;  // the run does not go on by itself
};
// Of a list of runs and the one that came after it. Of new alerts of a run the newest is told; a
// run that is listed for the first time is told of by its alerts only.
std::vector<RunNews> newsOf(const std::vector<RunSummary>& before,
                            const std::vector<RunSummary>& now);

}  // namespace lvr
