#include "widgets/colours.h"

#include <QPalette>
#include <algorithm>
#include <array>
#include <cmath>

namespace lvr {
namespace {

constexpr std::size_t kFirstColours = 8;

// After Okabe and Ito; yellow and black, which vanish on one of the grounds, are replaced.
QRgb firstColour(std::size_t at, bool dark) {
    static constexpr std::array<QRgb, kFirstColours> kOnLight = {0xff0072b2, 0xffd55e00, 0xff008a63,
                                                                 0xffb8478c, 0xffc98500, 0xff2f9bd8,
                                                                 0xff5b4bb5, 0xff5f6368};
    static constexpr std::array<QRgb, kFirstColours> kOnDark = {0xff56b4e9, 0xffe8793a, 0xff2ec29a,
                                                                0xffe39ac4, 0xffe6c229, 0xff3d8fe0,
                                                                0xffa99bf5, 0xffb8bcc4};
    return dark ? kOnDark[at] : kOnLight[at];
}

}  // namespace

bool isDark(const QPalette& palette) { return palette.window().color().lightness() < 128; }

// The later ones are the first ones again, nearer to the ground and then farther from it.
QColor runColour(int slot, bool dark) {
    const auto first = static_cast<std::size_t>(slot) % kFirstColours;
    const QColor colour = QColor::fromRgb(firstColour(first, dark));
    switch (slot % kRunColours / static_cast<int>(kFirstColours)) {
        case 0:
            return colour;
        case 1:
            return dark ? colour.darker(145) : colour.lighter(145);
        default:
            return dark ? colour.lighter(125) : colour.darker(170);
    }
}

int colourSlotOf(std::int64_t run) {
    return static_cast<int>((run + kRunColours - 1) % kRunColours);
}

QColor statusColour(RunStatus status, bool dark) {
    switch (status) {
        case RunStatus::Running:
            return dark ? QColor(86, 180, 233) : QColor(0, 114, 178);
        case RunStatus::Paused:
            return dark ? QColor(169, 155, 245) : QColor(91, 75, 181);
        case RunStatus::Finished:
            return dark ? QColor(46, 194, 154) : QColor(0, 138, 99);
        case RunStatus::Stopped:
            return dark ? QColor(150, 154, 162) : QColor(120, 124, 130);
        case RunStatus::Failed:
            return dark ? QColor(255, 112, 96) : QColor(196, 38, 24);
        case RunStatus::Lost:
            return dark ? QColor(230, 194, 41) : QColor(180, 120, 0);
    }
    return {};
}

QColor verdictColour(bool right, const QPalette& palette) {
    const bool dark = isDark(palette);
    if (right) return dark ? QColor(98, 204, 120) : QColor(20, 120, 50);
    return dark ? QColor(255, 130, 120) : QColor(180, 30, 20);
}

QColor livenessColour(Liveness::State state, const QPalette& palette) {
    const bool dark = isDark(palette);
    switch (state) {
        case Liveness::State::Plain:
            return dark ? QColor(160, 165, 172) : QColor(105, 110, 118);
        case Liveness::State::Doubtful:
            return dark ? QColor(255, 184, 77) : QColor(176, 98, 0);
        case Liveness::State::Alive:
            return dark ? QColor(98, 204, 120) : QColor(20, 120, 50);
    }
    return {};
}

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
