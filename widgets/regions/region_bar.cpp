#include "widgets/regions/region_bar.h"

#include <QLabel>

namespace lvr {

RegionBar::RegionBar(const QList<QAction*>& actions, QWidget* parent)
    : QToolBar(tr("Regions"), parent), summary_(new QLabel(this)) {
    setToolButtonStyle(Qt::ToolButtonTextOnly);
    setAccessibleName(tr("Regions"));
    summary_->setAccessibleName(tr("What is drawn"));
    summary_->setContentsMargins(8, 0, 8, 0);
    addWidget(summary_);
    addActions(actions);
}

void RegionBar::say(const QString& summary) { summary_->setText(summary); }

}  // namespace lvr
