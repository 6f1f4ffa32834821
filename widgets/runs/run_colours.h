#pragma once

#include <QColor>
#include <QPalette>

#include "core/values/run.h"

namespace lvr {

bool isDark(const QPalette& palette);

// Told apart also by colour-blind eyes, on light and on dark ground; from kRunColours on they begin
// again.
constexpr int kRunColours = 8;
QColor runColour(int slot, bool dark);
QColor statusColour(RunStatus status, bool dark);

}  // namespace lvr
