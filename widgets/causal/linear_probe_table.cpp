#include "widgets/causal/linear_probe_table.h"

#include <QHeaderView>

namespace lvr {
namespace {

QString percentOf(double share) { return QString::number(100 * share, 'f', 1); }

QStringList cellsOf(const ProbeRow& probe) {
    return {QString::fromStdString(probe.of),
            QString::fromStdString(probe.at),
            QString::number(probe.trained),
            QString::number(probe.tested),
            QObject::tr("%1 % [%2, %3]")
                .arg(percentOf(probe.accuracy.value), percentOf(probe.accuracy.low),
                     percentOf(probe.accuracy.high)),
            QObject::tr("%1 %").arg(percentOf(probe.chance))};
}

QString probeTip(const ProbeRow& probe) {
    const bool reads = probe.accuracy.low > probe.chance;
    return (reads
                ? QObject::tr("It can be read there: %1 classes, above chance")
                : QObject::tr("Not shown to be readable there: %1 classes, chance is inside of or "
                              "above the interval"))
        .arg(probe.classes);
}

}  // namespace

LinearProbeTable::LinearProbeTable(QWidget* parent) : QTableWidget(0, ColumnCount, parent) {
    setAccessibleName(tr("Linear probes on the set"));
    setHorizontalHeaderLabels(
        {tr("Reads"), tr("From"), tr("Fitted to"), tr("Tested on"), tr("Right"), tr("Chance")});
    const QStringList tips{tr("What a linear probe is to tell"),
                           tr("The state that it sees"),
                           tr("States of one half of the pictures"),
                           tr("States of the other half"),
                           tr("Share right on that half, with its 95 % interval"),
                           tr("Share of the commonest answer there")};
    for (int column = 0; column < ColumnCount; ++column)
        horizontalHeaderItem(column)->setToolTip(tips[column]);
    setSelectionBehavior(SelectRows);
    setEditTriggers(NoEditTriggers);
    setTabKeyNavigation(false);
    setAlternatingRowColors(true);
    verticalHeader()->hide();
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    horizontalHeader()->setStretchLastSection(true);
}

void LinearProbeTable::setProbes(const std::vector<ProbeRow>& probes) {
    setRowCount(static_cast<int>(probes.size()));
    for (int row = 0; row < rowCount(); ++row) {
        const ProbeRow& probe = probes[static_cast<std::size_t>(row)];
        const QStringList cells = cellsOf(probe);
        for (int column = 0; column < ColumnCount; ++column) {
            setItem(row, column, new QTableWidgetItem(cells[column]));
            item(row, column)->setToolTip(probeTip(probe));
        }
    }
}

}  // namespace lvr
