#include "widgets/runs/curve_lines.h"

#include <qcustomplot.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "widgets/colours.h"

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

// A graph takes its points as QCustomPlot's own type.
void give(QCPGraph* graph, const std::vector<CurvePoint>& points) {
    QVector<QCPGraphData> data;
    data.reserve(static_cast<qsizetype>(points.size()));
    for (const auto& point : points) data.append(QCPGraphData(point.x, point.y));
    graph->data()->set(data, true);
}

// A logarithmic axis has no place for zero and below, and none has one for NaN.
bool hasPlace(const CurvePoint& point, const CurveView& view) {
    const auto isOn = [](double value, AxisScale scale) {
        return std::isfinite(value) && (scale == AxisScale::Linear || value > 0);
    };
    return isOn(point.x, view.x) && isOn(point.y, view.y);
}

// A line through one point has no length; that of a run's first step is to be seen all the same.
void giveLine(QCPGraph* graph, const std::vector<CurvePoint>& points, const CurveView& view) {
    give(graph, points);
    const bool isDot = points.size() == 1 && hasPlace(points.front(), view);
    graph->setScatterStyle(isDot ? QCPScatterStyle(QCPScatterStyle::ssDisc, 5) : QCPScatterStyle());
}

// Room for what lies between two ends; never of no width.
QCPRange around(double lower, double upper, double margin, AxisScale scale) {
    if (scale == AxisScale::Log) {
        const double factor = std::pow(std::max(upper / lower, 1.1), margin);
        return {lower / factor, upper * factor};
    }
    double pad = (upper - lower) * margin;
    if (pad == 0) pad = upper == 0 ? 1 : std::abs(upper) * 0.05;
    return {lower - pad, upper + pad};
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

CurveLines::CurveLines(QCustomPlot* plot, std::string metric)
    : plot_(plot), metric_(std::move(metric)) {}

void CurveLines::setRuns(const std::vector<PlottedRun>& runs, const QPalette& palette) {
    lines_.clear();
    plot_->clearGraphs();
    for (const auto& run : runs) {
        lines_.push_back({.run = run});
        addGraphs(lines_.back());
    }
    addBands();
    colour(palette);
}

// Only runs that have something in common with another one.
void CurveLines::addBands() {
    bands_.clear();
    if (!view_.showsGroups) return;
    std::map<QString, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < lines_.size(); ++i)
        if (!lines_[i].run.group.isEmpty()) groups[lines_[i].run.group].push_back(i);
    for (auto& [group, lines] : groups) {
        if (lines.size() < 2) continue;
        Band band{.group = group, .lines = std::move(lines)};
        for (auto** graph : {&band.low, &band.high, &band.mean}) {
            *graph = plot_->addGraph();
            (*graph)->setAdaptiveSampling(false);
        }
        band.mean->setName(QObject::tr("%1 (mean of %2)").arg(group).arg(band.lines.size()));
        band.high->setChannelFillGraph(band.low);
        bands_.push_back(std::move(band));
    }
}

bool CurveLines::isInBand(const Line& line) const {
    return std::ranges::any_of(bands_,
                               [&](const Band& band) { return band.group == line.run.group; });
}

void CurveLines::fillBands(const std::vector<double>& columns) {
    for (const auto& band : bands_) {
        std::vector<CurveOfBand> curves;
        for (const auto i : band.lines)
            if (const auto* curve = curveOf(lines_[i]))
                curves.push_back(
                    {&xsOf(lines_[i], *curve), &curve->smoothed(view_.smoothing).values()});
        const auto [mean, low, high] = bandOf(curves, columns);
        giveLine(band.mean, mean, view_);
        give(band.low, low);
        give(band.high, high);
    }
}

const Curve* CurveLines::curveOf(const Line& line) const {
    const auto* curve = line.run.curves->find(metric_);
    const bool drawn = curve && curve->size() > 0 && knows(*line.run.curves, view_.axis);
    return drawn ? curve : nullptr;
}

const std::vector<double>& CurveLines::xsOf(const Line& line, const Curve& curve) const {
    return view_.axis == CurveAxis::Step ? curve.steps() : line.places;
}

