#include "widgets/rollouts/rollout_colours.h"

#include <QPalette>
#include <algorithm>
#include <cmath>

#include "widgets/runs/run_colours.h"

namespace lvr {
QColor gainColour(const QPalette& palette) {
    return isDark(palette) ? QColor(86, 180, 233) : QColor(0, 114, 178);
}

QColor lossColour(const QPalette& palette) {
    return isDark(palette) ? QColor(240, 150, 60) : QColor(213, 94, 0);
}

QColor changeColour(const QPalette& palette) {
    return isDark(palette) ? QColor(240, 228, 66, 70) : QColor(240, 210, 40, 130);
}

QColor surpriseColour(const QPalette& palette, double logProbability) {
    const double share =
        std::isnan(logProbability) ? 1 : std::clamp(logProbability / kMostSurprising, 0.0, 1.0);
    return faded(isDark(palette) ? QColor(213, 94, 0) : QColor(230, 130, 0), 0.75 * share);
}

QColor mixed(const QColor& over, const QColor& under) {
    const float share = over.alphaF();
    const auto channel = [share](float a, float b) { return a * share + b * (1 - share); };
    return QColor::fromRgbF(channel(over.redF(), under.redF()),
                            channel(over.greenF(), under.greenF()),
                            channel(over.blueF(), under.blueF()));
}

QColor faded(const QColor& colour, double opacity) {
    QColor copy = colour;
    copy.setAlphaF(static_cast<float>(opacity));
    return copy;
}

}  // namespace lvr
