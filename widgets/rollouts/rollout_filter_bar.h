#pragma once

#include <QWidget>

#include "widgets/rollouts/group_summary.h"

class QCheckBox;
class QDoubleSpinBox;
class QLineEdit;
class QToolButton;

namespace lvr {

// Which rollouts are shown, in one line.
class RolloutFilterBar : public QWidget {
    Q_OBJECT
public:
    explicit RolloutFilterBar(QWidget* parent = nullptr);
    RolloutFilter filter() const;
    void setFilter(const RolloutFilter& filter);
    // There are rewards from `lowest` to `highest`, too; a bound that stood at an end stays there.
    void widenRewardRange(double lowest, double highest);
    void focusSearch();

Q_SIGNALS:
    void changed(const lvr::RolloutFilter& filter);

private:
    void build();
    void announce();

    QLineEdit* search_;
    QDoubleSpinBox* lowest_;
    QDoubleSpinBox* highest_;
    QCheckBox* mixed_;
    QCheckBox* unclosed_;
    QToolButton* reset_;
};

}  // namespace lvr