void CurveLines::addGraphs(Line& line) {
    line.raw = plot_->addGraph();
    line.smoothed = plot_->addGraph();
    for (auto& marks : line.marks) {
        marks = plot_->addGraph();
        marks->setLineStyle(QCPGraph::lsNone);
    }
    for (auto* graph : {line.raw, line.smoothed}) {
        graph->setAdaptiveSampling(false);  // the points are few already, and all are meant
        graph->setName(line.run.name);
    }
}

void CurveLines::setView(const CurveView& view) { view_ = view; }

void CurveLines::colour(const QPalette& palette) {
    const bool smooth = view_.smoothing > 0;
    for (const auto& line : lines_) {
        const QColor strong = runColour(line.run.colour, isDark(palette));
        QColor faint = strong;
        faint.setAlphaF(smooth ? 0.3f : 1.0f);
        const double width = (lines_.size() <= 4 ? 1.6 : 1) + (line.run.isChosen ? 1 : 0);
        const auto style = line.run.isBaseline ? Qt::DashLine : Qt::SolidLine;
        line.raw->setPen(QPen(faint, smooth || !line.run.isChosen ? 1 : 2, style));
        line.smoothed->setPen(QPen(strong, width, style));
        const bool isSingle = !isInBand(line);
        line.raw->setVisible(isSingle);
        line.smoothed->setVisible(smooth && isSingle);
        const QCPScatterStyle::ScatterShape shapes[] = {QCPScatterStyle::ssCross,
                                                        QCPScatterStyle::ssTriangle,
                                                        QCPScatterStyle::ssTriangleInverted};
        for (int kind = 0; kind < kMarks; ++kind)
            line.marks[static_cast<std::size_t>(kind)]->setScatterStyle(
                QCPScatterStyle(shapes[kind], QPen(strong, 1.5), QBrush(strong), 7));
    }
    for (const auto& band : bands_) {
        const QColor strong = runColour(lines_[band.lines.front()].run.colour, isDark(palette));
        QColor fill = strong;
        fill.setAlphaF(0.2f);
        band.mean->setPen(QPen(strong, 2));
        for (auto* edge : {band.low, band.high}) edge->setPen(Qt::NoPen);
        band.high->setBrush(fill);
    }
    updateLegend();
}

// Runs without the metric are not in it.
void CurveLines::updateLegend() {
    plot_->legend->clearItems();
    for (const auto& line : lines_)
        if (line.known && !isInBand(line))
            (view_.smoothing > 0 ? line.smoothed : line.raw)->addToLegend();
    for (const auto& band : bands_)
        if (std::ranges::any_of(band.lines, [this](auto i) { return lines_[i].known; }))
            band.mean->addToLegend();
}

void CurveLines::placeAll() {
    bool changed = false;
    for (auto& line : lines_) {
        const auto* curve = curveOf(line);
        changed = changed || line.known != (curve != nullptr);
        line.known = curve;
        if (curve && view_.axis != CurveAxis::Step)
            line.places = placesOf(*curve, *line.run.curves, view_.axis);
    }
    if (changed) updateLegend();
}

void CurveLines::showAll() {
    placeAll();
    Extremes x, y;
    for (const auto& line : lines_) {
        const auto* curve = curveOf(line);
        if (!curve) continue;
        const auto& xs = xsOf(line, *curve);
        x.include(xs.front());
        x.include(xs.back());
        x.include(*std::upper_bound(xs.begin(), xs.end() - 1, 0.0));  // the first positive one
        y.include(view_.clipsOutliers ? middleOf(curve->values().values())
                                      : curve->values().over(0, curve->size()));
    }
    const auto range = [](const Extremes& span, AxisScale scale, double margin) -> QCPRange {
        if (scale == AxisScale::Linear)
            return span.empty() ? QCPRange(0, 1) : around(span.min, span.max, margin, scale);
        if (!std::isfinite(span.leastPositive)) return {0.1, 1};
        return around(span.leastPositive, std::max(span.max, span.leastPositive), margin, scale);
    };
    plot_->xAxis->setRange(range(x, view_.x, 0.01));
    plot_->yAxis->setRange(range(y, view_.y, 0.06));
}

