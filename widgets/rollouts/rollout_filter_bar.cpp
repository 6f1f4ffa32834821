#include "widgets/rollouts/rollout_filter_bar.h"

#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QToolButton>
#include <algorithm>
#include <cmath>

namespace lvr {
namespace {

constexpr double kHundredth = 0.01;  // what the spin boxes show

QDoubleSpinBox* rewardBox(const QString& name, QWidget* parent) {
    auto* box = new QDoubleSpinBox(parent);
    box->setDecimals(2);
    box->setSingleStep(0.25);
    box->setRange(0, 0);
    box->setAccessibleName(name);
    box->setToolTip(name);
    box->setKeyboardTracking(false);
    return box;
}

}  // namespace

RolloutFilterBar::RolloutFilterBar(QWidget* parent)
    : QWidget(parent),
      search_(new QLineEdit(this)),
      lowest_(rewardBox(tr("Lowest reward that is shown"), this)),
      highest_(rewardBox(tr("Highest reward that is shown"), this)),
      mixed_(new QCheckBox(tr("&Mixed groups"), this)),
      unclosed_(new QCheckBox(tr("&Unclosed thoughts"), this)),
      reset_(new QToolButton(this)) {
    build();
    connect(search_, &QLineEdit::textChanged, this, &RolloutFilterBar::announce);
    connect(lowest_, &QDoubleSpinBox::valueChanged, this, &RolloutFilterBar::announce);
    connect(highest_, &QDoubleSpinBox::valueChanged, this, &RolloutFilterBar::announce);
    connect(mixed_, &QCheckBox::toggled, this, &RolloutFilterBar::announce);
    connect(unclosed_, &QCheckBox::toggled, this, &RolloutFilterBar::announce);
    connect(reset_, &QToolButton::clicked, this, [this] { setFilter({}); });
}

void RolloutFilterBar::build() {
    search_->setPlaceholderText(tr("Find in questions and completions (F)"));
    search_->setAccessibleName(tr("Find in questions, answers and completions"));
    search_->setClearButtonEnabled(true);
    mixed_->setToolTip(tr("Only groups whose rewards differ: the others teach nothing"));
    unclosed_->setToolTip(tr("Only rollouts that began a thought and never ended it"));
    reset_->setObjectName("showAll");
    reset_->setText(tr("Show all"));
    reset_->setToolTip(tr("Take all filters away"));
    reset_->setEnabled(false);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(search_, 1);
    row->addSpacing(8);
    row->addWidget(new QLabel(tr("Reward"), this));
    row->addWidget(lowest_);
    row->addWidget(new QLabel(tr("to"), this));
    row->addWidget(highest_);
    row->addSpacing(8);
    for (QWidget* widget : std::initializer_list<QWidget*>{mixed_, unclosed_, reset_})
        row->addWidget(widget);
}

RolloutFilter RolloutFilterBar::filter() const {
    RolloutFilter filter{.mixedOnly = mixed_->isChecked(),
                         .unclosedOnly = unclosed_->isChecked(),
                         .text = search_->text()};
    if (lowest_->value() > lowest_->minimum()) filter.lowest = lowest_->value() - kHundredth / 2;
    if (highest_->value() < highest_->maximum())
        filter.highest = highest_->value() + kHundredth / 2;
    return filter;
}

void RolloutFilterBar::setFilter(const RolloutFilter& filter) {
    {
        const QSignalBlocker one(lowest_), two(highest_), three(mixed_), four(unclosed_),
            five(search_);
        lowest_->setValue(filter.lowest);
        highest_->setValue(filter.highest);
        mixed_->setChecked(filter.mixedOnly);
        unclosed_->setChecked(filter.unclosedOnly);
        search_->setText(filter.text);
    }
    announce();
}

void RolloutFilterBar::widenRewardRange(double lowest, double highest) {
    const RolloutFilter before = filter();
    const QSignalBlocker one(lowest_), two(highest_);
    for (QDoubleSpinBox* box : {lowest_, highest_})
        box->setRange(std::min(box->minimum(), std::floor(lowest / kHundredth) * kHundredth),
                      std::max(box->maximum(), std::ceil(highest / kHundredth) * kHundredth));
    lowest_->setValue(before.lowest);
    highest_->setValue(before.highest);
}

void RolloutFilterBar::focusSearch() {
    search_->setFocus(Qt::ShortcutFocusReason);
    search_->selectAll();
}

void RolloutFilterBar::announce() {
    reset_->setEnabled(filter() != RolloutFilter{});
    Q_EMIT changed(filter());
}

}  // namespace lvr
