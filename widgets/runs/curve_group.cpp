#include "widgets/runs/curve_group.h"

#include <QGridLayout>
#include <QResizeEvent>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

namespace lvr {
namespace {

constexpr int kPlotWidth = 330, kPlotHeight = 220;

int columnsFor(int width) { return std::clamp(width / kPlotWidth, 1, 4); }

}  // namespace

CurveGroup::CurveGroup(const QString& title, QWidget* parent)
    : QWidget(parent),
      title_(title),
      head_(new QToolButton(this)),
      body_(new QWidget(this)),
      grid_(new QGridLayout(body_)) {
    head_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    head_->setArrowType(Qt::DownArrow);
    head_->setAutoRaise(true);
    head_->setToolTip(tr("Show or hide this group"));
    QFont bold = head_->font();
    bold.setBold(true);
    head_->setFont(bold);
    grid_->setContentsMargins(0, 0, 0, 0);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 6);
    column->setSpacing(2);
    column->addWidget(head_);
    column->addWidget(body_);
    connect(head_, &QToolButton::clicked, this, [this] {
        body_->setVisible(body_->isHidden());
        head_->setArrowType(body_->isHidden() ? Qt::RightArrow : Qt::DownArrow);
    });
}

void CurveGroup::add(QWidget* plot, const QString& place) {
    plot->setParent(body_);
    plot->setFixedHeight(kPlotHeight);
    plots_.emplace(place, plot);
}

void CurveGroup::arrange() {
    columns_ = columnsFor(width());
    std::erase_if(plots_, [](const auto& entry) { return entry.second.isNull(); });
    for (const auto& [order, plot] : plots_) grid_->removeWidget(plot);
    int place = 0;
    for (const auto& [order, plot] : plots_) {
        if (plot->isHidden()) continue;
        grid_->addWidget(plot, place / columns_, place % columns_);
        ++place;
    }
    for (int column = 0; column < 4; ++column)
        grid_->setColumnStretch(column, column < columns_ ? 1 : 0);
    head_->setText(QString("%1 (%2)").arg(title_).arg(place));
    setVisible(place > 0);
}

void CurveGroup::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    if (columnsFor(event->size().width()) != columns_) arrange();
}

}  // namespace lvr
