#include "widgets/causal/step_table.h"

#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QSignalBlocker>
#include <algorithm>

namespace lvr {
namespace {

constexpr int kCutOut = 28, kGapBetween = 3, kMostPatches = 5, kMostWords = 5;  // pixels, counts

QString wordsText(const LatentNeighbours& step) {
    QStringList words;
    for (std::size_t i = 0; i < std::min<std::size_t>(step.words.size(), kMostWords); ++i) {
        const double p = i < step.probabilities.size() ? step.probabilities[i] : 0;
        words << QObject::tr("%1 %2")
                     .arg(QString::fromStdString(step.words[i]).trimmed())
                     .arg(p, 0, 'f', 2);
    }
    return words.join(QStringLiteral("  ·  "));
}

QString placesText(const LatentNeighbours& step, PatchGrid grid) {
    QStringList places;
    for (const int patch : step.patches)
        places << QObject::tr("row %1, column %2")
                      .arg(patch / grid.cols + 1)
                      .arg(patch % grid.cols + 1);
    return places.join('\n');
}

}  // namespace

StepTable::StepTable(QWidget* parent) : QTableWidget(0, ColumnCount, parent) {
    setAccessibleName(tr("What is near each latent step"));
    setHorizontalHeaderLabels(
        {tr("Step"), tr("Nearest words"), tr("Nearest patches"), tr("Target's rank")});
    horizontalHeaderItem(Words)->setToolTip(
        tr("What the language model would say at this latent (logit lens), with its probability"));
    horizontalHeaderItem(Patches)->setToolTip(
        tr("The picture's visual tokens nearest to the latent by cosine, best first"));
    horizontalHeaderItem(Target)->setToolTip(
        tr("Where the right region's best visual token comes among all of them, from 1; known for "
           "questions whose regions are known"));
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setTabKeyNavigation(false);
    setWordWrap(false);
    setAlternatingRowColors(true);
    setIconSize({kMostPatches * (kCutOut + kGapBetween), kCutOut});
    verticalHeader()->hide();
    verticalHeader()->setDefaultSectionSize(kCutOut + 8);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    horizontalHeader()->setSectionResizeMode(Words, QHeaderView::Stretch);
    connect(this, &QTableWidget::currentCellChanged, this, [this](int row) {
        if (row >= 0) Q_EMIT stepChosen(row);
    });
}

void StepTable::setPicture(const QImage& picture, PatchGrid grid) {
    picture_ = picture;
    grid_ = grid;
}

void StepTable::setSteps(const std::vector<LatentNeighbours>& steps) {
    const QSignalBlocker quiet(this);
    setRowCount(static_cast<int>(steps.size()));
    for (int row = 0; row < rowCount(); ++row) fill(row, steps[static_cast<std::size_t>(row)]);
    setCurrentCell(-1, -1);
}

void StepTable::choose(int step) {
    const QSignalBlocker quiet(this);
    if (step < rowCount()) setCurrentCell(step, Step);
}

void StepTable::setEmptyText(const QString& text) {
    emptyText_ = text;
    viewport()->update();
}

void StepTable::paintEvent(QPaintEvent* event) {
    QTableWidget::paintEvent(event);
    if (rowCount() > 0) return;
    QPainter painter(viewport());
    painter.setPen(palette().placeholderText().color());
    painter.drawText(viewport()->rect().adjusted(12, 12, -12, -12),
                     Qt::AlignCenter | Qt::TextWordWrap, emptyText_);
}

void StepTable::fill(int row, const LatentNeighbours& step) {
    const auto put = [&](int column, const QString& text, const QString& tip = {}) {
        auto* cell = new QTableWidgetItem(text);
        cell->setToolTip(tip.isEmpty() ? text : tip);
        setItem(row, column, cell);
        return cell;
    };
    put(Step, QString::number(row + 1));
    put(Words, wordsText(step));
    const bool placed = grid_.count() > 0;
    auto* patches = put(Patches, {}, placed ? placesText(step, grid_) : QString());
    if (placed && !picture_.isNull()) patches->setData(Qt::DecorationRole, cutOut(step.patches));
    put(Target, step.targetRank ? tr("%1 of %2").arg(*step.targetRank).arg(grid_.count())
                                : tr("not known"));
}

// The patches themselves, side by side.
QPixmap StepTable::cutOut(const std::vector<int>& patches) const {
    QPixmap strip(kMostPatches * (kCutOut + kGapBetween), kCutOut);
    strip.fill(Qt::transparent);
    QPainter painter(&strip);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    const double width = double(picture_.width()) / grid_.cols;
    const double height = double(picture_.height()) / grid_.rows;
    for (int i = 0; i < std::min<int>(static_cast<int>(patches.size()), kMostPatches); ++i) {
        const int patch = patches[static_cast<std::size_t>(i)];
        painter.drawImage(
            QRectF(i * (kCutOut + kGapBetween), 0, kCutOut, kCutOut), picture_,
            QRectF(patch % grid_.cols * width, patch / grid_.cols * height, width, height));
    }
    return strip;
}

}  // namespace lvr
