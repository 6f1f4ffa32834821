#include "widgets/compare/score_table.h"

#include <QHeaderView>

#include "widgets/compare/strategy.h"

namespace lvr {
namespace {

struct ScoreColumn {
    const char* name;
    const char* about;
};
constexpr ScoreColumn kColumns[] = {
    {"Strategy", "The first is what the others are held against"},
    {"Right", "Share of right answers among the questions that were answered"},
    {"95 %", "Wilson score interval of that share"},
    {"Gain/loss", "Questions that only this strategy, and that only the first one got right"},
    {"p",
     "Exact McNemar test against the first strategy, two-sided, on the questions both answered"},
    {"Steps", "Mean number of latent steps"},
    {"First word, ms", "Mean time to the first word of the answer, latent steps included"},
    {"Total, ms", "Mean time of decoding, without encoding the picture"},
    {"Triggered", "Share of questions with at least one latent step"},
    {"Asked", "Questions answered so far"}};

QString percent(double share) { return QString::number(100 * share, 'f', 1); }

}  // namespace

QString pValueText(double p) {
    if (p < 0.001) return QStringLiteral("< 0.001");
    return QString::number(p, 'g', p < 0.01 ? 1 : 2);
}

ScoreTable::ScoreTable(QWidget* parent) : QTableWidget(0, std::size(kColumns), parent) {
    for (int i = 0; i < columnCount(); ++i) {
        auto* header = new QTableWidgetItem(tr(kColumns[i].name));
        header->setToolTip(tr(kColumns[i].about));
        setHorizontalHeaderItem(i, header);
    }
    setAccessibleName(tr("Strategies on the set"));
    setToolTip(tr("Double click a strategy for the questions on which it and the first disagree"));
    setEditTriggers(NoEditTriggers);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setAlternatingRowColors(true);
    setTabKeyNavigation(false);
    setWordWrap(false);
    verticalHeader()->hide();
    verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    horizontalHeader()->setMinimumSectionSize(44);
    connect(this, &QTableWidget::cellActivated, this, &ScoreTable::strategyActivated);
}

void ScoreTable::setScores(const std::vector<StrategyScore>& scores) {
    setRowCount(static_cast<int>(scores.size()));
    for (int row = 0; row < rowCount(); ++row) fill(row, scores[static_cast<std::size_t>(row)]);
    updateGeometry();
}

int ScoreTable::heightOfAll() const {
    return horizontalHeader()->height() + verticalHeader()->length() + 2 * frameWidth();
}

void ScoreTable::fill(int row, const StrategyScore& s) {
    const QString none = QStringLiteral("–");
    const bool any = s.asked > 0, paired = any && row > 0;
    const QString title = QString::fromStdString(s.title);
    const QStringList cells = {
        title,
        any ? percent(s.accuracy) + QStringLiteral(" %") : none,
        any ? percent(s.low) + QStringLiteral("–") + percent(s.high) : none,
        paired ? QStringLiteral("+%1 −%2").arg(s.gained).arg(s.lost) : none,
        paired ? pValueText(s.p) : none,
        any ? QString::number(s.latents, 'f', 1) : none,
        any ? QString::number(s.firstTokenMs, 'f', s.firstTokenMs < 10 ? 1 : 0) : none,
        any ? QString::number(s.totalMs, 'f', s.totalMs < 10 ? 1 : 0) : none,
        any ? QString::number(100 * s.triggered, 'f', 0) + QStringLiteral(" %") : none,
        QString::number(s.asked)};
    for (int column = 0; column < cells.size(); ++column) {
        if (!item(row, column)) setItem(row, column, new QTableWidgetItem);
        auto* cell = item(row, column);
        cell->setText(cells[column]);
        if (column > 0) cell->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
        cell->setToolTip(column == 0 ? title : QString());
    }
    item(row, 0)->setIcon(colourSquare(s.colour));
    if (s.failure.empty()) return;
    item(row, 0)->setText(tr("⚠ %1").arg(title));
    item(row, 0)->setToolTip(QString::fromStdString(s.failure));
}

}  // namespace lvr
