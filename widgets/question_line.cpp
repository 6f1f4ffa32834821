#include "widgets/question_line.h"

#include <QKeyEvent>
#include <QMimeData>

#include "widgets/action_tip.h"

namespace lvr {

QuestionLine::QuestionLine(QWidget* parent) : QPlainTextEdit(parent) {
    setTabChangesFocus(true);
    setFixedKeys(*this, {tr("the question"),
                         {{tr("Enter"), tr("Ask")}, {tr("Shift+Enter"), tr("New line")}}});
    setAccessibleName(tr("Question"));
    setPlaceholderText(tr("Ask about the picture, then press Enter"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QSize QuestionLine::sizeHint() const {
    constexpr int kLines = 2;
    const int margins = 2 * (frameWidth() + static_cast<int>(document()->documentMargin()));
    return {240, fontMetrics().lineSpacing() * kLines + margins + 2};
}

void QuestionLine::keyPressEvent(QKeyEvent* event) {
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (enter && !(event->modifiers() & Qt::ShiftModifier)) {
        Q_EMIT asked();
        return;
    }
    if (event->key() == Qt::Key_Escape) return event->ignore();  // the window's: stop
    QPlainTextEdit::keyPressEvent(event);
}

bool QuestionLine::canInsertFromMimeData(const QMimeData* source) const {
    return source->hasImage() || source->hasUrls() || QPlainTextEdit::canInsertFromMimeData(source);
}

void QuestionLine::insertFromMimeData(const QMimeData* source) {
    if (source->hasUrls())
        Q_EMIT filesGiven(source->urls());
    else if (source->hasImage())
        Q_EMIT picturePasted(qvariant_cast<QImage>(source->imageData()));
    else
        QPlainTextEdit::insertFromMimeData(source);
}

}  // namespace lvr
