#include "widgets/causal/intervention_model.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "widgets/causal/causal_picture.h"
#include "widgets/causal/intervention_words.h"
#include "widgets/heat_paint.h"

namespace lvr {
namespace {

constexpr int kThumb = 88;  // pixels, twice its size on screen

QString headingOf(int column) {
    switch (column) {
        case InterventionModel::Name:
            return QObject::tr("Fed instead");
        case InterventionModel::Answer:
            return QObject::tr("Answer");
        case InterventionModel::Original:
            return QObject::tr("Δ log p");
        case InterventionModel::Gold:
            return QObject::tr("Δ right one");
        case InterventionModel::Divergence:
            return QObject::tr("KL");
        case InterventionModel::Margin:
            return QObject::tr("Margin");
        case InterventionModel::Donor:
            return QObject::tr("To the donor's");
        case InterventionModel::Heat:
            return QObject::tr("Looks at");
    }
    return {};
}

QString headingTip(int column) {
    switch (column) {
        case InterventionModel::Name:
            return QObject::tr("What is fed in the slots, or taken from sight; a check asks it");
        case InterventionModel::Answer:
            return QObject::tr("What the model answers then; ⇄ marks another answer than before");
        case InterventionModel::Original:
            return QObject::tr("Change of the logarithm of its own answer's probability, in nats");
        case InterventionModel::Gold:
            return QObject::tr("Change of the logarithm of the right answer's probability");
        case InterventionModel::Divergence:
            return QObject::tr(
                "Kullback-Leibler divergence of the answer's first word from the untouched one");
        case InterventionModel::Margin:
            return QObject::tr(
                "Logarithm of its own answer's probability less that of the best other, after");
        case InterventionModel::Donor:
            return QObject::tr(
                "How far the margin moved towards the donor's answer; in brackets towards a "
                "random question's, the control");
        case InterventionModel::Heat:
            return QObject::tr("What the answer's state is near in the picture");
    }
    return {};
}

}  // namespace

InterventionModel::InterventionModel(QObject* parent)
    : QAbstractTableModel(parent), most_(ColumnCount, 1) {}

void InterventionModel::setRows(std::vector<PanelRow> rows) {
    beginResetModel();
    rows_ = std::move(rows);
    heat_.assign(rows_.size(), {});
    measure();
    endResetModel();
    Q_EMIT chosenChanged();
}

void InterventionModel::insert(int at, const Intervention& intervention) {
    beginInsertRows({}, at, at);
    rows_.insert(rows_.begin() + at, {.intervention = intervention});
    heat_.insert(heat_.begin() + at, QImage());
    endInsertRows();
    Q_EMIT chosenChanged();
}

void InterventionModel::remove(int row) {
    beginRemoveRows({}, row, row);
    rows_.erase(rows_.begin() + row);
    heat_.erase(heat_.begin() + row);
    endRemoveRows();
    Q_EMIT chosenChanged();
}

void InterventionModel::change(int row, const Intervention& intervention) {
    auto& changed = rows_[static_cast<std::size_t>(row)];
    if (changed.intervention == intervention) return;
    changed.intervention = intervention;
    changed.outcome.reset();
    changed.isChosen = true;
    heat_[static_cast<std::size_t>(row)] = {};
    Q_EMIT dataChanged(index(row, 0), index(row, ColumnCount - 1));
    Q_EMIT chosenChanged();
}

void InterventionModel::chooseAll(bool chosen) {
    for (auto& row : rows_) row.isChosen = chosen;
    if (rows_.empty()) return;
    Q_EMIT dataChanged(index(0, Name), index(rowCount() - 1, Name));
    Q_EMIT chosenChanged();
}

void InterventionModel::setPicture(const QImage& picture, PatchGrid grid) {
    picture_ = picture.isNull()
                   ? picture
                   : picture.scaled(kThumb, kThumb, Qt::KeepAspectRatio, Qt::SmoothTransformation);
    grid_ = grid;
}

// Of two rows that ask the same both have it.
void InterventionModel::setOutcome(const InterventionOutcome& outcome) {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (rows_[i].intervention != outcome.intervention) continue;
        rows_[i].outcome = outcome;
        QImage thumb = picture_;
        if (!thumb.isNull() && !outcome.heat.empty()) {
            QPainter painter(&thumb);
            paintHeat(painter, thumb.rect(), heatImage(outcome.heat, grid_, spanOf(outcome.heat)));
        }
        heat_[i] = outcome.heat.empty() ? QImage() : thumb;
    }
    measure();
    if (!rows_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

void InterventionModel::clearOutcomes() {
    for (auto& row : rows_) row.outcome.reset();
    heat_.assign(rows_.size(), {});
    measure();
    if (!rows_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

// ---- What is in a cell ----

std::optional<double> InterventionModel::barOf(const PanelRow& row, int column) const {
    if (!row.outcome || !row.outcome->impossible.empty()) return std::nullopt;
    switch (column) {
        case Original:
            return row.outcome->originalChange;
        case Gold:
            return row.outcome->goldChange;
        case Divergence:
            return row.outcome->divergence;
        case Margin:
            return row.outcome->margin;
        case Donor:
            return row.outcome->towardsDonor;
        default:
            return std::nullopt;
    }
}

void InterventionModel::measure() {
    for (int column = 0; column < ColumnCount; ++column) {
        double most = 0;
        for (const auto& row : rows_)
            if (const auto bar = barOf(row, column); bar && std::isfinite(*bar))
                most = std::max(most, std::abs(*bar));
        most_[static_cast<std::size_t>(column)] = most > 0 ? most : 1;
    }
}

QString InterventionModel::textOf(const PanelRow& row, int column) const {
    if (column == Name) return titleOf(row.intervention);
    if (!row.outcome) return {};
    if (!row.outcome->impossible.empty())
        return column == Answer ? QString::fromStdString(row.outcome->impossible) : QString();
    if (column == Answer) {
        const QString answer = QString::fromStdString(row.outcome->answer).simplified();
        return row.outcome->flipped ? QStringLiteral("⇄ ") + answer : answer;
    }
    const auto bar = barOf(row, column);
    if (!bar) return {};
    if (column == Divergence) return QString::number(*bar, 'f', 2);
    QString text = changeText(*bar);
    if (column == Donor && row.outcome->towardsRandom)
        text += tr(" (%1)").arg(changeText(*row.outcome->towardsRandom));
    return text;
}

QString InterventionModel::tipOf(const PanelRow& row, int column) const {
    if (column == Name) return explanationOf(row.intervention.kind);
    if (!row.outcome) return tr("Not asked yet; press Test.");
    if (!row.outcome->impossible.empty()) return QString::fromStdString(row.outcome->impossible);
    if (column == Answer)
        return tr("%1, %2 latents fed")
            .arg(QString::fromStdString(row.outcome->answer))
            .arg(row.outcome->latents);
    QString tip = headingTip(column);
    if (column == Original && row.outcome->p)
        tip += tr("\n%1 covers of its size elsewhere: p %2")
                   .arg(row.outcome->shams.size())
                   .arg(*row.outcome->p, 0, 'g', 3);
    return tip;
}

// Strong effects first when it descends; what is not known comes last then.
QVariant InterventionModel::sortKeyOf(const PanelRow& row, int column) const {
    if (column == Name || column == Answer) return textOf(row, column);
    const auto bar = barOf(row, column);
    if (!bar) return -1e9;
    return column == Margin ? -*bar : std::abs(*bar);
}

int InterventionModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int InterventionModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant InterventionModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const auto at = static_cast<std::size_t>(index.row());
    const PanelRow& row = rows_[at];
    switch (role) {
        case Qt::DisplayRole:
        case Qt::AccessibleTextRole:
            return textOf(row, index.column());
        case Qt::ToolTipRole:
            return tipOf(row, index.column());
        case Qt::CheckStateRole:
            if (index.column() != Name) return {};
            return row.isChosen ? Qt::Checked : Qt::Unchecked;
        case SortRole:
            return sortKeyOf(row, index.column());
        case BarRole:
            if (const auto bar = barOf(row, index.column())) return *bar;
            return {};
        case MostRole:
            return most_[static_cast<std::size_t>(index.column())];
        case ImpossibleRole:
            return row.outcome ? QString::fromStdString(row.outcome->impossible) : QString();
        case FlippedRole:
            return row.outcome && row.outcome->flipped;
        case PictureRole:
            return index.column() == Heat ? QVariant(heat_[at]) : QVariant();
        default:
            return {};
    }
}

bool InterventionModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::CheckStateRole || index.column() != Name) return false;
    rows_[static_cast<std::size_t>(index.row())].isChosen = value.toInt() == Qt::Checked;
    Q_EMIT dataChanged(index, index);
    Q_EMIT chosenChanged();
    return true;
}

Qt::ItemFlags InterventionModel::flags(const QModelIndex& index) const {
    const auto flags = QAbstractTableModel::flags(index);
    return index.column() == Name ? flags | Qt::ItemIsUserCheckable : flags;
}

QVariant InterventionModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::InitialSortOrderRole)
        return static_cast<int>(section <= Answer ? Qt::AscendingOrder : Qt::DescendingOrder);
    if (role == Qt::DisplayRole) return headingOf(section);
    if (role == Qt::ToolTipRole) return headingTip(section) + '\n' + tr("Click to sort");
    return {};
}

}  // namespace lvr
