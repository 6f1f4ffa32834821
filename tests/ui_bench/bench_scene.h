#pragma once

#include <QString>

#include "core/values/trace.h"

class QWidget;

namespace lvr {

// 16 latent steps over 26 x 50 patches.
Trace longThought();

// How many curves of a metric are drawn in a workspace up to this step at least.
int curvesUpTo(const QWidget& workspace, const QString& metric, double step);

}  // namespace lvr