// Of the picture's columns of pixels.
std::vector<double> CurveLines::edges() const {
    const auto* rect = plot_->axisRect();
    std::vector<double> edges;
    for (int column = 0; column <= std::max(1, rect->width()); ++column)
        edges.push_back(plot_->xAxis->pixelToCoord(rect->left() + column));
    return edges;
}

void CurveLines::fill() {
    placeAll();
    const auto columns = edges();
    for (const auto& line : lines_) {
        const auto* curve = curveOf(line);
        for (auto* graph : {line.raw, line.smoothed}) graph->data()->clear();
        for (auto* graph : line.marks) graph->data()->clear();
        if (!curve) continue;
        const auto& xs = xsOf(line, *curve);
        const auto points = visiblePoints(xs, curve->values(), columns);
        // Smooth strokes cost most of a picture's time and can't be seen where the lines are dense.
        line.raw->setAntialiased(points.size() < columns.size());
        giveLine(line.raw, points, view_);
        if (view_.smoothing > 0)
            giveLine(line.smoothed, visiblePoints(xs, curve->smoothed(view_.smoothing), columns),
                     view_);
        mark(line, *curve);
    }
    fillBands(columns);
}

bool CurveLines::beginsHigh() const {
    const double middle = plot_->axisRect()->center().y();
    int above = 0;
    for (const auto& line : lines_)
        if (line.raw->dataCount() > 0)
            above +=
                plot_->yAxis->coordToPixel(line.raw->data()->constBegin()->value) < middle ? 1 : -1;
    return above > 0;
}

// What is not finite has no place on the y axis: NaN and -inf are marked at its foot, +inf on top;
// one mark a pixel is enough.
void CurveLines::mark(const Line& line, const Curve& curve) {
    const auto& xs = xsOf(line, curve);
    const auto range = plot_->xAxis->range();
    const auto indexOf = [&](double x) {
        return static_cast<std::size_t>(std::lower_bound(xs.begin(), xs.end(), x) - xs.begin());
    };
    const auto begin = indexOf(range.lower), end = indexOf(range.upper);
    std::array<std::vector<CurvePoint>, kMarks> points;
    const auto* rect = plot_->axisRect();
    const double foot = plot_->yAxis->pixelToCoord(rect->bottom() - 6),
                 top = plot_->yAxis->pixelToCoord(rect->top() + 6);
    std::array<double, kMarks> lastPixel;
    lastPixel.fill(-1);
    for (const auto i : curve.values().nonFinite(begin, end)) {
        const double value = curve.values().values()[i], x = xs[i];
        const auto kind = static_cast<std::size_t>(std::isnan(value) ? NotANumber
                                                   : value > 0       ? PlusInfinity
                                                                     : MinusInfinity);
        const double pixel = std::floor(plot_->xAxis->coordToPixel(x));
        if (pixel == lastPixel[kind]) continue;
        lastPixel[kind] = pixel;
        points[kind].push_back({x, kind == PlusInfinity ? top : foot});
    }
    for (std::size_t kind = 0; kind < kMarks; ++kind) give(line.marks[kind], points[kind]);
}

std::optional<double> CurveLines::placeOf(std::int64_t run, int step) const {
    for (const auto& line : lines_) {
        const auto* curve = line.run.id == run ? curveOf(line) : nullptr;
        if (!curve) continue;
        const auto& xs = xsOf(line, *curve);
        if (xs.size() != curve->size()) return std::nullopt;  // grew since it was drawn
        return view_.axis == CurveAxis::Step ? step : xs[nearestIndex(curve->steps(), step)];
    }
    return std::nullopt;
}

std::vector<CurveLines::Point> CurveLines::nearest(double x) const {
    std::vector<Point> found;
    for (const auto& line : lines_) {
        const auto* curve = curveOf(line);
        if (!curve) continue;
        const auto& xs = xsOf(line, *curve);
        if (xs.size() != curve->size()) continue;  // grew since it was drawn
        const auto at = nearestIndex(xs, x);
        found.push_back({&line.run, static_cast<int>(curve->steps()[at]), xs[at],
                         curve->values().values()[at],
                         curve->smoothed(view_.smoothing).values()[at]});
    }
    return found;
}

}  // namespace lvr
