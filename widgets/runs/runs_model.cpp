#include "widgets/runs/runs_model.h"

#include <QDateTime>
#include <QFileInfo>
#include <QPainter>
#include <QPixmap>
#include <algorithm>
#include <cmath>
#include <set>

#include "widgets/colours.h"
#include "widgets/runs/config_diff.h"
#include "widgets/runs/run_news.h"
#include "widgets/words.h"

namespace lvr {
namespace {

constexpr std::size_t kPlottedAtFirst = 8;  // as many as have colours told apart at a glance

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

// A piece of the run's curve; hollow when it is not drawn.
QPixmap stroke(const QColor& colour, bool isPlotted) {
    QPixmap pixmap(28, 24);
    pixmap.setDevicePixelRatio(2);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    if (isPlotted) {
        painter.fillRect(QRectF(0, 3, 14, 6), Qt::white);
        painter.fillRect(QRectF(1, 4, 12, 4), colour);
    } else {
        painter.setPen(QPen(colour, 1));
        painter.drawRect(QRectF(1, 4, 12, 4));
    }
    return pixmap;
}

QString joined(const std::vector<std::string>& tags) {
    QStringList all;
    for (const auto& tag : tags) all << QString::fromStdString(tag);
    return all.join(", ");
}

// "−0.05"; a minus that is as wide as the plus.
QString signedNumber(double value) {
    const QString text = shortNumber(std::abs(value));
    return (value < 0 ? QStringLiteral("−") : QStringLiteral("+")) + text;
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
    decidePlotted(runs);
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

// All that come later are drawn.
void RunsModel::decidePlotted(const std::vector<RunSummary>& runs) {
    const bool areFirst = plotted_.empty();
    for (std::size_t i = 0; i < runs.size(); ++i)
        plotted_.try_emplace(runs[i].run.id, !areFirst || i < kPlottedAtFirst);
}

bool RunsModel::isPlotted(std::int64_t run) const {
    const auto decided = plotted_.find(run);
    return run == baseline_ || (decided != plotted_.end() && decided->second);
}

void RunsModel::plot(const std::map<std::int64_t, bool>& decided) {
    bool changes = false;
    for (const auto& [run, plotted] : decided) {
        changes = changes || plotted_[run] != plotted;
        plotted_[run] = plotted;
    }
    if (!changes) return;
    repaintAll();
    Q_EMIT plottedChanged();
}

void RunsModel::setBaseline(std::int64_t run) {
    if (std::exchange(baseline_, run) == run) return;
    repaintAll();
    Q_EMIT plottedChanged();
}

void RunsModel::setExtras(const QStringList& columns) {
    if (columns == extras_) return;
    if (!extras_.isEmpty()) {
        beginRemoveColumns({}, kColumns, columnCount() - 1);
        extras_.clear();
        endRemoveColumns();
    }
    if (columns.isEmpty()) return;
    beginInsertColumns({}, kColumns, kColumns + static_cast<int>(columns.size()) - 1);
    extras_ = columns;
    endInsertColumns();
}

QStringList RunsModel::possibleExtras() const {
    std::set<QString> columns;
    for (const auto& summary : runs_) {
        for (const auto& [name, value] : configOf(summary.run.info))
            columns.insert(configColumn(name));
        for (const auto& [name, value] : summary.newest)
            columns.insert(metricColumn(QString::fromStdString(name)));
    }
    return {columns.begin(), columns.end()};
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
    if (rowCount() > 0) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
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
    return parent.isValid() ? 0 : kColumns + static_cast<int>(extras_.size());
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
        case Qt::EditRole:
            return textOf(run, index.column());
        case Qt::CheckStateRole:
            if (index.column() != Id) return {};
            return isPlotted(run.run.id) ? Qt::Checked : Qt::Unchecked;
        default:
            return {};
    }
}

bool RunsModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    const Run& run = at(index.row()).run;
    if (index.column() == Id && role == Qt::CheckStateRole) {
        plot({{run.id, value.toInt() == Qt::Checked}});
        return true;
    }
    if (role != Qt::EditRole || value.toString() == textOf(at(index.row()), index.column()))
        return false;
    if (index.column() == Name) Q_EMIT nameTyped(run, value.toString().simplified());
    if (index.column() == Tags) Q_EMIT tagsTyped(run, value.toString().split(','));
    return true;
}

Qt::ItemFlags RunsModel::flags(const QModelIndex& index) const {
    const auto flags = QAbstractTableModel::flags(index);
    if (index.column() == Id) return flags | Qt::ItemIsUserCheckable;
    return index.column() == Name || index.column() == Tags ? flags | Qt::ItemIsEditable : flags;
}

// "0.25 (−0.05)": and how far that is from the baseline's.
QString RunsModel::besideBaseline(const std::string& metric, double value, const Run& run) const {
    const auto* base = run.id == baseline_ ? nullptr : find(baseline_);
    if (!base || !base->newest.contains(metric)) return shortNumber(value);
    return tr("%1 (%2)").arg(shortNumber(value), signedNumber(value - base->newest.at(metric)));
}

QVariant RunsModel::newestOf(const RunSummary& summary) const {
    const auto* metric = headline(summary);
    if (!metric) return QString();
    return QString::fromStdString(metric->first) + " " +
           besideBaseline(metric->first, metric->second, summary.run);
}

QString RunsModel::extraOf(const RunSummary& summary, const QString& column) const {
    const auto name = column.section(':', 1);
    if (column.startsWith("config:")) {
        const auto config = configOf(summary.run.info);
        const auto found = config.find(name);
        return found == config.end() ? QString() : found->second;
    }
    const auto found = summary.newest.find(name.toStdString());
    return found == summary.newest.end() ? QString()
                                         : besideBaseline(found->first, found->second, summary.run);
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
            return QString::number(run.id) + (run.id == baseline_ ? " ⚑" : "");
        case Name:
            return QString::fromStdString(run.name);
        case Tags:
            return joined(run.tags);
        case Kind:
            return QString::fromStdString(run.info.kind);
        case Status:
            return statusText(run.status);
        case Progress:
            return run.info.steps > 0 ? tr("%1 / %2").arg(run.step).arg(run.info.steps)
                                      : QString::number(run.step);
        case Left:
            return leftOf(run) < 0 ? QString() : durationText(leftOf(run));
        case Newest:
            return newestOf(summary);
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
            return extraOf(summary, extras_.value(column - kColumns));
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
        default: {
            const auto text = textOf(summary, column).toString();
            bool isNumber = false;
            const double number = text.section(' ', 0, 0).toDouble(&isNumber);
            return column >= kColumns && isNumber ? QVariant(number) : QVariant(text);
        }
    }
}

QVariant RunsModel::decorationOf(const RunSummary& summary, int column) const {
    if (column == Status) return dot(statusColour(summary.run.status, dark_));
    const auto id = summary.run.id;
    if (column == Id) return stroke(runColour(colourSlotOf(id), dark_), isPlotted(id));
    return {};
}

QString RunsModel::toolTipOf(const RunSummary& summary, int column) const {
    if (column == Status) return QString::fromStdString(summary.run.message);
    if (column == Notes) return QString::fromStdString(summary.run.notes);
    if (column == Group) return groupOf(summary.run);
    if (column == Id)
        return summary.run.id == baseline_ ? tr("The baseline: the other runs are compared with it")
                                           : tr("Whether its curves are drawn (Space)");
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
        case Name:
            return tr("Name");
        case Tags:
            return tr("Tags");
        default:
            return extras_.value(section - kColumns).section(':', 1);
    }
}

}  // namespace lvr
