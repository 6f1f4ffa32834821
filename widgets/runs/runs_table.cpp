#include "widgets/runs/runs_table.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QCryptographicHash>
#include <QEvent>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QSettings>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/action_tip.h"
#include "widgets/colours.h"
#include "widgets/runs/config_diff.h"
#include "widgets/runs/runs_model.h"
#include "widgets/runs/runs_view.h"

namespace lvr {
RunsTable::RunsTable(QWidget* parent)
    : QWidget(parent),
      model_(new RunsModel(this)),
      sorted_(new GroupedRuns(this)),
      filter_(new QLineEdit(this)),
      grouping_(new QComboBox(this)),
      table_(new QTableView(this)) {
    build();
    makeActions();
    connect(filter_, &QLineEdit::textChanged, sorted_,
            &QSortFilterProxyModel::setFilterFixedString);
    connect(grouping_, &QComboBox::currentIndexChanged, this, &RunsTable::group);
    for (const auto changed : {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved})
        connect(sorted_, changed, this, &RunsTable::joinGroups);
    connect(sorted_, &QAbstractItemModel::layoutChanged, this, &RunsTable::joinGroups);
    tellSoon_.setSingleShot(true);
    connect(&tellSoon_, &QTimer::timeout, this, &RunsTable::tellSelection);
    connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            [this] { tellSoon_.start(0); });
    connect(table_, &QTableView::doubleClicked, this, [this](const QModelIndex& cell) {
        const int column = cell.column();
        if (column == RunsModel::Name || column == RunsModel::Tags) return table_->edit(cell);
        openFolder();
    });
    connect(model_, &RunsModel::plottedChanged, this, [this] {
        keepPlotted();
        updateActions();
        Q_EMIT plottedChanged();
    });
    connect(model_, &RunsModel::nameTyped, this, &RunsTable::nameTyped);
    connect(model_, &RunsModel::tagsTyped, this, &RunsTable::tagsTyped);
}

// A cell that is being typed into gives its text when it goes.
RunsTable::~RunsTable() { model_->disconnect(this); }

void RunsTable::build() {
    model_->setDark(isDark(palette()));
    sorted_->setSourceModel(model_);
    table_->setModel(sorted_);
    table_->setAccessibleName(tr("Runs"));
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    table_->setSortingEnabled(true);
    table_->sortByColumn(RunsModel::Id, Qt::DescendingOrder);
    table_->setAlternatingRowColors(true);
    table_->setShowGrid(false);
    table_->setWordWrap(false);
    table_->setTextElideMode(Qt::ElideMiddle);
    table_->setTabKeyNavigation(false);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);  // F2 is an action
    table_->setItemDelegateForColumn(RunsModel::Progress, new ProgressCell(this));
    table_->setContextMenuPolicy(Qt::ActionsContextMenu);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 12);
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table_->horizontalHeader()->setStretchLastSection(true);
    const int letter = fontMetrics().averageCharWidth();
    const std::pair<int, int> widths[] = {
        {RunsModel::Id, 14},       {RunsModel::Kind, 10},  {RunsModel::Status, 13},
        {RunsModel::Progress, 19}, {RunsModel::Left, 13},  {RunsModel::Newest, 30},
        {RunsModel::Started, 18},  {RunsModel::Alerts, 9}, {RunsModel::Notes, 18},
        {RunsModel::Folder, 18},   {RunsModel::Group, 16}, {RunsModel::Name, 18},
        {RunsModel::Tags, 14}};
    for (const auto& [column, letters] : widths) table_->setColumnWidth(column, letters * letter);
    // Beside the number, and the tags beside the notes.
    auto* header = table_->horizontalHeader();
    header->moveSection(header->visualIndex(RunsModel::Name), 1);
    header->moveSection(header->visualIndex(RunsModel::Tags),
                        header->visualIndex(RunsModel::Notes));
    header->moveSection(header->visualIndex(RunsModel::Group), 0);
    table_->hideColumn(RunsModel::Group);
    columns_ = new RunColumns(table_, model_);
    buildHead();
}

