#include "widgets/rollouts/probe_table.h"

#include <QApplication>
#include <QImage>
#include <QPainter>
#include <algorithm>
#include <map>

#include "widgets/colours.h"
#include "widgets/heat_paint.h"
#include "widgets/rollouts/heat_picture.h"

namespace lvr {
namespace {

constexpr int kProbeMargin = 5;

void paintThumbnail(QPainter* painter, const QRect& space, const SampleRow& sample,
                    const QImage& picture) {
    const auto heat = heatOf(sample.grid, sample.heat, HeatPicture::kMean);
    paintPictureAndHeat(*painter, space, picture, heatImage(heat, sample.grid, scaleOf(heat)));
}

}  // namespace

QString verdictOf(const SampleRow& sample) {
    if (!sample.right) return {};
    return *sample.right ? QStringLiteral("✓") : QStringLiteral("✗");
}

void ProbeTable::show(std::vector<ProbeStep> steps) {
    beginResetModel();
    steps_ = std::move(steps);
    cells_.clear();
    std::map<std::string, std::size_t> rows;  // by record, in the order they first come
    for (std::size_t column = 0; column < steps_.size(); ++column)
        for (const SampleRow& sample : steps_[column].samples) {
            const auto row = rows.try_emplace(sample.record, cells_.size()).first->second;
            if (row == cells_.size()) cells_.emplace_back(steps_.size(), nullptr);
            cells_[row][column] = &sample;
        }
    endResetModel();
}

void ProbeTable::setPicture(const QString& file, const QImage& picture) {
    pictures_[file] = picture;
    if (rowCount() > 0 && columnCount() > 0)
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1), {kPictureRole});
}

QStringList ProbeTable::pictureFiles() const {
    QStringList files;
    for (const ProbeStep& step : steps_)
        for (const SampleRow& sample : step.samples)
            if (!sample.image.empty()) files << QString::fromStdString(sample.image);
    files.removeDuplicates();
    return files;
}

const SampleRow* ProbeTable::at(int row, int column) const {
    const bool isThere = row >= 0 && row < rowCount() && column >= 0 && column < columnCount();
    return isThere ? cells_[row][column] : nullptr;
}

const SampleRow* ProbeTable::question(int row) const {
    return *std::find_if(cells_[row].begin(), cells_[row].end(),
                         [](const SampleRow* sample) { return sample != nullptr; });
}

int ProbeTable::columnOf(int step) const {
    const auto found = std::find_if(steps_.begin(), steps_.end(),
                                    [step](const ProbeStep& s) { return s.step == step; });
    return found == steps_.end() ? -1 : static_cast<int>(found - steps_.begin());
}

QString ProbeTable::summary(int column) const {
    const auto& samples = steps_[column].samples;
    const auto compared = std::count_if(samples.begin(), samples.end(),
                                        [](const SampleRow& s) { return s.right.has_value(); });
    const auto right = std::count_if(samples.begin(), samples.end(),
                                     [](const SampleRow& s) { return s.right.value_or(false); });
    return compared == 0 ? tr("not compared") : tr("%1 of %2 right").arg(right).arg(compared);
}

int ProbeTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(cells_.size());
}

int ProbeTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(steps_.size());
}

QVariant ProbeTable::data(const QModelIndex& index, int role) const {
    const SampleRow* sample = at(index.row(), index.column());
    if (role == Qt::AccessibleTextRole && !sample) return tr("not asked");
    if (!sample) return {};
    const QString answer = QString::fromStdString(sample->answer);
    switch (role) {
        case kSampleRole:
            return QVariant::fromValue(sample);
        case kPictureRole:
            return picture(QString::fromStdString(sample->image));
        case Qt::DisplayRole:
            return answer.simplified();
        case Qt::AccessibleTextRole:
            if (!sample->right) return answer;
            return *sample->right ? tr("%1, right").arg(answer) : tr("%1, wrong").arg(answer);
        case Qt::ToolTipRole:
            return tr("Step %1: %2 %3\nas generated: %4")
                .arg(stepOf(index.column()))
                .arg(verdictOf(*sample), answer,
                     QString::fromStdString(sample->completion).left(1000));
        default:
            return {};
    }
}

