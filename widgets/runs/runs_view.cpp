#include "widgets/runs/runs_view.h"

#include <QHeaderView>
#include <QMenu>
#include <QPainter>
#include <QSettings>
#include <QTableView>

#include "widgets/runs/runs_model.h"

namespace lvr {
namespace {

constexpr auto kColumnsSetting = "train/columns";
constexpr auto kExtrasSetting = "train/extra-columns";

QString groupOf(const QAbstractItemModel& model, int row) {
    return model.index(row, RunsModel::Group).data(RunsModel::SortRole).toString();
}

}  // namespace

GroupedRuns::GroupedRuns(QObject* parent) : QSortFilterProxyModel(parent) {
    setSortRole(RunsModel::SortRole);
    setFilterKeyColumn(-1);
    setFilterCaseSensitivity(Qt::CaseInsensitive);
}

// Groups go upwards even where their runs go downwards.
bool GroupedRuns::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const auto a = groupOf(*sourceModel(), left.row()), b = groupOf(*sourceModel(), right.row());
    if (a != b) return (a < b) == (sortOrder() == Qt::AscendingOrder);
    return QSortFilterProxyModel::lessThan(left, right);
}

std::vector<std::pair<int, int>> GroupedRuns::groups() const {
    std::vector<std::pair<int, int>> found;
    for (int begin = 0, end = 0; begin < rowCount(); begin = end) {
        const auto group = groupOf(*this, begin);
        while (end < rowCount() && groupOf(*this, end) == group) ++end;
        if (end - begin > 1) found.emplace_back(begin, end - begin);
    }
    return found;
}

void ProgressCell::paint(QPainter* painter, const QStyleOptionViewItem& option,
                         const QModelIndex& index) const {
    QStyleOptionViewItem cell = option;
    initStyleOption(&cell, index);
    const bool selected = cell.state & QStyle::State_Selected;
    const double fraction = index.data(RunsModel::FractionRole).toDouble();
    cell.displayAlignment = Qt::AlignHCenter | Qt::AlignTop;
    QStyledItemDelegate::paint(painter, cell, index);
    constexpr int kHeight = 3;
    const QRectF track(cell.rect.left() + 6, cell.rect.bottom() - kHeight - 2,
                       cell.rect.width() - 12, kHeight);
    QRectF done = track;
    done.setWidth(track.width() * fraction);
    QColor ground = cell.palette.color(QPalette::Mid);
    const QColor bar =
        cell.palette.color(selected ? QPalette::HighlightedText : QPalette::Highlight);
    if (selected) ground.setAlphaF(0.5f);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(ground);
    painter->drawRoundedRect(track, 1.5, 1.5);
    painter->setBrush(bar);
    if (done.width() >= 1) painter->drawRoundedRect(done, 1.5, 1.5);
    painter->restore();
}

RunColumns::RunColumns(QTableView* view, RunsModel* model)
    : QObject(view),
      view_(view),
      header_(view->horizontalHeader()),
      model_(model),
      first_(header_->saveState()) {
    header_->setSectionsMovable(true);
    header_->setContextMenuPolicy(Qt::CustomContextMenu);
    header_->setToolTip(tr("Click to sort, drag to move; a right click chooses columns"));
    connect(header_, &QWidget::customContextMenuRequested, this, &RunColumns::choose);
}

// Only from now on is what is changed kept: building the table changes much.
void RunColumns::restore() {
    const QSettings settings;
    model_->setExtras(settings.value(kExtrasSetting).toStringList());
    const bool groups = !view_->isColumnHidden(RunsModel::Group);
    header_->restoreState(settings.value(kColumnsSetting).toByteArray());
    view_->setColumnHidden(RunsModel::Group, !groups);
    soon_.setSingleShot(true);
    connect(&soon_, &QTimer::timeout, this, &RunColumns::save);
    connect(header_, &QHeaderView::sectionResized, this, [this] { soon_.start(500); });
    connect(header_, &QHeaderView::sectionMoved, this, &RunColumns::save);
    connect(header_, &QHeaderView::sortIndicatorChanged, this, &RunColumns::save);
}

void RunColumns::save() {
    QSettings settings;
    settings.setValue(kExtrasSetting, model_->extras());
    settings.setValue(kColumnsSetting, header_->saveState());
}

void RunColumns::showColumn(int column) {
    if (!view_->isColumnHidden(column)) return;
    view_->showColumn(column);
    save();
}

void RunColumns::choose(const QPoint& place) {
    auto* menu = new QMenu(view_);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setObjectName("columns");
    for (int column = 0; column < RunsModel::kColumns; ++column) {
        if (column == RunsModel::Group || column == RunsModel::Id) continue;
        auto* action =
            menu->addAction(model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString());
        action->setCheckable(true);
        action->setChecked(!view_->isColumnHidden(column));
        connect(action, &QAction::toggled, this, [this, column](bool shown) {
            view_->setColumnHidden(column, !shown);
            save();
        });
    }
    menu->addSeparator();
    addExtras(menu, RunsModel::configColumn({}), tr("&Configuration"));
    addExtras(menu, RunsModel::metricColumn({}), tr("&Metrics"));
    menu->addSeparator();
    menu->addAction(tr("&Reset columns"), this, &RunColumns::reset);
    menu->popup(header_->mapToGlobal(place));
}

void RunColumns::addExtras(QMenu* menu, const QString& kind, const QString& title) {
    auto* more = menu->addMenu(title);
    for (const auto& column : model_->possibleExtras()) {
        if (!column.startsWith(kind)) continue;
        auto* action = more->addAction(column.mid(kind.size()).replace('&', "&&"));
        action->setCheckable(true);
        action->setChecked(model_->extras().contains(column));
        connect(action, &QAction::toggled, this,
                [this, column](bool shown) { setExtra(column, shown); });
    }
    more->setEnabled(!more->isEmpty());
}

void RunColumns::setExtra(const QString& column, bool shown) {
    auto extras = model_->extras();
    extras.removeAll(column);
    if (shown) extras << column;
    model_->setExtras(extras);
    save();
}

void RunColumns::reset() {
    model_->setExtras({});
    const bool groups = !view_->isColumnHidden(RunsModel::Group);
    header_->restoreState(first_);
    view_->setColumnHidden(RunsModel::Group, !groups);
    save();
}

}  // namespace lvr
