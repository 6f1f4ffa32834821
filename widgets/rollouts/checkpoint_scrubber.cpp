#include "widgets/rollouts/checkpoint_scrubber.h"

#include <QAction>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSlider>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>
#include <cstdlib>

#include "widgets/rollouts/heat_picture.h"
#include "widgets/rollouts/probe_table.h"
#include "widgets/rollouts/rollout_tokens.h"

namespace lvr {

CheckpointScrubber::CheckpointScrubber(QWidget* parent)
    : QWidget(parent),
      table_(new ProbeTable(this)),
      view_(new QTableView(this)),
      slider_(new QSlider(Qt::Horizontal, this)),
      place_(new QLabel(this)),
      ask_(new QPushButton(tr("&Ask this checkpoint"), this)),
      title_(new QLabel(this)),
      picture_(new HeatPicture(this)),
      tokens_(new RolloutTokens(this)) {
    build();
    wire();
    show({});
}

void CheckpointScrubber::build() {
    view_->setModel(table_);
    view_->setVerticalHeader(new ProbeHeader(view_));
    view_->setItemDelegate(new ProbeDelegate(view_));
    view_->horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    view_->horizontalHeader()->setDefaultSectionSize(ProbeDelegate::kCellWidth);
    view_->setSelectionMode(QAbstractItemView::SingleSelection);
    view_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->setTabKeyNavigation(false);
    view_->setAccessibleName(tr("Probe questions by checkpoint"));
    slider_->setAccessibleName(tr("Checkpoint"));
    slider_->setToolTip(tr("Go through the checkpoints of the chosen question"));
    title_->setWordWrap(true);
    title_->setTextFormat(Qt::PlainText);
    title_->setAccessibleName(tr("Chosen answer"));
    auto* top = new QHBoxLayout;
    top->addWidget(new QLabel(tr("Checkpoint"), this));
    top->addWidget(slider_, 1);
    top->addWidget(place_);
    top->addWidget(ask_);
    setFocusProxy(slider_);
    askAction_ = new QAction(tr("&Ask this checkpoint"), this);
    view_->addAction(askAction_);
    view_->setContextMenuPolicy(Qt::ActionsContextMenu);
    auto* chosen = new QWidget(this);
    auto* right = new QVBoxLayout(chosen);
    right->setContentsMargins(0, 0, 0, 0);
    right->addWidget(title_);
    right->addWidget(picture_, 3);
    right->addWidget(tokens_, 1);
    auto* halves = new QSplitter(this);
    halves->addWidget(view_);
    halves->addWidget(chosen);
    halves->setStretchFactor(0, 3);
    halves->setStretchFactor(1, 1);
    halves->setChildrenCollapsible(false);
    auto* column = new QVBoxLayout(this);
    column->addLayout(top);
    column->addWidget(halves, 1);
}

void CheckpointScrubber::wire() {
    connect(slider_, &QSlider::valueChanged, this, &CheckpointScrubber::chooseColumn);
    connect(view_->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &CheckpointScrubber::cellChanged);
    connect(tokens_, &RolloutTokens::latentSelected, picture_, &HeatPicture::selectLatent);
    connect(askAction_, &QAction::triggered, ask_, &QPushButton::click);
    connect(ask_, &QPushButton::clicked, this, [this] {
        Q_EMIT modelWanted(
            QString::fromStdString(table_->folderOf(view_->currentIndex().column())));
    });
}

void CheckpointScrubber::show(std::vector<ProbeStep> steps) {
    const int row = std::max(view_->currentIndex().row(), 0), before = step();
    table_->show(std::move(steps));
    const int last = table_->columnCount() - 1;
    const QSignalBlocker quiet(slider_);
    slider_->setRange(0, std::max(last, 0));
    slider_->setEnabled(last > 0);
    for (const QString& file : table_->pictureFiles())
        if (!asked_.contains(file)) {
            asked_ << file;
            Q_EMIT pictureWanted(file);
        }
    const QSignalBlocker silent(this);  // nobody went there
    if (table_->rowCount() == 0) {
        place_->setText({});
        updateAsk();
        return showCell(nullptr);
    }
    const int again = table_->columnOf(before);
    view_->setCurrentIndex(
        table_->index(std::min(row, table_->rowCount() - 1), again >= 0 ? again : last));
}

int CheckpointScrubber::step() const {
    const QModelIndex at = view_->currentIndex();
    return at.isValid() ? table_->stepOf(at.column()) : -1;
}

void CheckpointScrubber::chooseStep(int step) {
    if (table_->columnCount() == 0) return;
    int nearest = 0;
    for (int column = 1; column < table_->columnCount(); ++column)
        if (std::abs(table_->stepOf(column) - step) < std::abs(table_->stepOf(nearest) - step))
            nearest = column;
    const QSignalBlocker silent(this);
    chooseColumn(nearest);
}

void CheckpointScrubber::chooseColumn(int column) {
    if (table_->rowCount() == 0) return;
    view_->setCurrentIndex(table_->index(std::max(view_->currentIndex().row(), 0), column));
}

void CheckpointScrubber::cellChanged() {
    const QModelIndex at = view_->currentIndex();
    if (!at.isValid()) return;
    const QSignalBlocker quiet(slider_);
    slider_->setValue(at.column());
    place_->setText(tr("Step %1: %2").arg(step()).arg(table_->summary(at.column())));
    view_->scrollTo(at);
    updateAsk();
    showCell(table_->at(at.row(), at.column()));
    Q_EMIT stepChosen(step());
}

// Not every step that was measured was saved, and not all that were saved are kept.
void CheckpointScrubber::updateAsk() {
    const QModelIndex at = view_->currentIndex();
    const bool isKept = at.isValid() && !table_->folderOf(at.column()).empty();
    ask_->setEnabled(isKept);
    askAction_->setEnabled(isKept);
    ask_->setToolTip(isKept ? tr("Open the model of this step in Ask")
                            : tr("The model of this step is not kept: --save-every, --keep-last "
                                 "and --keep-best say which are."));
}

void CheckpointScrubber::showCell(const SampleRow* sample) {
    if (!sample) {
        title_->setText(table_->rowCount() > 0
                            ? tr("This checkpoint was not asked this question.")
                            : tr("No probe answers yet. A run writes them at its checkpoints when "
                                 "it has probe questions."));
        tokens_->show({});
        picture_->showHeat({}, {});
        picture_->showNoPicture(tr("Choose an answer to see what it looked at."));
        pictureFile_.clear();
        return;
    }
    const QString answer = QString::fromStdString(sample->answer).simplified();
    title_->setText(tr("%1 %2  (known answer: %3)")
                        .arg(verdictOf(*sample), answer, QString::fromStdString(sample->expected))
                        .trimmed());
    tokens_->show(sample->tokens);
    picture_->showHeat(sample->grid, sample->heat);
    pictureFile_ = QString::fromStdString(sample->image);
    const QImage picture = table_->picture(pictureFile_);
    if (!picture.isNull())
        picture_->showPicture(picture);
    else
        picture_->showNoPicture(unreadable_.value(pictureFile_));
}

void CheckpointScrubber::setPicture(const QString& file, const QImage& picture) {
    table_->setPicture(file, picture);
    if (file == pictureFile_) picture_->showPicture(picture);
}

void CheckpointScrubber::setNoPicture(const QString& file, const QString& reason) {
    unreadable_[file] = reason;
    if (file == pictureFile_) picture_->showNoPicture(reason);
}

}  // namespace lvr
