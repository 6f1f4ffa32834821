#pragma once

#include <vector>

#include "widgets/causal/figure_view.h"

namespace lvr {

// A number for each pair of latent steps: what step i changes in step j, or how alike they are.
class StepMatrix : public FigureView {
    Q_OBJECT
public:
    enum class Scale { FromZero, Signed };  // 0 to the largest; -1 to 1
    StepMatrix(const QString& id, const QString& name, Scale scale, QWidget* parent = nullptr);

    // values: [steps, steps], row-major. What stands in a tool tip: %1 row, %2 column, %3 value.
    void setValues(const std::vector<double>& values, const QString& sentence);
    void setAxes(const QString& rows, const QString& columns);
    int steps() const { return steps_; }
    double value(int row, int column) const;
    bool isEmpty() const override { return steps_ == 0; }
    int row() const { return row_; }
    int column() const { return column_; }

Q_SIGNALS:
    void cellChosen(int row, int column);

protected:
    void draw(QPainter& painter, const QRectF& space, const FigureInk& ink) const override;
    QString explain(const QPointF& at) const override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    QRectF cells(const QRectF& space) const;
    QColor colour(double value, const FigureInk& ink) const;
    void drawLabels(QPainter& painter, const QRectF& cells, const FigureInk& ink) const;
    bool cellAt(const QPointF& at, int& row, int& column) const;
    void choose(int row, int column);

    Scale scale_;
    std::vector<double> values_;
    int steps_ = 0;
    double most_ = 1;
    QString sentence_, rows_, columns_;
    int row_ = -1, column_ = -1;
};

}  // namespace lvr
