#pragma once

#include <QFrame>
#include <optional>

#include "core/values/liveness.h"

class QLabel;

namespace lvr {

// One line under an answer: were hidden states fed back, how many, why did it end, was it closed.
// Its tool tip explains the words.
class LivenessBadge : public QFrame {
    Q_OBJECT
public:
    explicit LivenessBadge(QWidget* parent = nullptr);
    void show(const Liveness& liveness);
    void clear();  // nothing is said
    QString text() const;

protected:
    void changeEvent(QEvent* event) override;

private:
    void colour();

    QLabel* dot_;
    QLabel* text_;
    std::optional<Liveness> shown_;
};

}  // namespace lvr
