#include "widgets/runs/run_colours.h"

#include <array>

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

}  // namespace lvr
