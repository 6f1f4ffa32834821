#include "widgets/causal/effect_table.h"

#include <QHeaderView>

#include "widgets/causal/intervention_words.h"

namespace lvr {
namespace {

QString pText(double p) {
    return p < 0.001 ? QStringLiteral("< 0.001") : QString::number(p, 'g', 2);
}

QString meanText(const Estimate& estimate) {
    return QObject::tr("%1 [%2, %3]")
        .arg(changeText(estimate.value), changeText(estimate.low), changeText(estimate.high));
}

QString rightText(const InterventionSummary& s) {
    if (s.judged == 0) return QObject::tr("not known");
    const auto percent = [&](int right) {
        return QString::number(100.0 * right / s.judged, 'f', 1);
    };
    return QObject::tr("%1 → %2 %")
        .arg(percent(s.rightRight + s.rightWrong), percent(s.rightRight + s.wrongRight));
}

QString tipOf(int column, const InterventionSummary& s) {
    switch (column) {
        case EffectTable::Name:
            return explanationOf(s.intervention.kind);
        case EffectTable::Right:
            return QObject::tr("Of %1 with a known answer %2 were lost and %3 gained")
                .arg(s.judged)
                .arg(s.rightWrong)
                .arg(s.wrongRight);
        case EffectTable::Donor:
            return s.paired == 0 ? QString()
                                 : QObject::tr(
                                       "Towards a random question's answer, the control: "
                                       "%1; beyond it: %2, p %3 after Holm")
                                       .arg(meanText(s.towardsRandom), meanText(s.beyondRandom))
                                       .arg(s.shiftHolm, 0, 'g', 2);
        case EffectTable::Holm:
            return QObject::tr("Without the adjustment: %1, mid-p %2")
                .arg(pText(s.mcnemar), pText(s.mcnemarMidP));
        case EffectTable::Detectable:
            return QObject::tr("Power for the difference that was found: %1")
                .arg(s.power, 0, 'f', 2);
        default:
            return {};
    }
}

QStringList headings() {
    return {QObject::tr("Fed instead"), QObject::tr("N"),          QObject::tr("Flips"),
            QObject::tr("Right"),       QObject::tr("Δ log p"),    QObject::tr("To the donor's"),
            QObject::tr("p, Holm"),     QObject::tr("Detectable"), QObject::tr("What it says")};
}

QStringList headingTips() {
    return {QObject::tr("What is fed in the slots, or taken from sight"),
            QObject::tr("Questions that were thought about and on which it could be done"),
            QObject::tr("Answers that became others"),
            QObject::tr("Right answers before and after, where the right one is known"),
            QObject::tr("Mean change of log p of its own answer, with its 95 % interval"),
            QObject::tr("Mean shift of the margin to the donor's answer, with its 95 % interval; "
                        "the tool tip has the control"),
            QObject::tr("Exact McNemar test of right before and after, adjusted (Holm) for all "
                        "interventions of the table"),
            QObject::tr("The smallest difference that so many questions show with 80 % power"),
            QObject::tr("What follows, in a sentence")};
}

}  // namespace

EffectTable::EffectTable(QWidget* parent) : QTableWidget(0, ColumnCount, parent) {
    setAccessibleName(tr("Effects on the set"));
    setHorizontalHeaderLabels(headings());
    for (int column = 0; column < ColumnCount; ++column)
        horizontalHeaderItem(column)->setToolTip(headingTips().at(column));
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setTabKeyNavigation(false);
    setWordWrap(false);
    setAlternatingRowColors(true);
    setHorizontalScrollMode(ScrollPerPixel);
    verticalHeader()->hide();
    verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    horizontalHeader()->setStretchLastSection(true);
}

void EffectTable::setEffects(const std::vector<InterventionSummary>& effects) {
    setRowCount(static_cast<int>(effects.size()));
    for (int row = 0; row < rowCount(); ++row) fill(row, effects[static_cast<std::size_t>(row)]);
}

int EffectTable::heightOfAll() const {
    return horizontalHeader()->height() + verticalHeader()->length() + 2 * frameWidth();
}

void EffectTable::fill(int row, const InterventionSummary& s) {
    const QStringList cells{
        titleOf(s.intervention),
        QString::number(s.count),
        QString::number(s.flips),
        rightText(s),
        s.count > 0 ? meanText(s.originalChange) : QString(),
        s.paired > 0 ? meanText(s.towardsDonor) : QString(),
        pText(s.mcnemarHolm),
        s.smallestDifference ? tr("%1 %").arg(100 * *s.smallestDifference, 0, 'f', 0) : tr("none"),
        sayingOf(s)};
    for (int column = 0; column < ColumnCount; ++column) {
        auto* cell = item(row, column);
        if (!cell) setItem(row, column, cell = new QTableWidgetItem);
        cell->setText(cells[column]);
        const QString tip = tipOf(column, s);
        cell->setToolTip(tip.isEmpty() ? cells[column] : tip);
    }
}

}  // namespace lvr
