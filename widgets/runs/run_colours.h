#pragma once

#include <QColor>
#include <QPalette>

#include "core/values/run.h"

namespace lvr {

bool isDark(const QPalette& palette);

// Told apart also by colour-blind eyes, on light and on dark ground, the first eight at a glance;
// from kRunColours on they begin again.
constexpr int kRunColours = 24;
QColor runColour(int slot, bool dark);
// A run has one colour for life, whatever else is looked at.
int colourSlotOf(std::int64_t run);
QColor statusColour(RunStatus status, bool dark);

}  // namespace lvr
