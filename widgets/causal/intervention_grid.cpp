#include "widgets/causal/intervention_grid.h"

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QMenu>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "widgets/action_tip.h"
#include "widgets/causal/intervention_delegate.h"
#include "widgets/causal/intervention_form.h"
#include "widgets/causal/intervention_model.h"
#include "widgets/causal/intervention_words.h"

namespace lvr {
namespace {

constexpr int kRowHeight = 32;

}  // namespace

InterventionGrid::InterventionGrid(QWidget* parent)
    : QWidget(parent),
      model_(new InterventionModel(this)),
      sorted_(new QSortFilterProxyModel(this)),
      table_(new QTableView),
      form_(new InterventionForm) {
    build();
    wire();
    setAll(standardPanel());
}

// ---- Building ----

void InterventionGrid::build() {
    buildTable();
    duplicate_ = addListAction(*table_, "interventions.duplicate", tr("&Duplicate intervention"),
                               tr("Ctrl+D"), [this] { duplicate(); });
    remove_ = addListAction(*table_, "interventions.remove", tr("&Remove intervention"),
                            QKeySequence::Delete, [this] { removeCurrent(); });
    addListAction(*table_, "interventions.choose-all", tr("Choose &all"), tr("Ctrl+Shift+A"),
                  [this] { model_->chooseAll(true); });
    addListAction(*table_, "interventions.choose-none", tr("Choose &none"), tr("Ctrl+Shift+N"),
                  [this] { model_->chooseAll(false); });
    addListAction(*table_, "interventions.standard", tr("The &standard panel again"), {},
                  [this] { setAll(standardPanel()); });
    duplicate_->setIconText(tr("Duplicate"));
    remove_->setIconText(tr("Remove"));
    auto* row = new QHBoxLayout;
    row->setSpacing(3);
    row->addWidget(makeAdd());
    for (QAction* action : {duplicate_, remove_}) {
        auto* button = new QToolButton(this);
        button->setDefaultAction(action);
        button->setAccessibleName(action->text().remove('&'));
        row->addWidget(button);
    }
    row->addSpacing(6);
    row->addWidget(form_, 1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addLayout(row);
    column->addWidget(table_, 1);
}

void InterventionGrid::buildTable() {
    sorted_->setSourceModel(model_);
    sorted_->setSortRole(InterventionModel::SortRole);
    table_->setModel(sorted_);
    table_->setAccessibleName(tr("Interventions"));
    table_->setItemDelegate(new InterventionDelegate(table_));
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setTabKeyNavigation(false);
    table_->setWordWrap(false);
    table_->setAlternatingRowColors(true);
    table_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(kRowHeight);
    auto* header = table_->horizontalHeader();
    header->setHighlightSections(false);
    header->setMinimumSectionSize(44);
    header->setStretchLastSection(false);
    for (const auto& [column, width] :
         std::initializer_list<std::pair<int, int>>{{InterventionModel::Answer, 84},
                                                    {InterventionModel::Original, 70},
                                                    {InterventionModel::Gold, 78},
                                                    {InterventionModel::Divergence, 54},
                                                    {InterventionModel::Margin, 64},
                                                    {InterventionModel::Donor, 108},
                                                    {InterventionModel::Heat, 62}})
        header->resizeSection(column, width);
    header->setSectionResizeMode(InterventionModel::Name, QHeaderView::Stretch);
    table_->setSortingEnabled(true);
    header->setSortIndicatorClearable(true);
    sorted_->sort(-1);
    header->setSortIndicator(-1, Qt::DescendingOrder);
}

QToolButton* InterventionGrid::makeAdd() {
    auto* button = new QToolButton(this);
    button->setText(tr("Add"));
    button->setAccessibleName(tr("Add an intervention"));
    button->setToolTip(tr("Add one more intervention"));
    button->setPopupMode(QToolButton::InstantPopup);
    auto* menu = new QMenu(button);
    menu->setToolTipsVisible(true);
    for (const auto kind : interventionKinds()) {
        QAction* action = menu->addAction(titleOf(kind), this, [this, kind] {
            add({.kind = kind,
                 .first = kind == InterventionKind::Freeze ? 1 : 0,
                 .seed = hasSeed(kind) ? std::uint64_t{1} : std::uint64_t{0},
                 .regions = kind == InterventionKind::Regions ? regions_ : std::vector<Box>()});
        });
        action->setObjectName("interventions.add-" + QString::fromStdString(nameOf(kind)));
        action->setToolTip(explanationOf(kind));
    }
    menu->addSeparator();
    menu->addAction(tr("The standard panel again"), this, [this] { setAll(standardPanel()); })
        ->setObjectName("interventions.add-standard");
    button->setMenu(menu);
    return button;
}

void InterventionGrid::wire() {
    connect(form_, &InterventionForm::edited, this, [this](const Intervention& edited) {
        if (currentRow() >= 0) model_->change(currentRow(), edited);
    });
    connect(model_, &InterventionModel::chosenChanged, this, &InterventionGrid::changed);
    connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this] {
        offerForCurrent();
        Q_EMIT currentChanged();
    });
    const auto join = [this] { joinImpossible(); };
    connect(sorted_, &QAbstractItemModel::layoutChanged, this, join);
    connect(sorted_, &QAbstractItemModel::modelReset, this, join);
    connect(sorted_, &QAbstractItemModel::dataChanged, this, join);
}

