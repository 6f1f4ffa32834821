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

}  // namespace lvr
