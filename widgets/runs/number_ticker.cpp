#include "widgets/runs/number_ticker.h"

#include <array>
#include <cmath>

namespace lvr {
namespace {

constexpr double kFewDecades = 0.7, kManyDecades = 2.6;
constexpr int kMostPowers = 7;

QVector<double> powersOfTen(int first, int last) {
    const int stride = std::max(1, (last - first + kMostPowers - 1) / kMostPowers);
    QVector<double> ticks;
    // Those that are multiples stay where they are while the axis moves.
    for (int power = first - ((first % stride) + stride) % stride; power <= last; power += stride)
        ticks << std::pow(10.0, power);
    return ticks;
}

QVector<double> oneTwoFive(int first, int last) {
    QVector<double> ticks;
    for (int power = first; power <= last; ++power)
        for (const double digit : std::array{1.0, 2.0, 5.0}) ticks << digit * std::pow(10.0, power);
    return ticks;
}

}  // namespace

QVector<double> NumberTicker::createTickVector(double step, const QCPRange& range) {
    const double decades = range.lower > 0 ? std::log10(range.upper / range.lower) : 0;
    if (scale_ == AxisScale::Linear || decades < kFewDecades)
        return QCPAxisTicker::createTickVector(step, range);
    const int first = static_cast<int>(std::floor(std::log10(range.lower)));
    const int last = static_cast<int>(std::ceil(std::log10(range.upper)));
    return decades > kManyDecades ? powersOfTen(first, last) : oneTwoFive(first, last);
}

QString NumberTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    constexpr int kDigits = 10;  // fewer than a double has: 0.1 + 0.2 is 0.3
    return QString::number(tick, 'g', kDigits);
}

}  // namespace lvr
