#pragma once

#include <QImage>
#include <QWidget>
#include <optional>
#include <vector>

#include "core/trace/heat.h"

namespace lvr {

struct SparklineRange {
    int steps = 2;  // on the x axis, so that a step is at the same place in every column
    double low = 0, high = 1;
    bool operator==(const SparklineRange&) const = default;
};

// A curve over latent steps, a threshold, and the selected step. Clicking selects the nearest one,
// arrow keys the next.
class Sparkline : public QWidget {
    Q_OBJECT
public:
    // nothing: what is said while there is no value.
    Sparkline(const QString& name, const QString& nothing, QWidget* parent = nullptr);
    void setValues(std::vector<double> values, std::optional<double> threshold);
    const std::vector<double>& values() const { return values_; }
    void setRange(const SparklineRange& range);
    void setColour(const QColor& colour);
    void selectStep(int step);  // -1: none
    QPointF pointOf(int step) const;
    QSize sizeHint() const override { return {140, 56}; }
    QSize minimumSizeHint() const override { return {90, 56}; }

Q_SIGNALS:
    void stepSelected(int step);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    double yOf(double value) const;
    int stepAt(double x) const;
    void paintValues(QPainter& painter) const;
    void paintThreshold(QPainter& painter) const;

    QString nothing_;
    std::vector<double> values_;
    std::optional<double> threshold_;
    SparklineRange range_;
    QColor colour_;  // invalid: as the palette has it
    int selected_ = -1;
};

// The heat of each latent step on the first image, a pixel a patch: first their mean, then step by
// step. Empty where a step was not measured.
std::vector<QImage> heatImages(const Trace& trace, const HeatScale& scale);

// One small heat per latent step after their mean, in as many rows as they need. Tile -1 is the
// mean.
class HeatStrip : public QWidget {
    Q_OBJECT
public:
    explicit HeatStrip(QWidget* parent = nullptr);
    void setPicture(const QImage& picture);
    void setHeat(std::vector<QImage> heat);  // as heatImages gives it
    void selectStep(int step);               // -1: the mean
    QRect tileRect(int step) const;
    int steps() const { return std::max(static_cast<int>(heat_.size()) - 1, 0); }
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void stepSelected(int step);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    int perRow(int width) const;
    int stepAt(const QPoint& at) const;  // -2: none

    QImage picture_;
    std::vector<QImage> heat_;
    int selected_ = -1;
};

// The picture under one step's heat, large enough to see what it looks at.
class StepPicture : public QWidget {
    Q_OBJECT
public:
    explicit StepPicture(QWidget* parent = nullptr);
    void showHeat(const QImage& picture, const QImage& heat);  // either may be null
    void setEmptyText(const QString& text);                    // what stands where both are
    QSize sizeHint() const override { return {140, 140}; }
    QSize minimumSizeHint() const override { return {100, 140}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QImage picture_, heat_;
    QString emptyText_;
};

}  // namespace lvr