// ---- What is in it ----

std::vector<Intervention> InterventionGrid::all() const {
    std::vector<Intervention> all;
    for (const auto& row : model_->rows()) all.push_back(row.intervention);
    return all;
}

std::vector<Intervention> InterventionGrid::chosen() const {
    std::vector<Intervention> chosen;
    for (const auto& row : model_->rows())
        if (row.isChosen) chosen.push_back(row.intervention);
    return chosen;
}

std::vector<bool> InterventionGrid::checks() const {
    std::vector<bool> checks;
    for (const auto& row : model_->rows()) checks.push_back(row.isChosen);
    return checks;
}

void InterventionGrid::setAll(const std::vector<Intervention>& all,
                              const std::vector<bool>& checks) {
    std::vector<PanelRow> rows;
    for (std::size_t i = 0; i < all.size(); ++i)
        rows.push_back({.intervention = all[i], .isChosen = i >= checks.size() || checks[i]});
    model_->setRows(std::move(rows));
    select(0);
}

void InterventionGrid::setRegions(const std::vector<Box>& regions) {
    regions_ = regions;
    form_->setRegions(regions);
    const auto now = all();
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i].kind != InterventionKind::Regions || now[i].regions == regions) continue;
        Intervention redrawn = now[i];
        redrawn.regions = regions;
        model_->change(static_cast<int>(i), redrawn);
    }
}

void InterventionGrid::setPicture(const QImage& picture, PatchGrid grid) {
    model_->setPicture(picture, grid);
}

void InterventionGrid::setOutcome(const InterventionOutcome& outcome) {
    model_->setOutcome(outcome);
    if (const auto now = current(); now && now->intervention == outcome.intervention)
        Q_EMIT currentChanged();
}

void InterventionGrid::clearOutcomes() {
    model_->clearOutcomes();
    Q_EMIT currentChanged();
}

std::vector<InterventionOutcome> InterventionGrid::outcomes() const {
    std::vector<InterventionOutcome> outcomes;
    for (const auto& row : model_->rows())
        if (row.outcome) outcomes.push_back(*row.outcome);
    return outcomes;
}

std::optional<InterventionOutcome> InterventionGrid::current() const {
    const int row = currentRow();
    return row < 0 ? std::nullopt : model_->rows()[static_cast<std::size_t>(row)].outcome;
}

// ---- By hand ----

int InterventionGrid::currentRow() const {
    const QModelIndex at = sorted_->mapToSource(table_->currentIndex());
    return at.isValid() ? at.row() : -1;
}

void InterventionGrid::select(int intervention) {
    if (intervention < 0 || intervention >= model_->rowCount()) return offerForCurrent();
    table_->setCurrentIndex(sorted_->mapFromSource(model_->index(intervention, 0)));
}

void InterventionGrid::add(const Intervention& intervention) {
    const int at = currentRow() + 1;
    model_->insert(at, intervention);
    select(at);
}

void InterventionGrid::duplicate() {
    if (const int row = currentRow(); row >= 0)
        add(model_->rows()[static_cast<std::size_t>(row)].intervention);
}

void InterventionGrid::removeCurrent() {
    const int row = currentRow();
    if (row < 0) return;
    model_->remove(row);
    select(std::min(row, model_->rowCount() - 1));
}

void InterventionGrid::offerForCurrent() {
    const int row = currentRow();
    form_->setEnabled(row >= 0);
    duplicate_->setEnabled(row >= 0);
    remove_->setEnabled(row >= 0);
    if (row >= 0)
        form_->setIntervention(model_->rows()[static_cast<std::size_t>(row)].intervention);
}

// Why an intervention could not be done has the room of its numbers.
void InterventionGrid::joinImpossible() {
    for (int row = 0; row < sorted_->rowCount(); ++row) {
        const bool impossible = !sorted_->index(row, InterventionModel::Answer)
                                     .data(InterventionModel::ImpossibleRole)
                                     .toString()
                                     .isEmpty();
        const int wanted = impossible ? InterventionModel::ColumnCount - 1 : 1;
        if (table_->columnSpan(row, InterventionModel::Answer) != wanted)
            table_->setSpan(row, InterventionModel::Answer, 1, wanted);
    }
}

}  // namespace lvr