void RunsTable::buildHead() {
    filter_->setPlaceholderText(tr("Filter: name, tag, kind, status, folder, notes…"));
    filter_->setClearButtonEnabled(true);
    filter_->setAccessibleName(tr("Filter runs"));
    for (const auto& name : {tr("None"), tr("Kind"), tr("Data"), tr("Model")})
        grouping_->addItem(name);
    grouping_->setAccessibleName(tr("Group runs"));
    grouping_->setToolTip(tr("Keep runs together that have this in common"));
    auto* by = new QLabel(tr("&Group by"), this);
    by->setBuddy(grouping_);
    auto* head = new QHBoxLayout;
    head->addWidget(filter_, 1);
    head->addWidget(by);
    head->addWidget(grouping_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addLayout(head);
    column->addWidget(table_, 1);
}

void RunsTable::group() {
    model_->setGrouping(static_cast<RunsModel::Grouping>(grouping_->currentIndex()));
    sorted_->invalidate();
    table_->setColumnHidden(RunsModel::Group, grouping_->currentIndex() == 0);
    joinGroups();
    if (!store_.isEmpty()) QSettings().setValue("train/group-by", grouping_->currentIndex());
    Q_EMIT plottedChanged();
}

// One cell for all runs of a group.
void RunsTable::joinGroups() {
    table_->clearSpans();
    if (grouping_->currentIndex() == 0) return;
    for (const auto& [row, count] : sorted_->groups())
        table_->setSpan(row, RunsModel::Group, count, 1);
}

void RunsTable::show(const std::vector<RunSummary>& runs) {
    model_->show(runs);
    updateActions();
}

void RunsTable::keepFor(const QString& store) {
    const auto hash = QCryptographicHash::hash(store.toUtf8(), QCryptographicHash::Sha1).toHex();
    store_ = "train/store-" + QString(hash.left(16));
    const QSettings settings;
    const auto baseline = settings.value(store_ + "/baseline").toLongLong();
    const auto kept = settings.value(store_ + "/plotted").toMap();
    std::map<std::int64_t, bool> decided;
    for (auto at = kept.begin(); at != kept.end(); ++at)
        decided[at.key().toLongLong()] = at.value().toBool();
    model_->plot(decided);
    model_->setBaseline(baseline);
    grouping_->setCurrentIndex(
        std::clamp(settings.value("train/group-by").toInt(), 0, grouping_->count() - 1));
    filter_->setText(settings.value(store_ + "/filter").toString());
    connect(filter_, &QLineEdit::textChanged, this,
            [this](const QString& text) { QSettings().setValue(store_ + "/filter", text); });
    columns_->restore();
}

// Only what a person decided is kept: what is drawn by itself may be another tomorrow.
void RunsTable::keepPlotted() {
    if (store_.isEmpty()) return;
    QVariantMap kept;
    for (const auto& [run, plotted] : model_->decidedPlotted())
        kept[QString::number(run)] = plotted;
    QSettings settings;
    settings.setValue(store_ + "/plotted", kept);
    settings.setValue(store_ + "/baseline", qlonglong(model_->baseline()));
}

std::vector<std::int64_t> RunsTable::plotted() const {
    std::vector<std::int64_t> runs;
    for (int row = 0; row < model_->rowCount(); ++row)
        if (const auto id = model_->at(row).run.id; model_->isPlotted(id)) runs.push_back(id);
    return runs;
}

void RunsTable::plot(std::int64_t run) { model_->plot({{run, true}}); }

std::int64_t RunsTable::baseline() const { return model_->baseline(); }

QString RunsTable::groupOf(std::int64_t run) const {
    if (grouping_->currentIndex() == 0) return {};
    const auto* summary = model_->find(run);
    return summary ? model_->groupOf(summary->run) : QString();
}

const RunSummary* RunsTable::find(std::int64_t run) const { return model_->find(run); }

std::vector<std::int64_t> RunsTable::selected() const {
    std::vector<std::int64_t> ids;
    for (const auto& run : chosen()) ids.push_back(run.id);
    return ids;
}

std::vector<Run> RunsTable::chosen() const {
    auto rows = table_->selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end());
    std::vector<Run> runs;
    for (const auto& row : rows) runs.push_back(model_->at(sorted_->mapToSource(row).row()).run);
    return runs;
}

void RunsTable::select(std::int64_t run) {
    for (int row = 0; row < sorted_->rowCount(); ++row)
        if (model_->at(sorted_->mapToSource(sorted_->index(row, 0)).row()).run.id == run)
            // selectRow() would heed the keys that are held, such as those that led here.
            table_->selectionModel()->setCurrentIndex(
                sorted_->index(row, 0),
                QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
}

void RunsTable::tellSelection() {
    updateActions();
    if (selected() == told_) return;
    told_ = selected();
    Q_EMIT selectionChanged(told_);
}

void RunsTable::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) model_->setDark(isDark(palette()));
    QWidget::changeEvent(event);
}

}  // namespace lvr
