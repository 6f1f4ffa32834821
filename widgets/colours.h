#pragma once

#include <QColor>
#include <cstdint>

#include "core/values/liveness.h"
#include "core/values/run.h"

class QPalette;

namespace lvr {

// Every colour that means something, told apart also by colour-blind eyes (after Okabe and Ito),
// for a light and for a dark ground.
bool isDark(const QPalette& palette);

// The first eight are told apart at a glance; from kRunColours on they begin again.
constexpr int kRunColours = 24;
QColor runColour(int slot, bool dark);
// A run has one colour for life, whatever else is looked at.
int colourSlotOf(std::int64_t run);
QColor statusColour(RunStatus status, bool dark);

QColor verdictColour(bool right, const QPalette& palette);  // of an answer
// Whether the latents of an answer were a thought of the model.
QColor livenessColour(Liveness::State state, const QPalette& palette);
QColor gainColour(const QPalette& palette);
QColor lossColour(const QPalette& palette);
QColor changeColour(const QPalette& palette);  // behind words that differ
// Behind a token: stronger the less likely it was; nothing behind a certain one.
QColor surpriseColour(const QPalette& palette, double logProbability);
inline constexpr double kMostSurprising = -5;  // log-probability of the strongest, about 0.7 %

QColor mixed(const QColor& over, const QColor& under);  // as it looks on top of it
QColor faded(const QColor& colour, double opacity);

}  // namespace lvr
