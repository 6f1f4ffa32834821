#include "widgets/rollouts/group_browser.h"

#include <QAction>
#include <QCheckBox>
#include <QClipboard>
#include <QDoubleSpinBox>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "widgets/rollouts/rollout_delegates.h"
#include "widgets/rollouts/rollout_model.h"

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

constexpr int kLinesOfCompletion = 2;

QTableView* tableOf(QAbstractItemModel* model, const QString& name, QWidget* parent) {
    auto* view = new QTableView(parent);
    view->setModel(model);
    view->setAccessibleName(name);
    view->setSelectionBehavior(QAbstractItemView::SelectRows);
    view->setSelectionMode(QAbstractItemView::SingleSelection);
    view->setShowGrid(false);
    view->setAlternatingRowColors(true);
    view->setTabKeyNavigation(false);
    view->setWordWrap(false);
    view->verticalHeader()->hide();
    view->horizontalHeader()->setHighlightSections(false);
    view->horizontalHeader()->setStretchLastSection(false);
    view->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view->setSortingEnabled(true);
    return view;
}

QSortFilterProxyModel* sorted(QAbstractItemModel* model, int role, QObject* parent) {
    auto* proxy = new QSortFilterProxyModel(parent);
    proxy->setSourceModel(model);
    proxy->setSortRole(role);
    return proxy;
}

}  // namespace

RolloutFilterBar::RolloutFilterBar(QWidget* parent)
    : QWidget(parent),
      search_(new QLineEdit(this)),
      lowest_(rewardBox(tr("Lowest reward that is shown"), this)),
      highest_(rewardBox(tr("Highest reward that is shown"), this)),
      mixed_(new QCheckBox(tr("&Mixed groups"), this)),
      unclosed_(new QCheckBox(tr("&Unclosed thoughts"), this)),
      everywhere_(new QToolButton(this)),
      reset_(new QToolButton(this)) {
    build();
    connect(search_, &QLineEdit::textChanged, this, &RolloutFilterBar::announce);
    connect(lowest_, &QDoubleSpinBox::valueChanged, this, &RolloutFilterBar::announce);
    connect(highest_, &QDoubleSpinBox::valueChanged, this, &RolloutFilterBar::announce);
    connect(mixed_, &QCheckBox::toggled, this, &RolloutFilterBar::announce);
    connect(unclosed_, &QCheckBox::toggled, this, &RolloutFilterBar::announce);
    connect(search_, &QLineEdit::returnPressed, everywhere_, &QToolButton::click);
    connect(everywhere_, &QToolButton::clicked, this, &RolloutFilterBar::everyStepWanted);
    connect(reset_, &QToolButton::clicked, this, [this] { setFilter({}); });
}

void RolloutFilterBar::build() {
    search_->setPlaceholderText(tr("Find in questions and completions (F)"));
    search_->setAccessibleName(tr("Find in questions, answers and completions"));
    search_->setClearButtonEnabled(true);
    mixed_->setToolTip(tr("Only groups whose rewards differ: the others teach nothing"));
    unclosed_->setToolTip(tr("Only rollouts that began a thought and never ended it"));
    everywhere_->setObjectName("everyStep");
    everywhere_->setText(tr("In every step"));
    everywhere_->setToolTip(tr("In which steps of the run are there such rollouts? (Enter)"));
    everywhere_->setEnabled(false);
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
    for (QWidget* widget : std::initializer_list<QWidget*>{mixed_, unclosed_, everywhere_, reset_})
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
    everywhere_->setEnabled(filter() != RolloutFilter());
    reset_->setEnabled(filter() != RolloutFilter{});
    Q_EMIT changed(filter());
}

