#pragma once

#include <QStyledItemDelegate>
#include <QTreeWidget>
#include <optional>
#include <vector>

#include "core/values/exchange.h"

namespace lvr {

// A word in a box with round corners at `left` of the line, as far as there is room; gives where
// the next one begins.
int drawChip(QPainter* painter, int left, const QRect& line, const QString& text);

// Draws one answer of a conversation in two lines: what was said and when, how and how fast. A dot
// in front of it has the colour of its liveness.
class ExchangeDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    enum Role { IsAnswer = Qt::UserRole + 1, How, OfModel, Details, When, Verdict, State, Shown };
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

// A conversation: under every question its answers, so that one asked again, or under another exit
// rule, stands beside the old one.
class ExchangeList : public QTreeWidget {
    Q_OBJECT
public:
    explicit ExchangeList(QWidget* parent = nullptr);

    // Oldest first. What was selected stays selected, if it is still there.
    void show(const std::vector<Exchange>& exchanges);
    void markShown(const std::string& id);  // the answer on screen; empty: none of them
    // The selected answer, of a selected question its newest; with none selected the one on screen.
    std::optional<Exchange> current() const;

Q_SIGNALS:
    void chosen(const lvr::Exchange& exchange);  // clicked, or Enter pressed on it
    void currentChangedTo(bool answer);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    QTreeWidgetItem* questionItem(const std::string& question);
    void addAnswer(int index);
    void choose(const QTreeWidgetItem* item);
    QTreeWidgetItem* itemOf(const std::string& id) const;  // null: it is not listed
    const Exchange* exchangeOf(const QTreeWidgetItem* item) const;

    std::vector<Exchange> exchanges_;
    std::string shown_;
};

}  // namespace lvr
