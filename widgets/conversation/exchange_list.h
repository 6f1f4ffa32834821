#pragma once

#include <QTreeWidget>
#include <optional>
#include <vector>

#include "core/values/exchange.h"

namespace lvr {

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
    bool severalModels_ = false;  // the answers are of different models
};

}  // namespace lvr