GroupBrowser::GroupBrowser(QWidget* parent)
    : QSplitter(parent),
      groups_(new GroupModel(this)),
      rollouts_(new RolloutModel(this)),
      sortedGroups_(sorted(groups_, GroupModel::kSortRole, this)),
      sortedRollouts_(sorted(rollouts_, RolloutModel::kSortRole, this)),
      groupView_(tableOf(sortedGroups_, tr("Groups"), this)),
      rolloutView_(tableOf(sortedRollouts_, tr("Rollouts of the group"), this)),
      advantage_(new AdvantageDelegate(this)),
      completion_(new CompletionDelegate(this)),
      count_(new QLabel(this)) {
    build();
    wire();
}

void GroupBrowser::build() {
    groupView_->sortByColumn(GroupModel::Question, Qt::AscendingOrder);
    rolloutView_->sortByColumn(0, Qt::AscendingOrder);
    groupView_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
    rolloutView_->verticalHeader()->setDefaultSectionSize(
        kLinesOfCompletion * fontMetrics().lineSpacing() + 8);
    auto* header = groupView_->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::ResizeToContents);
    header->setSectionResizeMode(GroupModel::Question, QHeaderView::Stretch);
    header->setMinimumSectionSize(28);
    rolloutView_->horizontalHeader()->setMinimumSectionSize(28);
    auto* left = new QWidget(this);
    left_ = new QVBoxLayout(left);
    left_->setContentsMargins(0, 0, 0, 0);
    left_->addWidget(groupView_, 1);
    count_->setWordWrap(true);
    left_->addWidget(count_);
    right_ = new QSplitter(Qt::Vertical, this);
    right_->addWidget(rolloutView_);
    right_->setChildrenCollapsible(false);
    addWidget(left);
    addWidget(right_);
    setStretchFactor(0, 0);
    setStretchFactor(1, 1);
    setSizes({290, 990});
    setChildrenCollapsible(false);
}

void GroupBrowser::addUnderGroups(QWidget* widget) { left_->addWidget(widget); }

void GroupBrowser::addUnderRollouts(QWidget* widget) {
    right_->addWidget(widget);
    right_->setStretchFactor(0, 1);
    right_->setStretchFactor(1, 1);
}

void GroupBrowser::wire() {
    connect(groupView_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            &GroupBrowser::groupChanged);
    connect(rolloutView_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            &GroupBrowser::rolloutChanged);
    addCopy(rolloutView_, tr("&Copy the completion"), QKeySequence::Copy, &Rollout::completion);
    addCopy(rolloutView_, tr("Copy the &question"), {}, &Rollout::prompt);
    addCopy(groupView_, tr("Copy the &question"), QKeySequence::Copy, &Rollout::prompt);
    addCopy(groupView_, tr("Copy the known &answer"), {}, &Rollout::expected);
}

void GroupBrowser::addCopy(QTableView* view, const QString& text, const QKeySequence& key,
                           std::string Rollout::*part) {
    auto* action = new QAction(text, view);
    action->setShortcut(key);
    action->setShortcutContext(Qt::WidgetShortcut);
    view->setContextMenuPolicy(Qt::ActionsContextMenu);
    view->addAction(action);
    connect(action, &QAction::triggered, this, [this, part] {
        if (current_)
            QGuiApplication::clipboard()->setText(QString::fromStdString(current_->*part));
    });
}

void GroupBrowser::show(std::vector<GroupSummary> groups) {
    all_ = std::move(groups);
    refresh();
}

void GroupBrowser::setFilter(const RolloutFilter& filter) {
    filter_ = filter;
    refresh();
}

void GroupBrowser::refresh() {
    auto kept = filtered(all_, filter_);
    int rollouts = 0;
    for (const GroupSummary& group : kept) rollouts += static_cast<int>(group.rollouts.size());
    current_ = nullptr;
    rollouts_->clear();
    groups_->show(std::move(kept));
    say(groups_->rowCount(), rollouts);
    if (groups_->rowCount() == 0) {
        Q_EMIT nothingChosen();
        return;
    }
    const int again = groups_->rowOf(lastGroup_);
    const auto row = sortedGroups_->mapFromSource(groups_->index(again, 0)).row();
    chooseGroupRow(std::max(row, 0), GroupEntry::Same);
}

