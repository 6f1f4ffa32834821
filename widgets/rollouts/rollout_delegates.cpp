#include "widgets/rollouts/rollout_delegates.h"

#include <QApplication>
#include <QPainter>
#include <QRegularExpression>
#include <QTextLayout>

#include "widgets/colours.h"
#include "widgets/rollouts/rollout_model.h"

namespace lvr {
namespace {

constexpr int kLines = 2;
constexpr qsizetype kLongBeginning = 60, kKeptOfBeginning = 24;  // characters
constexpr qsizetype kMostShown = 600;

struct Shown {
    QString text;
    QList<QTextLayout::FormatRange> formats;

    void add(const QString& piece, const QTextCharFormat& format) {
        formats.push_back({static_cast<int>(text.size()), static_cast<int>(piece.size()), format});
        text += piece;
    }
};

QString oneLine(QString text) { return text.replace('\n', QStringLiteral("⏎")).replace('\t', ' '); }

// An omission where nothing stands instead is a caret between the words.
Shown shownOf(const std::vector<DiffPiece>& pieces, const QColor& tint) {
    QTextCharFormat plain, changed;
    changed.setBackground(tint);
    Shown shown;
    for (std::size_t i = 0; i < pieces.size() && shown.text.size() < kMostShown; ++i) {
        const auto& [text, change] = pieces[i];
        const bool replaced = (i > 0 && pieces[i - 1].change == WordChange::Added) ||
                              (i + 1 < pieces.size() && pieces[i + 1].change == WordChange::Added);
        if (change == WordChange::Missing && !replaced)
            shown.add(QStringLiteral("‸"), changed);
        else if (change == WordChange::Added)
            shown.add(oneLine(text), changed);
        else if (change == WordChange::Same && i == 0 && pieces.size() > 1 &&
                 text.size() > kLongBeginning)
            shown.add(QStringLiteral("…") + oneLine(text.right(kKeptOfBeginning)), plain);
        else if (change == WordChange::Same)
            shown.add(oneLine(text), plain);
    }
    return shown;
}

void dimMarkers(Shown& shown, const QColor& ink) {
    static const QRegularExpression marker(R"(<[^<>\s]+>)");
    QTextCharFormat dim;
    dim.setForeground(faded(ink, 0.55));
    for (auto found = marker.globalMatch(shown.text); found.hasNext();) {
        const auto match = found.next();
        shown.formats.push_back({static_cast<int>(match.capturedStart()),
                                 static_cast<int>(match.capturedLength()), dim});
    }
}

QRect drawBackground(QPainter* painter, QStyleOptionViewItem& option) {
    option.text.clear();
    const QWidget* widget = option.widget;
    QStyle* style = widget ? widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &option, painter, widget);
    return option.rect.adjusted(4, 2, -4, -2);
}

QColor inkOf(const QStyleOptionViewItem& option) {
    const bool selected = option.state & QStyle::State_Selected;
    return option.palette.color(selected ? QPalette::HighlightedText : QPalette::Text);
}

}  // namespace

void CompletionDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given,
                               const QModelIndex& index) const {
    QStyleOptionViewItem option = given;
    initStyleOption(&option, index);
    const auto pieces = index.data(RolloutModel::kPiecesRole).value<std::vector<DiffPiece>>();
    const QRect space = drawBackground(painter, option);
    const QColor ink = inkOf(option);
    const bool selected = option.state & QStyle::State_Selected;
    Shown shown = shownOf(pieces, selected ? faded(ink, 0.25) : changeColour(option.palette));
    dimMarkers(shown, ink);
    QTextLayout layout(shown.text, option.font);
    QTextOption wrap(Qt::AlignLeft);
    wrap.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    layout.setTextOption(wrap);
    layout.setFormats(shown.formats);
    layout.beginLayout();
    qreal height = 0;
    for (int i = 0; i < kLines; ++i) {
        QTextLine line = layout.createLine();
        if (!line.isValid()) break;
        line.setLineWidth(space.width() - 12);
        line.setPosition({0, height});
        height += line.height();
    }
    layout.endLayout();
    const QTextLine last = layout.lineAt(layout.lineCount() - 1);
    const bool hasMore = last.isValid() && last.textStart() + last.textLength() < shown.text.size();
    painter->save();
    painter->setClipRect(space);
    painter->setPen(ink);
    const qreal top = space.top() + std::max(0.0, (space.height() - height) / 2);
    const QRectF lines(space.left(), top, space.width(), height);
    layout.draw(painter, lines.topLeft(), {}, lines);
    if (hasMore) painter->drawText(lines, Qt::AlignRight | Qt::AlignBottom, QStringLiteral("…"));
    painter->restore();
}

void AdvantageDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given,
                              const QModelIndex& index) const {
    QStyleOptionViewItem option = given;
    initStyleOption(&option, index);
    const QString number = option.text;
    const QRect space = drawBackground(painter, option);
    const double share = index.data(RolloutModel::kShareRole).toDouble();
    const double middle = space.center().x() + 0.5, half = space.width() / 2.0;
    const QColor colour = share < 0 ? lossColour(option.palette) : gainColour(option.palette);
    const bool selected = option.state & QStyle::State_Selected;
    painter->save();
    painter->fillRect(QRectF(middle, space.bottom() - 4, half * share, 4).normalized(),
                      selected ? inkOf(option) : colour);
    painter->setPen(faded(inkOf(option), 0.5));
    painter->drawLine(QPointF(middle, space.bottom() - 6), QPointF(middle, space.bottom()));
    painter->setPen(selected || share == 0 ? inkOf(option) : colour);
    painter->drawText(space.adjusted(0, 0, 0, -5), Qt::AlignCenter, number);
    painter->restore();
}

}  // namespace lvr
