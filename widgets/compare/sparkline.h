#pragma once

#include <QWidget>
#include <optional>
#include <vector>

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

}  // namespace lvr
