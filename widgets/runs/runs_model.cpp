#include "widgets/runs/runs_model.h"

#include <QDateTime>
#include <QFileInfo>
#include <QPainter>
#include <QPixmap>
#include <algorithm>
#include <set>

#include "widgets/colours.h"
#include "widgets/runs/run_news.h"
#include "widgets/words.h"

namespace lvr {
namespace {

double now() { return static_cast<double>(QDateTime::currentMSecsSinceEpoch()) / 1000; }

double fractionOf(const Run& run) {
    return run.info.steps > 0 ? std::min(1.0, double(run.step) / run.info.steps) : 0;
}

QPixmap dot(const QColor& colour) {
    QPixmap pixmap(24, 24);
    pixmap.setDevicePixelRatio(2);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(Qt::white, 1));  // visible on a selected row, too
    painter.setBrush(colour);
    painter.drawEllipse(QRectF(1.5, 1.5, 9, 9));
    return pixmap;
}

// A piece of the run's curve.
QPixmap stroke(const QColor& colour) {
    QPixmap pixmap(28, 24);
    pixmap.setDevicePixelRatio(2);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.fillRect(QRectF(0, 3, 14, 6), Qt::white);
    painter.fillRect(QRectF(1, 4, 12, 4), colour);
    return pixmap;
}

QString groupOf(const QAbstractItemModel& model, int row) {
    return model.index(row, RunsModel::Group).data(RunsModel::SortRole).toString();
}

}  // namespace

const std::pair<const std::string, double>* headline(const RunSummary& run) {
    for (const auto* name : {"reward/mean", "loss/total"})
        if (const auto found = run.newest.find(name); found != run.newest.end()) return &*found;
    for (const auto& metric : run.newest)
        if (metric.first.starts_with("reward/") || metric.first.starts_with("loss/"))
            return &metric;
    return nullptr;
}

double secondsLeft(const Run& before, const Run& now) {
    const int steps = now.step - before.step;
    const double seconds = now.heartbeat - before.heartbeat;
    if (steps <= 0 || seconds <= 0) return -1;
    return std::max(0, now.info.steps - now.step) * seconds / steps;
}

void RunsModel::show(const std::vector<RunSummary>& runs) {
    removeRowsBut(runs);
    insertRowsOf(runs);
    runs_ = runs;
    for (const auto& summary : runs_) {
        const Run& run = summary.run;
        auto& first = firstSeen_.try_emplace(run.id, run).first->second;
        // It was resumed, or held for a while: what was before says nothing of its speed.
        if (first.pid != run.pid || first.step > run.step || run.status == RunStatus::Paused)
            first = run;
    }
    repaintAll();
}

void RunsModel::removeRowsBut(const std::vector<RunSummary>& runs) {
    std::set<std::int64_t> stay;
    for (const auto& summary : runs) stay.insert(summary.run.id);
    for (int row = rowCount() - 1; row >= 0; --row) {
        if (stay.contains(at(row).run.id)) continue;
        beginRemoveRows({}, row, row);
        firstSeen_.erase(at(row).run.id);
        runs_.erase(runs_.begin() + row);
        endRemoveRows();
    }
}

// Both are in descending order of id.
void RunsModel::insertRowsOf(const std::vector<RunSummary>& runs) {
    for (std::size_t row = 0; row < runs.size(); ++row) {
        if (row < runs_.size() && runs_[row].run.id == runs[row].run.id) continue;
        beginInsertRows({}, static_cast<int>(row), static_cast<int>(row));
        runs_.insert(runs_.begin() + static_cast<std::ptrdiff_t>(row), runs[row]);
        endInsertRows();
    }
}

void RunsModel::setColours(const std::map<std::int64_t, int>& colourSlots) {
    colours_ = colourSlots;
    repaintAll();
}

void RunsModel::setDark(bool dark) {
    dark_ = dark;
    repaintAll();
}

void RunsModel::setGrouping(Grouping grouping) {
    grouping_ = grouping;
    repaintAll();
}

QString RunsModel::groupOf(const Run& run) const {
    switch (grouping_) {
        case Grouping::None:
            return {};
        case Grouping::Kind:
            return QString::fromStdString(run.info.kind);
        case Grouping::Data:
            return QString::fromStdString(run.info.data);
        case Grouping::Model:
            return QString::fromStdString(run.info.parent);
    }
    return {};
}

void RunsModel::repaintAll() {
    if (rowCount() > 0) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, kColumns - 1));
}

