#include "widgets/rollouts/rollout_tokens.h"

#include <QKeyEvent>
#include <QTextBlock>
#include <algorithm>
#include <cmath>
#include <utility>

#include "widgets/action_tip.h"
#include "widgets/rollouts/rollout_colours.h"

namespace lvr {
namespace {

constexpr QChar kHairSpace(0x200A), kNoBreakSpace(0x00A0);

bool isMarker(const std::string& text) { return text.starts_with("<|") && text.ends_with("|>"); }

// Line ends are shown as well as done: a lone one would have no tint to see.
QString shown(const std::string& text) {
    return QString::fromStdString(text).replace('\n', QStringLiteral("⏎\n"));
}

}  // namespace

RolloutTokens::RolloutTokens(QWidget* parent) : TokenText(parent) {
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    setAccessibleName(tr("Generated positions"));
    setFixedKeys(*this, {tr("generated positions"), {{tr("Left, Right"), tr("Choose a latent")}}});
    setPlaceholderText(tr("Choose a rollout to see what it generated."));
}

void RolloutTokens::show(const std::vector<RolloutToken>& tokens) {
    tokens_ = tokens;
    clearPieces();
    selected_ = kNone;
    QTextEdit::clear();
    QTextCursor end(document());
    end.beginEditBlock();
    for (const RolloutToken& token : tokens_) append(token, end);
    end.endEditBlock();
    moveCursor(QTextCursor::Start);
    setAccessibleDescription(
        tr("positions: %1, latents: %2").arg(tokens_.size()).arg(latentCount()));
}

QTextCharFormat RolloutTokens::formatOf(const RolloutToken& token, bool selected) const {
    QTextCharFormat format;
    const QColor accent = palette().highlight().color();
    if (token.isLatent) {
        format.setBackground(selected ? accent : faded(accent, 0.3));
        if (selected) format.setForeground(palette().highlightedText());
        return format;
    }
    format.setBackground(surpriseColour(palette(), token.logProbability));
    if (isMarker(token.text)) format.setFontPointSize(font().pointSizeF() * 0.85);
    return format;
}

void RolloutTokens::append(const RolloutToken& token, QTextCursor& end) {
    const int begin = end.position();
    const QString text = token.isLatent
                             ? kNoBreakSpace + QString::number(latentCount() + 1) + kNoBreakSpace
                             : shown(token.text);
    end.insertText(text, formatOf(token, false));
    addPiece(begin, end.position(), token.isLatent);
    if (token.isLatent) end.insertText(QString(kHairSpace), {});
}

void RolloutTokens::tint(int piece) {
    const int latent = pieces()[piece].latent;
    cursorOver(piece).setCharFormat(
        formatOf(tokens_[piece], latent != kNone && latent == selected_));
}

void RolloutTokens::selectLatent(int latent) {
    const int before =
        std::exchange(selected_, latent < latentCount() ? std::max(latent, kNone) : kNone);
    for (const int changed : {before, selected_})
        if (changed != kNone) tint(pieceOf(changed));
}

void RolloutTokens::choose(int latent) {
    selectLatent(latent == selected_ ? kNone : latent);
    Q_EMIT latentSelected(selected_);
}

QString RolloutTokens::about(int piece) const {
    const RolloutToken& token = tokens_[piece];
    const QString sampled = QString::fromStdString(token.text);
    if (token.isLatent)
        return tr("Latent %1 (position %2): a hidden state was fed here.\nShadow token %3, sampled "
                  "and never fed\nClick to see what it looked at.")
            .arg(pieces()[piece].latent + 1)
            .arg(piece + 1)
            .arg(sampled);
    return tr("%1\nlog-probability %2 (%3 %)\nposition %4, token %5")
        .arg(sampled)
        .arg(token.logProbability, 0, 'f', 3)
        .arg(std::exp(token.logProbability) * 100, 0, 'f', 2)
        .arg(piece + 1)
        .arg(token.id);
}

void RolloutTokens::keyPressEvent(QKeyEvent* event) {
    const int by = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
    if (by == 0 || event->modifiers() != Qt::NoModifier || latentCount() == 0)
        return QTextEdit::keyPressEvent(event);
    const int from = selected_ == kNone && by < 0 ? latentCount() : selected_;
    const int to = std::clamp(from + by, 0, latentCount() - 1);
    if (to != selected_) choose(to);
}

void RolloutTokens::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange)
        for (int piece = 0; piece < static_cast<int>(pieces().size()); ++piece) tint(piece);
    QTextEdit::changeEvent(event);
}

}  // namespace lvr
