#include "widgets/rollouts/rollout_tokens.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QTextBlock>
#include <QToolTip>
#include <algorithm>
#include <cmath>
#include <utility>

#include "widgets/colours.h"
#include "widgets/fixed_keys.h"

namespace lvr {
namespace {

constexpr QChar kHairSpace(0x200A), kNoBreakSpace(0x00A0);

bool isMarker(const std::string& text) { return text.starts_with("<|") && text.ends_with("|>"); }

// Line ends are shown as well as done: a lone one would have no tint to see.
QString shown(const std::string& text) {
    return QString::fromStdString(text).replace('\n', QStringLiteral("⏎\n"));
}

}  // namespace

RolloutTokens::RolloutTokens(QWidget* parent) : QTextEdit(parent) {
    setReadOnly(true);
    setUndoRedoEnabled(false);
    setAcceptDrops(false);
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    setAccessibleName(tr("Generated positions"));
    setFixedKeys(*this, {tr("generated positions"), {{tr("Left, Right"), tr("Choose a latent")}}});
    setPlaceholderText(tr("Choose a rollout to see what it generated."));
}

void RolloutTokens::show(const std::vector<RolloutToken>& tokens) {
    tokens_ = tokens;
    spans_.clear();
    blocks_.clear();
    selected_ = kNone;
    QTextEdit::clear();
    QTextCursor end(document());
    end.beginEditBlock();
    for (std::size_t i = 0; i < tokens_.size(); ++i) append(tokens_[i], static_cast<int>(i), end);
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

void RolloutTokens::append(const RolloutToken& token, int position, QTextCursor& end) {
    Span span{.begin = end.position(), .token = position};
    if (token.isLatent) {
        span.latent = latentCount();
        blocks_.push_back(static_cast<int>(spans_.size()));
        end.insertText(kNoBreakSpace + QString::number(latentCount()) + kNoBreakSpace,
                       formatOf(token, false));
    } else {
        end.insertText(shown(token.text), formatOf(token, false));
    }
    span.end = end.position();
    spans_.push_back(span);
    if (token.isLatent) end.insertText(QString(kHairSpace), {});
}

void RolloutTokens::tint(const Span& span) {
    QTextCursor words(document());
    words.setPosition(span.begin);
    words.setPosition(span.end, QTextCursor::KeepAnchor);
    words.setCharFormat(
        formatOf(tokens_[span.token], span.latent != kNone && span.latent == selected_));
}

void RolloutTokens::selectLatent(int latent) {
    const int before =
        std::exchange(selected_, latent < latentCount() ? std::max(latent, kNone) : kNone);
    for (const int changed : {before, selected_})
        if (changed != kNone) tint(spans_[blocks_[changed]]);
}

void RolloutTokens::choose(int latent) {
    selectLatent(latent == selected_ ? kNone : latent);
    Q_EMIT latentSelected(selected_);
}

QRect RolloutTokens::rectOf(const Span& span) const {
    QTextCursor begin(document()), end(document());
    begin.setPosition(span.begin);
    end.setPosition(span.end);
    const QRect left = cursorRect(begin), right = cursorRect(end);
    const bool oneLine = left.bottom() > right.top() && right.bottom() > left.top();
    // A span that wraps is taken at its end.
    return QRect(QPoint(oneLine ? left.left() : 0,
                        oneLine ? std::min(left.top(), right.top()) : right.top()),
                 QPoint(right.left() - 1, std::max(oneLine ? left.bottom() : 0, right.bottom())));
}

const RolloutTokens::Span* RolloutTokens::spanAt(const QPoint& at) const {
    const int near = cursorForPosition(at).position();
    for (const Span& span : spans_)
        if (span.begin <= near && near <= span.end && rectOf(span).contains(at)) return &span;
    return nullptr;
}

QRect RolloutTokens::blockRect(int latent) const {
    return latent >= 0 && latent < latentCount() ? rectOf(spans_[blocks_[latent]]) : QRect();
}

QString RolloutTokens::explain(const QPoint& at) const {
    const Span* span = spanAt(at);
    if (!span) return {};
    const RolloutToken& token = tokens_[span->token];
    const QString sampled = QString::fromStdString(token.text);
    if (span->latent != kNone)
        return tr("Latent %1 (position %2): a hidden state was fed here.\nShadow token %3, sampled "
                  "and never fed\nClick to see what it looked at.")
            .arg(span->latent + 1)
            .arg(span->token + 1)
            .arg(sampled);
    return tr("%1\nlog-probability %2 (%3 %)\nposition %4, token %5")
        .arg(sampled)
        .arg(token.logProbability, 0, 'f', 3)
        .arg(std::exp(token.logProbability) * 100, 0, 'f', 2)
        .arg(span->token + 1)
        .arg(token.id);
}

bool RolloutTokens::viewportEvent(QEvent* event) {
    if (event->type() != QEvent::ToolTip) return QTextEdit::viewportEvent(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    QToolTip::showText(help->globalPos(), explain(help->pos()), viewport());
    return true;
}

void RolloutTokens::mouseReleaseEvent(QMouseEvent* event) {
    QTextEdit::mouseReleaseEvent(event);
    const Span* span = spanAt(event->pos());
    if (event->button() == Qt::LeftButton && span && span->latent != kNone) choose(span->latent);
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
        for (const Span& span : spans_) tint(span);
    QTextEdit::changeEvent(event);
}

}  // namespace lvr
