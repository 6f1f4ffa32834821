#include "widgets/compare/strategy.h"

#include <QObject>
#include <QStringList>
#include <array>

namespace lvr {
namespace {

QString number(double value) { return QString::number(value, 'g', 4); }

QString words(const NoLatents&) { return QObject::tr("no latents"); }
QString words(const FixedSteps& rule) { return QObject::tr("fixed %1").arg(rule.count); }
QString words(const NearLatentEnd& rule) {
    static constexpr std::array kMetrics = {"mse", "mae", "cosine"};
    return QObject::tr("latent end ≤ %1 (%2), at most %3")
        .arg(number(rule.threshold), kMetrics.at(static_cast<std::size_t>(rule.metric)))
        .arg(rule.cap);
}
QString words(const EndToken& rule) {
    return QObject::tr("mode switching, at most %1").arg(rule.cap);
}
QString words(const EndProbability& rule) {
    return QObject::tr("P(end) ≥ %1, at most %2").arg(number(rule.threshold)).arg(rule.cap);
}

Strategy with(const ExitRule& rule) { return {.options = {.exit = rule}}; }

}  // namespace

QString describe(const DecodeOptions& options) {
    QStringList parts{std::visit([](const auto& rule) { return words(rule); }, options.exit)};
    if (options.latentFeed == LatentFeed::Snap) parts << QObject::tr("snapped to patches");
    if (options.latentFeed == LatentFeed::Filler) parts << QObject::tr("filler fed");
    if (const auto regions = options.thought.boxes.size(); regions > 0)
        parts << QObject::tr("%1 regions as thought").arg(regions);
    if (options.spanStart == SpanStart::Forced) parts << QObject::tr("start forced");
    if (options.spanEnd == SpanEnd::Forced) parts << QObject::tr("end forced");
    if (options.headPositions == HeadPositions::Released) parts << QObject::tr("head as released");
    if (options.sampling.temperature > 0)
        parts << QObject::tr("T %1, seed %2")
                     .arg(number(options.sampling.temperature))
                     .arg(options.sampling.seed);
    if (options.sampling.minP > 0)
        parts << QObject::tr("min-p %1").arg(number(options.sampling.minP));
    return parts.join(QStringLiteral(", "));
}

QString titleOf(const Strategy& strategy) {
    return strategy.name.empty() ? describe(strategy.options)
                                 : QString::fromStdString(strategy.name);
}

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

QColor strategyColour(std::size_t index) {
    // Okabe and Ito's set, its black and yellow replaced by tones that show on white and on black.
    static constexpr std::array<QRgb, 8> kColours = {0xff0072b2, 0xffd55e00, 0xff009e73,
                                                     0xffcc79a7, 0xffe69f00, 0xff56b4e9,
                                                     0xff8c8c8c, 0xff9467bd};
    return QColor(kColours[index % kColours.size()]);
}

}  // namespace lvr
