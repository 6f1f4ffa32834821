#include "widgets/compare/strategy.h"

#include <QObject>
#include <QPixmap>
#include <array>

namespace lvr {
namespace {

Strategy with(const ExitRule& rule) { return {.options = {.exit = rule}}; }

}  // namespace

QString describe(const DecodeOptions& options) { return QString::fromStdString(wordsOf(options)); }

QString titleOf(const Strategy& strategy) { return QString::fromStdString(titleText(strategy)); }

std::vector<StrategyPreset> strategyPresets() {
    return {{QObject::tr("Fixed 4, 8 and 16 (the paper's budgets)"),
             {with(FixedSteps{4}), with(FixedSteps{8}), with(FixedSteps{16})}},
            {QObject::tr("Latent end at four thresholds"),
             {with(NearLatentEnd{.threshold = 0.01}), with(NearLatentEnd{.threshold = 0.02}),
              with(NearLatentEnd{.threshold = 0.05}), with(NearLatentEnd{.threshold = 0.1})}},
            {QObject::tr("P(end) at four thresholds"),
             {with(EndProbability{.threshold = 0.1}), with(EndProbability{.threshold = 0.3}),
              with(EndProbability{.threshold = 0.5}), with(EndProbability{.threshold = 0.9})}},
            {QObject::tr("Mode switching (the sampled end token)"), {with(EndToken{})}},
            {QObject::tr("No latents (plain decoding)"), {with(NoLatents{})}},
            {QObject::tr("Own latents against snapped and filler ones"),
             {with(EndProbability{}),
              {.options = {.exit = EndProbability{}, .latentFeed = LatentFeed::Snap}},
              {.options = {.exit = EndProbability{}, .latentFeed = LatentFeed::Filler}}}}};
}

std::vector<Strategy> firstStrategies() {
    return {with(EndProbability{}), with(FixedSteps{4}), with(FixedSteps{8}), with(NoLatents{})};
}

QColor strategyColour(int colour) {
    // Okabe and Ito's set, its black and yellow replaced by tones that show on white and on black.
    static constexpr std::array<QRgb, kStrategyColours> kColours = {
        0xff0072b2, 0xffd55e00, 0xff009e73, 0xffcc79a7,
        0xffe69f00, 0xff56b4e9, 0xff8c8c8c, 0xff9467bd};
    return QColor(kColours[static_cast<std::size_t>(colour) % kColours.size()]);
}

QIcon colourSquare(int colour) {
    QPixmap square(12, 12);
    square.fill(strategyColour(colour));
    return QIcon(square);
}

}  // namespace lvr