void GroupBrowser::say(int groups, int rollouts) {
    int all = 0;
    for (const GroupSummary& group : all_) all += static_cast<int>(group.rollouts.size());
    const bool whole = rollouts == all;
    if (all_.empty())
        count_->setText(tr("This step has no rollouts."));
    else if (rollouts == 0)
        count_->setText(tr("None of the %1 rollouts passes the filters above.").arg(all));
    else if (whole)
        count_->setText(tr("%1 groups, %2 rollouts").arg(groups).arg(rollouts));
    else
        count_->setText(tr("%1 of %2 groups, %3 of %4 rollouts")
                            .arg(groups)
                            .arg(all_.size())
                            .arg(rollouts)
                            .arg(all));
}

int GroupBrowser::groupRow() const { return groupView_->currentIndex().row(); }
int GroupBrowser::rolloutRow() const { return rolloutView_->currentIndex().row(); }

void GroupBrowser::chooseGroupRow(int row, GroupEntry entry) {
    entry_ = entry;
    groupView_->setCurrentIndex(sortedGroups_->index(row, GroupModel::Question));
    entry_ = GroupEntry::First;
}

void GroupBrowser::groupChanged() {
    const QModelIndex at = sortedGroups_->mapToSource(groupView_->currentIndex());
    if (!at.isValid()) return;
    const GroupSummary& group = groups_->at(at.row());
    const bool again = entry_ == GroupEntry::Same && group.group == lastGroup_;
    lastGroup_ = group.group;
    rollouts_->show(group);
    auto* header = rolloutView_->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::ResizeToContents);
    header->setSectionResizeMode(rollouts_->completionColumn(), QHeaderView::Stretch);
    for (int i = 0; i < rollouts_->columnCount(); ++i)
        rolloutView_->setItemDelegateForColumn(i, nullptr);
    rolloutView_->setItemDelegateForColumn(rollouts_->advantageColumn(), advantage_);
    rolloutView_->setItemDelegateForColumn(rollouts_->completionColumn(), completion_);
    int row = entry_ == GroupEntry::Last ? sortedRollouts_->rowCount() - 1 : 0;
    if (again && rollouts_->rowOf(lastIndex_) >= 0)
        row =
            sortedRollouts_->mapFromSource(rollouts_->index(rollouts_->rowOf(lastIndex_), 0)).row();
    rolloutView_->setCurrentIndex(sortedRollouts_->index(row, 0));
}

void GroupBrowser::rolloutChanged() {
    const QModelIndex at = sortedRollouts_->mapToSource(rolloutView_->currentIndex());
    if (!at.isValid()) return;
    const QModelIndex group = sortedGroups_->mapToSource(groupView_->currentIndex());
    current_ = &rollouts_->at(at.row());
    lastIndex_ = current_->index;
    Q_EMIT rolloutChosen(*current_, *groups_->at(group.row()).best);
}

void GroupBrowser::moveRollout(int by) {
    const int row = rolloutRow() + by;
    if (row >= 0 && row < sortedRollouts_->rowCount()) {
        rolloutView_->setCurrentIndex(sortedRollouts_->index(row, 0));
        return;
    }
    const int group = groupRow() + by;
    if (group >= 0 && group < sortedGroups_->rowCount())
        chooseGroupRow(group, by > 0 ? GroupEntry::First : GroupEntry::Last);
}

void GroupBrowser::moveGroup(int by) {
    const int group = groupRow() + by;
    if (group >= 0 && group < sortedGroups_->rowCount()) chooseGroupRow(group, GroupEntry::First);
}

void GroupBrowser::focusRollouts() { rolloutView_->setFocus(Qt::ShortcutFocusReason); }

}  // namespace lvr
