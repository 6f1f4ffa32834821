#pragma once

#include <QSplitter>
#include <QWidget>

#include "widgets/rollouts/group_summary.h"

class QCheckBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QKeySequence;
class QSortFilterProxyModel;
class QTableView;
class QToolButton;
class QVBoxLayout;

namespace lvr {

class AdvantageDelegate;
class CompletionDelegate;
class GroupModel;
class RolloutModel;

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
    void everyStepWanted();  // what passes is looked for in all steps of the run

private:
    void build();
    void announce();

    QLineEdit* search_;
    QDoubleSpinBox* lowest_;
    QDoubleSpinBox* highest_;
    QCheckBox* mixed_;
    QCheckBox* unclosed_;
    QToolButton* everywhere_;
    QToolButton* reset_;
};

// The groups of a step, and beside them the rollouts of the chosen one. Both sort by their headers,
// and each has room for another widget under it.
class GroupBrowser : public QSplitter {
    Q_OBJECT
public:
    explicit GroupBrowser(QWidget* parent = nullptr);

    void addUnderGroups(QWidget* widget);    // keeps its own height
    void addUnderRollouts(QWidget* widget);  // shares the height, with a handle between

    // In place of those before; keeps the chosen group and rollout where they are still there, and
    // chooses the first otherwise. The rollouts must outlive it here.
    void show(std::vector<GroupSummary> groups);
    void setFilter(const RolloutFilter& filter);
    void moveRollout(int by);  // on to the next group after the last one
    void moveGroup(int by);
    void focusRollouts();
    const Rollout* current() const { return current_; }  // null: none is shown

Q_SIGNALS:
    void rolloutChosen(const lvr::Rollout& rollout, const lvr::Rollout& best);
    void nothingChosen();  // no rollout passes, or there is none

private:
    enum class GroupEntry { First, Last, Same };
    void build();
    void wire();
    void addCopy(QTableView* view, const QString& text, const QKeySequence& key,
                 std::string Rollout::*part);
    void refresh();
    void chooseGroupRow(int row, GroupEntry entry);  // of the sorted view
    void groupChanged();
    void rolloutChanged();
    void say(int groups, int rollouts);
    int groupRow() const;    // of the sorted view, -1: none
    int rolloutRow() const;  // of the sorted view, -1: none

    std::vector<GroupSummary> all_;
    RolloutFilter filter_;
    GroupModel* groups_;
    RolloutModel* rollouts_;
    QSortFilterProxyModel* sortedGroups_;
    QSortFilterProxyModel* sortedRollouts_;
    QTableView* groupView_;
    QTableView* rolloutView_;
    AdvantageDelegate* advantage_;
    CompletionDelegate* completion_;
    QLabel* count_;
    QVBoxLayout* left_;
    QSplitter* right_;
    const Rollout* current_ = nullptr;
    int lastGroup_ = -1, lastIndex_ = -1;   // what was chosen last, to find it again
    GroupEntry entry_ = GroupEntry::First;  // on which rollout of a group that is chosen now
};

}  // namespace lvr
