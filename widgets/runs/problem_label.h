#pragma once

#include <QLabel>

namespace lvr {

// One sentence below a field that is not right, red on any ground; nothing otherwise.
class ProblemLabel : public QLabel {
public:
    explicit ProblemLabel(QWidget* parent = nullptr);
    void say(const QString& sentence);  // empty: all is well

protected:
    void changeEvent(QEvent* event) override;

private:
    void colour();
};

}  // namespace lvr
