#pragma once

#include <QWidget>
#include <string>
#include <vector>

#include "core/values/image.h"

class QAction;
class QLabel;
class QListWidget;

namespace lvr {

// The drawn regions in the order of the thought, with their labels: dragged or moved by keys into
// another order, renamed, hidden on the picture, removed.
class RegionList : public QWidget {
    Q_OBJECT
public:
    // more: what else is done with all regions, offered below the list.
    explicit RegionList(QWidget* parent = nullptr);
    void offer(const QList<QAction*>& more);

    struct Shown {
        std::vector<Box> boxes;
        std::vector<std::string> names;  // may be fewer
        std::vector<int> hidden;
        int chosen = -1;
        bool operator==(const Shown&) const = default;
    };
    void show(const Shown& regions);
    QList<QAction*> actions() const { return actions_; }

Q_SIGNALS:
    void chosen(int region);
    void moved(int from, int to);
    void renamed(int region, const QString& name);
    void hidden(int region, bool hides);
    void removed(int region);

private:
    void makeActions();
    QAction* addAction(const QString& name, const QString& text, const QKeySequence& key,
                       const QString& tip);
    void moveBy(int by);
    void updateActions();

    Shown shown_;
    QListWidget* list_;
    QLabel* empty_;
    QWidget* more_;
    QAction *up_ = nullptr, *down_ = nullptr, *rename_ = nullptr, *hide_ = nullptr,
            *remove_ = nullptr;
    QList<QAction*> actions_;
};

}  // namespace lvr
