#pragma once

#include <QWidget>
#include <vector>

#include "widgets/runs/curve_view.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QSlider;

namespace lvr {

// How all curves are looked at: smoothing, what is on the x axis, logarithms.
class CurveControls : public QWidget {
    Q_OBJECT
public:
    explicit CurveControls(QWidget* parent = nullptr);

    CurveView view() const;
    void setRuns(const std::vector<PlottedRun>& runs);  // offers the axes that one of them knows

Q_SIGNALS:
    void viewChanged(const lvr::CurveView& view);

private:
    void build();
    void tell();

    CurveAxis wanted_ = CurveAxis::Step;  // as chosen, also while no run knows it
    QSlider* smoothing_;
    QLabel* weight_;
    QComboBox* axis_;
    QCheckBox* logX_;
    QCheckBox* logY_;
};

}  // namespace lvr