const RunSummary* RunsModel::find(std::int64_t run) const {
    const auto found = std::find_if(runs_.begin(), runs_.end(),
                                    [run](const auto& one) { return one.run.id == run; });
    return found == runs_.end() ? nullptr : &*found;
}

int RunsModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(runs_.size());
}

int RunsModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : kColumns;
}

QVariant RunsModel::data(const QModelIndex& index, int role) const {
    const auto& run = at(index.row());
    switch (role) {
        case Qt::DisplayRole:
            return textOf(run, index.column());
        case Qt::DecorationRole:
            return decorationOf(run, index.column());
        case Qt::ToolTipRole:
            return toolTipOf(run, index.column());
        case Qt::TextAlignmentRole:
            if (index.column() == Id || index.column() == Left)
                return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
            return {};
        case SortRole:
            return sortKeyOf(run, index.column());
        case FractionRole:
            return fractionOf(run.run);
        default:
            return {};
    }
}

double RunsModel::leftOf(const Run& run) const {
    if (run.status != RunStatus::Running) return -1;
    const auto first = firstSeen_.find(run.id);
    if (first == firstSeen_.end()) return -1;
    const double left = secondsLeft(first->second, run);
    if (left >= 0) return left;
    Run start = run;  // nothing has happened since it was first seen: its whole time
    start.step = 0;
    start.heartbeat = run.started;
    return secondsLeft(start, run);
}

QVariant RunsModel::textOf(const RunSummary& summary, int column) const {
    const auto& run = summary.run;
    switch (column) {
        case Id:
            return QString::number(run.id);
        case Kind:
            return QString::fromStdString(run.info.kind);
        case Status:
            return statusText(run.status);
        case Progress:
            return run.info.steps > 0 ? tr("%1 / %2").arg(run.step).arg(run.info.steps)
                                      : QString::number(run.step);
        case Left:
            return leftOf(run) < 0 ? QString() : durationText(leftOf(run));
        case Newest: {
            const auto* metric = headline(summary);
            return metric
                       ? QString::fromStdString(metric->first) + " " + shortNumber(metric->second)
                       : QString();
        }
        case Started:
            return startedText(run.started, now());
        case Folder:
            return QString::fromStdString(run.info.out);
        case Alerts:
            return summary.alerts.empty() ? QString() : tr("⚠ %1").arg(summary.alerts.size());
        case Notes:
            return QString::fromStdString(run.notes).section('\n', 0, 0);
        case Group:
            return QFileInfo(groupOf(run)).fileName();
        default:
            return {};
    }
}

QVariant RunsModel::sortKeyOf(const RunSummary& summary, int column) const {
    const auto& run = summary.run;
    switch (column) {
        case Id:
            return static_cast<qlonglong>(run.id);
        case Progress:
            return fractionOf(run);
        case Left:
            return leftOf(run);
        case Newest: {
            const auto* metric = headline(summary);
            return metric ? metric->second : 0.0;
        }
        case Started:
            return run.started;
        case Alerts:
            return static_cast<qlonglong>(summary.alerts.size());
        case Group:
            return groupOf(run);
        default:
            return textOf(summary, column);
    }
}

QVariant RunsModel::decorationOf(const RunSummary& summary, int column) const {
    if (column == Status) return dot(statusColour(summary.run.status, dark_));
    const auto colour = colours_.find(summary.run.id);
    if (column == Id && colour != colours_.end()) return stroke(runColour(colour->second, dark_));
    return {};
}

QString RunsModel::toolTipOf(const RunSummary& summary, int column) const {
    if (column == Status) return QString::fromStdString(summary.run.message);
    if (column == Notes) return QString::fromStdString(summary.run.notes);
    if (column == Group) return groupOf(summary.run);
    if (column != Alerts) return textOf(summary, column).toString();
    QStringList lines;
    for (const auto& alert : foldAlerts(summary.alerts))
        lines.append(tr("Step %1: %2").arg(alert.newest.step).arg(alertText(alert)));
    return lines.join('\n');
}

QVariant RunsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
        case Id:
            return tr("Run");
        case Kind:
            return tr("Kind");
        case Status:
            return tr("Status");
        case Progress:
            return tr("Progress");
        case Left:
            return tr("Time left");
        case Newest:
            return tr("Newest");
        case Started:
            return tr("Started");
        case Folder:
            return tr("Output folder");
        case Alerts:
            return tr("Alerts");
        case Notes:
            return tr("Notes");
        case Group:
            return tr("Group");
        default:
            return {};
    }
}

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

}  // namespace lvr
