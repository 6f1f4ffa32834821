#pragma once

#include <QWidget>
#include <vector>

#include "core/values/exchange.h"

class QAction;
class QHBoxLayout;
class QLabel;
class QMenu;

namespace lvr {

class ExchangeList;

// The conversation about the picture on screen and what can be done with it. Knows no files and no
// model: says by signals what is wanted.
class ConversationPanel : public QWidget {
    Q_OBJECT
public:
    explicit ConversationPanel(QWidget* parent = nullptr);

    void show(const std::vector<Exchange>& exchanges);
    void markShown(const std::string& id);  // the answer on screen; empty: none of them
    void say(const QString& note);          // under the list, until something else; empty: nothing

Q_SIGNALS:
    void chosen(const lvr::Exchange& exchange);
    void editWanted(const lvr::Exchange& exchange);
    void againWanted(const lvr::Exchange& exchange);
    // The same question, decoded otherwise.
    void branchWanted(const lvr::Exchange& exchange, const lvr::DecodeOptions& options);
    void copyWanted(const lvr::Exchange& exchange);
    void removeWanted(const lvr::Exchange& exchange);
    void copyAllWanted();
    void exportWanted();
    void clearWanted();

private:
    void makeActions();
    void build();
    void addButton(QHBoxLayout* row, QAction* action, QMenu* menu = nullptr);
    QAction* addAction(const QString& name, const QString& text, const QString& tip,
                       const QKeySequence& key, void (ConversationPanel::*wanted)(const Exchange&));
    QMenu* branchMenu();
    void updateActions();

    ExchangeList* list_;
    QLabel* empty_;
    QLabel* note_;
    QAction *edit_ = nullptr, *again_ = nullptr, *branch_ = nullptr, *copy_ = nullptr,
            *remove_ = nullptr, *copyAll_ = nullptr, *export_ = nullptr, *clear_ = nullptr;
    bool any_ = false;  // there are answers
};

}  // namespace lvr
