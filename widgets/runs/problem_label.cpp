#include "widgets/runs/problem_label.h"

#include <QEvent>

#include "widgets/colours.h"

namespace lvr {

ProblemLabel::ProblemLabel(QWidget* parent) : QLabel(parent) {
    setWordWrap(true);
    setTextFormat(Qt::PlainText);
    colour();
    hide();
}

void ProblemLabel::say(const QString& sentence) {
    setText(sentence);
    setHidden(sentence.isEmpty());
}

void ProblemLabel::colour() {
    const QColor red = statusColour(RunStatus::Failed, isDark(palette()));
    if (palette().color(QPalette::WindowText) == red) return;  // our own change comes back here
    QPalette ours;
    ours.setColor(QPalette::WindowText, red);
    setPalette(ours);
}

void ProblemLabel::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) colour();
    QLabel::changeEvent(event);
}

}  // namespace lvr
