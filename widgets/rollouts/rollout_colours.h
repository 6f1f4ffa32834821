#pragma once

#include <QColor>

class QPalette;

namespace lvr {

// Colours that colour-blind eyes tell apart (Okabe and Ito's), light or dark as the palette is.
QColor gainColour(const QPalette& palette);
QColor lossColour(const QPalette& palette);
QColor changeColour(const QPalette& palette);  // behind words that differ
// Behind a token: stronger the less likely it was; nothing behind a certain one.
QColor surpriseColour(const QPalette& palette, double logProbability);
inline constexpr double kMostSurprising = -5;  // log-probability of the strongest, about 0.7 %
QColor mixed(const QColor& over, const QColor& under);  // as it looks on top of it
QColor faded(const QColor& colour, double opacity);

}  // namespace lvr
