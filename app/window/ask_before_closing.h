#pragma once

#include <functional>
#include <vector>

#include "core/values/run.h"

class QWidget;

namespace lvr {

// Asks whether the trainings that run go on without the window. Not modal to the rest of the
// desktop; neither is called when the person would rather stay.
void askBeforeClosing(QWidget* window, const std::vector<Run>& running,
                      const std::function<void()>& goOn, const std::function<void()>& stopThem);

// Asks whether the comparison that runs may stop. Likewise.
void askAboutComparison(QWidget* window, const std::function<void()>& stopIt);

}  // namespace lvr
