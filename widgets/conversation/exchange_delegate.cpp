#include "widgets/conversation/exchange_delegate.h"

#include <QApplication>
#include <QPainter>

#include "widgets/conversation/liveness_badge.h"

namespace lvr {
namespace {

constexpr int kMargin = 4;
constexpr int kDot = 9;
constexpr int kGap = 6;

QFont smaller(const QFont& font) {
    QFont small = font;
    small.setPointSizeF(font.pointSizeF() * 0.85);
    return small;
}

void drawBackground(QPainter* painter, const QStyleOptionViewItem& option) {
    const QWidget* view = option.widget;
    const QStyle* style = view ? view->style() : QApplication::style();
    style->drawPrimitive(QStyle::PE_PanelItemViewItem, &option, painter, view);
}

// Right-aligned in `line`; gives what is left of it.
QRect drawAtEnd(QPainter* painter, QRect line, const QString& text) {
    if (text.isEmpty()) return line;
    painter->drawText(line, Qt::AlignRight | Qt::AlignVCenter, text);
    line.setRight(line.right() - painter->fontMetrics().horizontalAdvance(text) - kGap);
    return line;
}

void drawElided(QPainter* painter, const QRect& line, const QString& text) {
    painter->drawText(line, Qt::AlignLeft | Qt::AlignVCenter,
                      painter->fontMetrics().elidedText(text, Qt::ElideRight, line.width()));
}

// The answer on screen has a bar before its dot.
QRect drawMarks(QPainter* painter, QRect area, const QModelIndex& index, const QPalette& palette,
                int lineHeight) {
    if (index.data(ExchangeDelegate::Shown).toBool())
        painter->fillRect(QRect(area.left() - kMargin, area.top(), 3, area.height()),
                          palette.highlight().color());
    const auto state = static_cast<Liveness::State>(index.data(ExchangeDelegate::State).toInt());
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(livenessColour(state, palette));
    painter->drawEllipse(QRect(area.left() + 3, area.top() + (lineHeight - kDot) / 2, kDot, kDot));
    area.setLeft(area.left() + 3 + kDot + kGap);
    return area;
}

QColor verdictInk(const QString& verdict, const QPalette& palette, const QColor& ink) {
    if (verdict.isEmpty()) return ink;
    if (verdict == QStringLiteral("✓")) return livenessColour(Liveness::State::Alive, palette);
    return palette.window().color().lightness() < 128 ? QColor(255, 130, 120) : QColor(180, 30, 20);
}

}  // namespace

void ExchangeDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given,
                             const QModelIndex& index) const {
    if (!index.data(IsAnswer).toBool()) return QStyledItemDelegate::paint(painter, given, index);
    QStyleOptionViewItem option = given;
    initStyleOption(&option, index);
    painter->save();
    drawBackground(painter, option);
    const bool selected = option.state & QStyle::State_Selected;
    const QColor ink =
        selected ? option.palette.highlightedText().color() : option.palette.text().color();
    const int lineHeight = option.fontMetrics.height();
    const QRect area = drawMarks(painter, option.rect.adjusted(kMargin, 3, -kMargin, -3), index,
                                 option.palette, lineHeight);
    QRect first(area.left(), area.top(), area.width(), lineHeight);
    QColor dim = ink;
    dim.setAlphaF(0.72f);
    painter->setFont(smaller(option.font));
    painter->setPen(dim);
    first = drawAtEnd(painter, first, index.data(When).toString());
    const QRect second(area.left(), first.bottom() + 1, area.width(),
                       area.bottom() - first.bottom());
    drawElided(painter, second, index.data(Details).toString());
    painter->setFont(option.font);
    const QString verdict = index.data(Verdict).toString();
    painter->setPen(selected ? ink : verdictInk(verdict, option.palette, ink));
    first = drawAtEnd(painter, first, verdict);
    painter->setPen(ink);
    drawElided(painter, first, option.text);
    painter->restore();
}

QSize ExchangeDelegate::sizeHint(const QStyleOptionViewItem& option,
                                 const QModelIndex& index) const {
    QSize size = QStyledItemDelegate::sizeHint(option, index);
    if (!index.data(IsAnswer).toBool()) return {size.width(), option.fontMetrics.height() + 8};
    const int small = QFontMetrics(smaller(option.font)).height();
    return {0, option.fontMetrics.height() + small + 8};  // elided to the view's width
}

}  // namespace lvr