QVariant ProbeTable::headerData(int section, Qt::Orientation orientation, int role) const {
    // Headers ask for sections that are gone while the table is replaced.
    const int count = orientation == Qt::Horizontal ? columnCount() : rowCount();
    if (section < 0 || section >= count) return {};
    if (orientation == Qt::Horizontal) {
        if (role != Qt::DisplayRole) return {};
        return tr("Step %1\n%2").arg(stepOf(section)).arg(summary(section));
    }
    const SampleRow& asked = *question(section);
    const QString text = QString::fromStdString(asked.question).trimmed();
    const QString known = QString::fromStdString(asked.expected);
    if (role == Qt::DisplayRole || role == Qt::ToolTipRole)
        return known.isEmpty() ? text : tr("%1\nknown answer: %2").arg(text, known);
    return {};
}

void ProbeDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given,
                          const QModelIndex& index) const {
    QStyleOptionViewItem option = given;
    initStyleOption(&option, index);
    option.text.clear();
    const QWidget* widget = option.widget;
    (widget ? widget->style() : QApplication::style())
        ->drawControl(QStyle::CE_ItemViewItem, &option, painter, widget);
    const auto* sample = index.data(ProbeTable::kSampleRole).value<const SampleRow*>();
    const bool selected = option.state & QStyle::State_Selected;
    const QColor ink = option.palette.color(selected ? QPalette::HighlightedText : QPalette::Text);
    const QRect space =
        option.rect.adjusted(kProbeMargin, kProbeMargin, -kProbeMargin, -kProbeMargin);
    const int line = option.fontMetrics.height();
    painter->save();
    painter->setRenderHint(QPainter::SmoothPixmapTransform);
    painter->setPen(faded(ink, 0.5));
    if (!sample) {
        painter->drawText(space, Qt::AlignCenter, tr("not asked"));
        painter->restore();
        return;
    }
    paintThumbnail(painter, space.adjusted(0, 0, 0, -line - 3), *sample,
                   index.data(ProbeTable::kPictureRole).value<QImage>());
    const QString verdict = verdictOf(*sample);
    const QRect words(space.left(), space.bottom() - line + 1, space.width(), line);
    const QColor colour =
        sample->right.value_or(true) ? gainColour(option.palette) : lossColour(option.palette);
    painter->setPen(selected ? ink : colour);
    painter->drawText(words, Qt::AlignLeft | Qt::AlignVCenter, verdict);
    painter->setPen(ink);
    const QRect rest = words.adjusted(option.fontMetrics.horizontalAdvance("✓ "), 0, 0, 0);
    painter->drawText(
        rest, Qt::AlignLeft | Qt::AlignVCenter,
        option.fontMetrics.elidedText(index.data().toString(), Qt::ElideRight, rest.width()));
    painter->restore();
}

ProbeHeader::ProbeHeader(QWidget* parent) : QHeaderView(Qt::Vertical, parent) {
    setSectionResizeMode(QHeaderView::Fixed);
    setDefaultSectionSize(ProbeDelegate::kCellHeight);
    setSectionsClickable(false);
}

void ProbeHeader::paintSection(QPainter* painter, const QRect& rect, int section) const {
    painter->save();
    painter->fillRect(rect, palette().window());
    painter->setPen(palette().mid().color());
    painter->drawLine(rect.bottomLeft(), rect.bottomRight());
    painter->setPen(palette().windowText().color());
    painter->drawText(rect.adjusted(kProbeMargin, kProbeMargin, -kProbeMargin, -kProbeMargin),
                      Qt::AlignLeft | Qt::AlignVCenter | Qt::TextWordWrap,
                      model()->headerData(section, Qt::Vertical, Qt::DisplayRole).toString());
    painter->restore();
}

}  // namespace lvr
