#pragma once

#include <QWidget>
#include <optional>

#include "core/values/trace.h"

class QAction;
class QRadioButton;
class QToolButton;

namespace lvr {

// What an answer was, with how sure the model was of its words: "star (97 %)".
QString answerWithProbability(const Trace& trace);

// The answer from the model's own thought beside the one from a thought that was given, and the
// choice which of them is looked at. Hidden while there is neither a region nor a given thought.
class ThoughtRow : public QWidget {
    Q_OBJECT
public:
    // useAsThought: asks with the regions as thought.
    explicit ThoughtRow(QWidget* parent = nullptr);

    void offer(QAction* useAsThought);
    void setRegions(int count);
    // Null: there is none.
    void show(const Trace* own, const Trace* given, bool givenIsShown);

Q_SIGNALS:
    void ownWanted();
    void givenWanted();

private:
    void updateVisible();

    QToolButton* use_;
    QRadioButton* own_;
    QRadioButton* given_;
    int regions_ = 0;
    bool compares_ = false;
};

}  // namespace lvr
