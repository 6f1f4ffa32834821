#pragma once

#include <QList>
#include <QToolBar>

class QAction;
class QKeySequence;
class QLabel;
class QObject;
class QString;
class QUndoStack;
class QWidget;

namespace lvr {

struct FixedKeys;

// The tools for drawing regions in one row, with a word on what is drawn; what does not fit goes
// behind its arrow.
class RegionBar : public QToolBar {
    Q_OBJECT
public:
    RegionBar(const QList<QAction*>& actions, QWidget* parent = nullptr);
    void say(const QString& summary);

private:
    QLabel* summary_;
};

// What there is to do with regions now.
struct RegionChances {
    bool picture = false;
    bool regions = false;  // some are drawn
    bool chosen = false;   // while drawing
    bool grid = false;     // the visual tokens are known
    bool picked = false;   // some of them are marked
    bool known = false;    // the question has regions of its own that are not drawn yet
    bool model = false;    // it could answer now
};

// The tools for drawing regions; their keys work inside the panel.
struct RegionActions {
    RegionActions(QUndoStack& history, QWidget* panel, QObject* owner);
    void allow(const RegionChances& chances);  // and say of the others why not
    QList<QAction*> menu() const;              // with lines between
    QList<QAction*> bar() const;               // those that are wanted while drawing

    QAction* draw;
    QAction* add;
    QAction* remove;
    QAction* clear;
    QAction* undo;
    QAction* redo;
    QAction* tokens;
    QAction* snap;
    QAction* fromTokens;
    QAction* useKnown;
    QAction* copy;
    QAction* paste;
    QAction* thought;
    QAction* record;

private:
    void addTo(QWidget* panel, QObject* owner);
    QList<QAction*> menu_;
};

FixedKeys regionKeys();  // what else is pressed while drawing

}  // namespace lvr
