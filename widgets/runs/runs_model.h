#pragma once

#include <QAbstractTableModel>
#include <QStringList>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/values/run.h"

namespace lvr {

// The metric a run is judged by at a glance: its reward, otherwise its loss. Null when it has none.
const std::pair<const std::string, double>* headline(const RunSummary& run);

// Seconds until a running run is through, from the steps between `before` and now. Below 0: not
// known yet.
double secondsLeft(const Run& before, const Run& now);

// The runs of a store as rows. Cells that stay are kept, so that a selection outlives an update.
class RunsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        Id,
        Kind,
        Status,
        Progress,
        Left,
        Newest,
        Started,
        Alerts,
        Notes,
        Folder,
        Group,
        Name,
        Tags,
        kColumns  // extras follow
    };
    // An extra column: a value of the runs' configuration, or the newest of a metric.
    static QString configColumn(const QString& name) { return "config:" + name; }
    static QString metricColumn(const QString& name) { return "metric:" + name; }
    // What a column is sorted by; how far a run is, 0..1.
    enum Role { SortRole = Qt::UserRole, FractionRole };

    enum class Grouping { None, Kind, Data, Model };

    using QAbstractTableModel::QAbstractTableModel;
    void show(const std::vector<RunSummary>& runs);  // all, newest first
    // Which runs' curves are drawn, apart from which are selected. A run is until it is told
    // otherwise, but of those that are there at first only the newest few.
    bool isPlotted(std::int64_t run) const;
    void plot(const std::map<std::int64_t, bool>& decided);  // these runs, or not
    const std::map<std::int64_t, bool>& decidedPlotted() const { return plotted_; }
    // The run that numbers are compared with; 0: none.
    void setBaseline(std::int64_t run);
    std::int64_t baseline() const { return baseline_; }
    void setExtras(const QStringList& columns);
    const QStringList& extras() const { return extras_; }
    QStringList possibleExtras() const;  // of the runs that are there, sorted
    void setDark(bool dark);
    void setGrouping(Grouping grouping);  // by what the runs have in common

    const RunSummary& at(int row) const { return runs_[static_cast<std::size_t>(row)]; }
    const RunSummary* find(std::int64_t run) const;  // null: not there
    QString groupOf(const Run& run) const;           // what it has in common with others

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

Q_SIGNALS:
    void plottedChanged();
    // Typed into the table; the rows change once the store has it.
    void nameTyped(const lvr::Run& run, const QString& name);
    void tagsTyped(const lvr::Run& run, const QStringList& tags);

private:
    void decidePlotted(const std::vector<RunSummary>& runs);
    void removeRowsBut(const std::vector<RunSummary>& runs);
    void insertRowsOf(const std::vector<RunSummary>& runs);
    QString extraOf(const RunSummary& run, const QString& column) const;
    QString besideBaseline(const std::string& metric, double value, const Run& run) const;
    QVariant newestOf(const RunSummary& run) const;
    double leftOf(const Run& run) const;
    QVariant textOf(const RunSummary& run, int column) const;
    QVariant sortKeyOf(const RunSummary& run, int column) const;
    QVariant decorationOf(const RunSummary& run, int column) const;
    QString toolTipOf(const RunSummary& run, int column) const;
    void repaintAll();

    std::vector<RunSummary> runs_;
    std::map<std::int64_t, Run> firstSeen_;  // of the process that has it: where its speed is from
    std::map<std::int64_t, bool> plotted_;
    std::int64_t baseline_ = 0;
    QStringList extras_;
    bool dark_ = false;
    Grouping grouping_ = Grouping::None;
};

}  // namespace lvr
