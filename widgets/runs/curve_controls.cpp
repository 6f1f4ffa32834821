#include "widgets/runs/curve_controls.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSlider>
#include <algorithm>

namespace lvr {

CurveControls::CurveControls(QWidget* parent)
    : QWidget(parent),
      smoothing_(new QSlider(Qt::Horizontal, this)),
      weight_(new QLabel(this)),
      axis_(new QComboBox(this)),
      logX_(new QCheckBox(tr("Log x"), this)),
      logY_(new QCheckBox(tr("Log y"), this)) {
    build();
    connect(smoothing_, &QSlider::valueChanged, this, &CurveControls::tell);
    connect(axis_, &QComboBox::currentIndexChanged, this, &CurveControls::tell);
    connect(axis_, &QComboBox::activated, this, [this] { wanted_ = view().axis; });
    for (auto* box : {logX_, logY_}) connect(box, &QCheckBox::toggled, this, &CurveControls::tell);
    tell();
}

void CurveControls::build() {
    // Thousandths of what is kept of the past: the last stretch matters most, so it gets most room.
    smoothing_->setRange(0, 100);
    smoothing_->setPageStep(10);
    smoothing_->setMaximumWidth(160);
    smoothing_->setAccessibleName(tr("Smoothing"));
    smoothing_->setToolTip(
        tr("Weight of the past in an exponential moving average, freed of its bias"));
    weight_->setMinimumWidth(weight_->fontMetrics().horizontalAdvance("0.9999"));
    axis_->addItem(tr("Step"), static_cast<int>(CurveAxis::Step));
    axis_->setAccessibleName(tr("What is on the x axis"));
    auto* smoothing = new QLabel(tr("S&moothing"), this);
    smoothing->setBuddy(smoothing_);
    auto* over = new QLabel(tr("&Over"), this);
    over->setBuddy(axis_);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    for (QWidget* widget :
         std::initializer_list<QWidget*>{smoothing, smoothing_, weight_, over, axis_, logX_, logY_})
        row->addWidget(widget);
    row->addStretch(1);
}

CurveView CurveControls::view() const {
    const double share = smoothing_->value() / 100.0;
    return {.smoothing = share * (2 - share) * 0.999,
            .axis = static_cast<CurveAxis>(axis_->currentData().toInt()),
            .x = logX_->isChecked() ? AxisScale::Log : AxisScale::Linear,
            .y = logY_->isChecked() ? AxisScale::Log : AxisScale::Linear};
}

void CurveControls::setRuns(const std::vector<PlottedRun>& runs) {
    for (const auto& [axis, name] :
         {std::pair(CurveAxis::Time, tr("Time")), std::pair(CurveAxis::Tokens, tr("Tokens"))}) {
        const bool known = std::any_of(runs.begin(), runs.end(), [axis = axis](const auto& run) {
            return knows(*run.curves, axis);
        });
        const int at = axis_->findData(static_cast<int>(axis));
        if (known && at < 0) axis_->addItem(name, static_cast<int>(axis));
        if (!known && at >= 0) axis_->removeItem(at);
    }
    // One that was not known for a while is back.
    if (const int at = axis_->findData(static_cast<int>(wanted_)); at >= 0)
        axis_->setCurrentIndex(at);
}

void CurveControls::tell() {
    weight_->setText(QString::number(view().smoothing, 'f', 3));
    Q_EMIT viewChanged(view());
}

}  // namespace lvr
