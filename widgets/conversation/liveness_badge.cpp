#include "widgets/conversation/liveness_badge.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>

#include "widgets/colours.h"

namespace lvr {
namespace {

QString meaning(const Liveness& liveness) {
    switch (liveness.state) {
        case Liveness::State::Plain:
            if (std::holds_alternative<NoLatents>(liveness.rule))
                return QObject::tr("The answer was decoded as any language model does.");
            return QObject::tr("It was free to think in latents, and went straight to words.");
        case Liveness::State::Doubtful:
            return QObject::tr(
                "Something stands between these latents and the answer: read below.");
        case Liveness::State::Alive:
            return QObject::tr(
                "The model's own hidden states were its inputs, and it ended the thought itself.");
    }
    return {};
}

QString explain(const Liveness& liveness) {
    return QObject::tr(
               "<p>%1</p>"
               "<p><b>Fed back</b>: the last hidden state itself was the next input, instead of "
               "the embedding of a token. <b>Replaced</b>: the picture's nearest visual token was "
               "fed in its place.</p>"
               "<p><b>Ended by</b>: the exit rule's condition held after the last latent. "
               "<b>Cut</b>: it never held, and the longest span or the token limit was "
               "reached.</p>"
               "<p><b>Closed</b>: &lt;|lvr_end|&gt; followed the last latent, as in training. "
               "<b>Not closed</b>: the model went on in text without it.</p>"
               "<p>Fed back does not mean used: swap or replace the latents to see that.</p>")
        .arg(meaning(liveness));
}

}  // namespace

LivenessBadge::LivenessBadge(QWidget* parent)
    : QFrame(parent), dot_(new QLabel(QStringLiteral("●"), this)), text_(new QLabel(this)) {
    setAccessibleName(tr("Were latents fed back"));
    text_->setWordWrap(true);
    text_->setTextFormat(Qt::PlainText);  // a method's name is anybody's text
    text_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(dot_, 0, Qt::AlignTop);
    row->addWidget(text_, 1);
    clear();
}

void LivenessBadge::show(const Liveness& liveness) {
    shown_ = liveness;
    text_->setText(QString::fromStdString(toText(liveness)));
    setToolTip(explain(liveness));
    setAccessibleDescription(text_->text());
    colour();
    setVisible(true);
}

void LivenessBadge::clear() {
    shown_.reset();
    text_->clear();
    setVisible(false);
}

QString LivenessBadge::text() const { return text_->text(); }

void LivenessBadge::colour() {
    if (!shown_) return;
    QPalette colours = palette();
    colours.setColor(QPalette::WindowText, livenessColour(shown_->state, palette()));
    dot_->setPalette(colours);
}

void LivenessBadge::changeEvent(QEvent* event) {
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) colour();
}

}  // namespace lvr
