#include "widgets/elided_label.h"

#include <QHelpEvent>
#include <QPainter>
#include <QStyle>
#include <QToolTip>
#include <algorithm>

namespace lvr {
namespace {

constexpr qsizetype kMostLetters = 2000;  // more than any line shows
constexpr int kWidestInLetters = 120;

}  // namespace

ElidedLabel::ElidedLabel(QWidget* parent) : QLabel(parent) {
    setTextFormat(Qt::PlainText);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

QString ElidedLabel::line() const { return text().left(kMostLetters).simplified(); }

bool ElidedLabel::isCut() const {
    return line() != text() || fontMetrics().horizontalAdvance(line()) > contentsRect().width();
}

QSize ElidedLabel::sizeHint() const {
    const QMargins around = contentsMargins();
    const int wanted = fontMetrics().horizontalAdvance(line()) + 1;
    const int widest = fontMetrics().averageCharWidth() * kWidestInLetters;
    return {std::min(wanted, widest) + around.left() + around.right(),
            fontMetrics().height() + around.top() + around.bottom()};
}

QSize ElidedLabel::minimumSizeHint() const {
    return {fontMetrics().averageCharWidth() * 3, sizeHint().height()};
}

bool ElidedLabel::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip || !isCut() || !toolTip().isEmpty())
        return QLabel::event(event);
    QToolTip::showText(static_cast<QHelpEvent*>(event)->globalPos(), text().left(kMostLetters),
                       this);
    return true;
}

void ElidedLabel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QString shown = fontMetrics().elidedText(line(), Qt::ElideRight, contentsRect().width());
    style()->drawItemText(&painter, contentsRect(),
                          static_cast<int>(QStyle::visualAlignment(layoutDirection(), alignment())),
                          palette(), isEnabled(), shown, foregroundRole());
}

}  // namespace lvr
