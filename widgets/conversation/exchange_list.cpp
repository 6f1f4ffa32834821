#include "widgets/conversation/exchange_list.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QSignalBlocker>
#include <QStringList>
#include <algorithm>

#include "core/values/liveness.h"
#include "widgets/conversation/exchange_delegate.h"
#include "widgets/conversation/exchange_text.h"

namespace lvr {
namespace {

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
        severalModels_ = std::ranges::any_of(exchanges_, [&](const Exchange& exchange) {
            return exchange.outline.model != exchanges_.front().outline.model;
        });
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
    item->setData(0, ExchangeDelegate::Details,
                  describe(trace.options) +
                      (severalModels_ ? " · " + QString::fromStdString(trace.model) : QString()) +
                      " · " + speedText(trace));
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
