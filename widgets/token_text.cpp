#include "widgets/token_text.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QTextCursor>
#include <QToolTip>
#include <algorithm>

namespace lvr {

TokenText::TokenText(QWidget* parent) : QTextEdit(parent) {
    setReadOnly(true);
    setAcceptDrops(false);
    setUndoRedoEnabled(false);
}

void TokenText::clearPieces() {
    pieces_.clear();
    latents_.clear();
}

void TokenText::addPiece(int begin, int end, bool isLatent) {
    if (isLatent) latents_.push_back(static_cast<int>(pieces_.size()));
    pieces_.push_back({begin, end, isLatent ? latentCount() - 1 : kNone});
}

QTextCursor TokenText::cursorOver(int piece) const {
    QTextCursor words(document());
    words.setPosition(pieces_[piece].begin);
    words.setPosition(pieces_[piece].end, QTextCursor::KeepAnchor);
    return words;
}

// A piece that wraps is taken at its end, where its last line is. Cursors in one line differ in
// height where a chip stands beside a word.
QRect TokenText::rectOf(int piece) const {
    QTextCursor begin(document()), end(document());
    begin.setPosition(pieces_[piece].begin);
    end.setPosition(pieces_[piece].end);
    const QRect left = cursorRect(begin), right = cursorRect(end);
    const bool oneLine = left.bottom() > right.top() && right.bottom() > left.top();
    const int top = oneLine ? std::min(left.top(), right.top()) : right.top();
    const int bottom = oneLine ? std::max(left.bottom(), right.bottom()) : right.bottom();
    return {QPoint(oneLine ? left.left() : 0, top), QPoint(right.left() - 1, bottom)};
}

// The cursor goes to the nearer side of a letter, and therefore perhaps to a neighbour's end.
int TokenText::pieceAt(const QPoint& at) const {
    const int near = cursorForPosition(at).position();
    const auto after = std::ranges::upper_bound(pieces_, near, {}, &Piece::begin);
    const int index = static_cast<int>(after - pieces_.begin());
    const int last = static_cast<int>(pieces_.size()) - 1;
    for (int piece = std::max(index - 2, 0); piece <= std::min(index, last); ++piece)
        if (rectOf(piece).contains(at)) return piece;
    return kNone;
}

QString TokenText::explain(const QPoint& at) const {
    const int piece = pieceAt(at);
    return piece == kNone ? QString() : about(piece);
}

QRect TokenText::latentRect(int latent) const {
    return latent >= 0 && latent < latentCount() ? rectOf(latents_[latent]) : QRect();
}

bool TokenText::viewportEvent(QEvent* event) {
    if (event->type() != QEvent::ToolTip) return QTextEdit::viewportEvent(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    QToolTip::showText(help->globalPos(), explain(help->pos()), viewport());
    return true;
}

// Of what is being selected nothing is clicked.
void TokenText::mouseReleaseEvent(QMouseEvent* event) {
    QTextEdit::mouseReleaseEvent(event);
    const int piece = pieceAt(event->pos());
    if (event->button() != Qt::LeftButton || piece == kNone || pieces_[piece].latent == kNone)
        return;
    const Piece& clicked = pieces_[piece];
    const int selected = textCursor().selectionEnd() - textCursor().selectionStart();
    if (selected <= clicked.end - clicked.begin) latentClicked(clicked.latent);
}

}  // namespace lvr
