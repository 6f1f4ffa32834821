#pragma once

#include <qcustomplot.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "widgets/runs/curve_data.h"

namespace lvr {

// Where an axis has numbers and what they are: round ones, each told in full, so that no two places
// have the same. On a log axis 1, 2 and 5 of each decade, powers of ten where there are many
// decades, and a linear axis's where there is not even one.
class NumberTicker : public QCPAxisTicker {
public:
    explicit NumberTicker(AxisScale scale) : scale_(scale) { setTickCount(4); }

protected:
    QVector<double> createTickVector(double step, const QCPRange& range) override;
    int getSubTickCount(double) override { return 0; }
    QString getTickLabel(double tick, const QLocale&, QChar, int) override;

private:
    AxisScale scale_;
};

// One metric of several runs as graphs of a QCustomPlot: as many points as the picture has columns,
// with the true extremes of each.
class CurveLines {
public:
    CurveLines(QCustomPlot* plot, std::string metric);

    void setRuns(const std::vector<PlottedRun>& runs, const QPalette& palette);
    void setView(const CurveView& view);
    void colour(const QPalette& palette);

    void showAll();           // both axes as wide as the data
    void fill();              // for the axes as they are
    bool beginsHigh() const;  // what is in sight is in the upper half at the left

    // A run's point that is nearest to a place on the x axis.
    struct Point {
        const PlottedRun* run = nullptr;
        int step = 0;
        double x = 0, value = 0, smoothed = 0;
    };
    std::vector<Point> nearest(double x) const;  // of every run
    // Where a run's step is on the x axis; nothing where the run isn't drawn.
    std::optional<double> placeOf(std::int64_t run, int step) const;

private:
    enum Mark { NotANumber, PlusInfinity, MinusInfinity, kMarks };
    struct Line {
        PlottedRun run;
        bool known = false;          // the run has the metric
        std::vector<double> places;  // unless by step
        QCPGraph *raw = nullptr, *smoothed = nullptr;
        std::array<QCPGraph*, kMarks> marks{};
    };
    // A group of runs as one line and a band.
    struct Band {
        QString group;
        std::vector<std::size_t> lines;
        QCPGraph *mean = nullptr, *low = nullptr, *high = nullptr;
    };

    const Curve* curveOf(const Line& line) const;  // null: nothing to draw
    const std::vector<double>& xsOf(const Line& line, const Curve& curve) const;
    void addGraphs(Line& line);
    void addBands();
    void fillBands(const std::vector<double>& columns);
    bool isInBand(const Line& line) const;
    void placeAll();
    void updateLegend();
    std::vector<double> edges() const;
    void mark(const Line& line, const Curve& curve);

    QCustomPlot* plot_;
    std::string metric_;
    CurveView view_;
    std::vector<Line> lines_;
    std::vector<Band> bands_;  // none unless groups are shown
};

}  // namespace lvr
