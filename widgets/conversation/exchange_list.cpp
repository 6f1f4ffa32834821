#include "widgets/conversation/exchange_list.h"

#include <QApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPainter>
#include <QSignalBlocker>
#include <QStringList>
#include <algorithm>

#include "core/values/liveness.h"
#include "widgets/colours.h"
#include "widgets/conversation/exchange_text.h"
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
    return verdictColour(verdict == QStringLiteral("✓"), palette);
}

constexpr int kIndex = Qt::UserRole + 100;  // of an answer, in exchanges_

QString verdictMark(const Trace& trace) {
    const auto right = isRight(trace);
    if (!right) return {};
    return *right ? QStringLiteral("✓") : QStringLiteral("✗");
}

QString verdictWord(const Trace& trace) {
    const auto right = isRight(trace);
    if (!right) return {};
    return *right ? QObject::tr("right")
                  : QObject::tr("wrong, the right answer is %1")
                        .arg(QString::fromStdString(*trace.expectedAnswer));
}

// All that is known of it, a line each.
QStringList told(const Exchange& exchange) {
    const Trace& trace = exchange.outline;
    QStringList lines{
        answerText(trace), verdictWord(trace), QString::fromStdString(toText(livenessOf(trace))),
        howText(trace),    speedText(trace),   whenText(exchange.askedAt)};
    lines.removeAll(QString());
    return lines;
}

}  // namespace

int drawChip(QPainter* painter, int left, const QRect& line, const QString& text) {
    const int room = line.right() - left - 8;
    if (room < 24 || text.isEmpty()) return left;
    const QString shown = painter->fontMetrics().elidedText(text, Qt::ElideRight, room);
    const QRect chip(left, line.top(), painter->fontMetrics().horizontalAdvance(shown) + 8,
                     line.height());
    QColor paper = painter->pen().color();
    paper.setAlphaF(0.12f);
    painter->save();
    painter->setPen(Qt::NoPen);
    painter->setBrush(paper);
    painter->drawRoundedRect(chip, 4, 4);
    painter->restore();
    painter->drawText(chip, Qt::AlignCenter, shown);
    return chip.right() + 5;
}

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
    int next = drawChip(painter, second.left(), second, index.data(How).toString());
    next = drawChip(painter, next, second, index.data(OfModel).toString());
    drawElided(painter, QRect(QPoint(next, second.top()), second.bottomRight()),
               index.data(Details).toString());
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

ExchangeList::ExchangeList(QWidget* parent) : QTreeWidget(parent) {
    setAccessibleName(tr("Questions and answers about this picture"));
    setHeaderHidden(true);
    setColumnCount(1);
    setRootIsDecorated(false);
    setItemsExpandable(false);
    setIndentation(12);
    setUniformRowHeights(false);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setTextElideMode(Qt::ElideRight);
    setItemDelegate(new ExchangeDelegate(this));
    // Clicked and not activated, which a double click would be besides.
    connect(this, &QTreeWidget::itemClicked, this, &ExchangeList::choose);
    connect(this, &QTreeWidget::currentItemChanged, this,
            [this] { Q_EMIT currentChangedTo(current().has_value()); });
}

void ExchangeList::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        choose(currentItem());
    else
        QTreeWidget::keyPressEvent(event);
}

void ExchangeList::choose(const QTreeWidgetItem* item) {
    if (const Exchange* exchange = exchangeOf(item)) Q_EMIT chosen(Exchange(*exchange));
}

void ExchangeList::show(const std::vector<Exchange>& exchanges) {
    const Exchange* before = exchangeOf(currentItem());
    const auto selected = before ? before->id : std::string();
    {
        const QSignalBlocker quiet(this);
        clear();
        exchanges_ = exchanges;
        for (std::size_t i = 0; i < exchanges_.size(); ++i) addAnswer(static_cast<int>(i));
        expandAll();
    }
    markShown(shown_);
    if (auto* item = itemOf(selected)) setCurrentItem(item);
    Q_EMIT currentChangedTo(current().has_value());
}

QTreeWidgetItem* ExchangeList::questionItem(const std::string& question) {
    const QString text = QString::fromStdString(question);
    for (int i = 0; i < topLevelItemCount(); ++i)
        if (topLevelItem(i)->toolTip(0) == text) return topLevelItem(i);
    auto* item = new QTreeWidgetItem(this, {text.simplified()});
    item->setToolTip(0, text);
    QFont bold = font();
    bold.setBold(true);
    item->setFont(0, bold);
    return item;
}

void ExchangeList::addAnswer(int index) {
    const Exchange& exchange = exchanges_[static_cast<std::size_t>(index)];
    const Trace& trace = exchange.outline;
    auto* item =
        new QTreeWidgetItem(questionItem(trace.question.text), {answerText(trace).simplified()});
    const QStringList lines = told(exchange);
    item->setData(0, kIndex, index);
    item->setData(0, ExchangeDelegate::IsAnswer, true);
    // What was varied first: the line may be cut at its end.
    item->setData(0, ExchangeDelegate::How, wayText(trace));
    item->setData(0, ExchangeDelegate::OfModel, QString::fromStdString(trace.model));
    item->setData(0, ExchangeDelegate::Details, speedText(trace));
    item->setData(0, ExchangeDelegate::When, whenText(exchange.askedAt));
    item->setData(0, ExchangeDelegate::Verdict, verdictMark(trace));
    item->setData(0, ExchangeDelegate::State, static_cast<int>(livenessOf(trace).state));
    item->setData(0, Qt::AccessibleTextRole, lines.join(QStringLiteral("; ")));
    item->setToolTip(0, lines.join('\n'));
}

const Exchange* ExchangeList::exchangeOf(const QTreeWidgetItem* item) const {
    if (!item) return nullptr;
    if (!item->parent()) item = item->childCount() ? item->child(item->childCount() - 1) : nullptr;
    return item ? &exchanges_.at(item->data(0, kIndex).toUInt()) : nullptr;
}

std::optional<Exchange> ExchangeList::current() const {
    const Exchange* exchange = exchangeOf(currentItem());
    if (!exchange) exchange = exchangeOf(itemOf(shown_));
    return exchange ? std::optional(*exchange) : std::nullopt;
}

// What has just come on screen is what Edit, Again and Branch are about.
void ExchangeList::markShown(const std::string& id) {
    const bool isNew = std::exchange(shown_, id) != id;
    for (QTreeWidgetItemIterator it(this); *it; ++it)
        if ((*it)->parent())
            (*it)->setData(0, ExchangeDelegate::Shown, !id.empty() && exchangeOf(*it)->id == id);
    QTreeWidgetItem* item = itemOf(id);
    if (item && isNew) setCurrentItem(item);
    if (item) scrollToItem(item);
    Q_EMIT currentChangedTo(current().has_value());
}

QTreeWidgetItem* ExchangeList::itemOf(const std::string& id) const {
    if (id.empty()) return nullptr;
    for (int question = 0; question < topLevelItemCount(); ++question)
        for (int answer = 0; answer < topLevelItem(question)->childCount(); ++answer) {
            auto* item = topLevelItem(question)->child(answer);
            if (exchangeOf(item)->id == id) return item;
        }
    return nullptr;
}

}  // namespace lvr
