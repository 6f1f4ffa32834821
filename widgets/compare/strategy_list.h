#pragma once

#include <QWidget>
#include <vector>

#include "widgets/compare/strategy.h"

class QListWidget;
class QAction;
class QToolButton;

namespace lvr {

class StrategyForm;

// The strategies to compare, in order, and the fields of the chosen one. The first is what the
// others are held against.
class StrategyList : public QWidget {
    Q_OBJECT
public:
    explicit StrategyList(QWidget* parent = nullptr);
    const std::vector<Strategy>& strategies() const { return strategies_; }
    void setStrategies(std::vector<Strategy> strategies);
    int current() const;  // -1: the list is empty
    void setCurrent(int index);

public Q_SLOTS:
    void add(const std::vector<lvr::Strategy>& strategies);  // after the chosen one
    void duplicate();
    void removeCurrent();
    void moveUp() { move(-1); }
    void moveDown() { move(1); }

Q_SIGNALS:
    void changed();

private:
    void build();
    // shown: on its button.
    QAction* action(const QString& name, const QString& shown, const QString& text,
                    const QKeySequence& keys, void (StrategyList::*act)());
    QToolButton* buttonOf(QAction* action);
    void fillAddMenu(QToolButton* add);
    void move(int by);
    void edit(const Strategy& strategy);
    void showAll(int current);
    void showItem(int index);
    void showCurrent();

    std::vector<Strategy> strategies_;
    QListWidget* list_;
    StrategyForm* form_;
    QAction *duplicate_ = nullptr, *remove_ = nullptr, *up_ = nullptr, *down_ = nullptr;
};

}  // namespace lvr
