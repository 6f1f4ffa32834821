#include "widgets/token_stream.h"

#include <QAbstractTextDocumentLayout>
#include <QKeyEvent>
#include <QMimeData>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <QTextDocument>
#include <QTextObjectInterface>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "core/values/anchor_spans.h"
#include "core/values/dialect.h"

namespace lvr {
namespace {

constexpr int kChip = QTextFormat::UserObject + 1;
constexpr int kNumber = QTextFormat::UserProperty + 1;
constexpr int kSelected = QTextFormat::UserProperty + 2;
constexpr int kEnd = QTextFormat::UserProperty + 3;
constexpr int kDim = QTextFormat::UserProperty + 4;  // a marker, in less than the text's ink
constexpr float kUnsure = 0.5f;                      // words below this probability are underlined

// Draws a latent step inside the text: a rounded chip with its number, filled from below by P(end).
class Chip : public QObject, public QTextObjectInterface {
    Q_OBJECT
    Q_INTERFACES(QTextObjectInterface)
public:
    using QObject::QObject;

    QSizeF intrinsicSize(QTextDocument* document, int, const QTextFormat& format) override {
        const QFontMetricsF metrics(document->defaultFont());
        const QString number = format.property(kNumber).toString();
        return {std::max(metrics.horizontalAdvance(number) + 14, 24.0), metrics.height() + 5};
    }

    void drawObject(QPainter* painter, const QRectF& rect, QTextDocument* document, int,
                    const QTextFormat& format) override {
        const auto* edit = qobject_cast<QWidget*>(document->parent());
        const QPalette colours = edit ? edit->palette() : QPalette();
        const QColor accent = colours.highlight().color();
        const bool selected = format.property(kSelected).toBool();
        const QRectF box = rect.adjusted(2, 1, -2, -1);
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(QPen(accent, selected ? 2 : 1));
        QColor fill = accent;
        fill.setAlphaF(selected ? 1.0f : 0.18f);
        painter->setBrush(fill);
        painter->drawRoundedRect(box, 5, 5);
        drawEnd(painter, box, format.property(kEnd).toDouble());
        painter->setPen(selected ? colours.highlightedText().color() : colours.text().color());
        painter->setFont(document->defaultFont());
        painter->drawText(box, Qt::AlignCenter, format.property(kNumber).toString());
    }

private:
    static void drawEnd(QPainter* painter, const QRectF& box, double probability) {
        const double width = (box.width() - 8) * std::clamp(probability, 0.0, 1.0);
        painter->fillRect(QRectF(box.left() + 4, box.bottom() - 3, width, 2), QColor(64, 156, 255));
    }
};

QColor dimmed(const QPalette& palette) {
    QColor dim = palette.text().color();
    dim.setAlphaF(0.6f);
    return dim;
}

bool isSpecial(const std::string& text) {
    const bool isMark = std::ranges::find(dialectTokens(), text) != dialectTokens().end();
    return isMark || (text.starts_with("<|") && text.ends_with("|>"));
}

QString percent(float share) { return QString::number(share * 100, 'f', share < 0.1f ? 2 : 1); }

}  // namespace

TokenStream::TokenStream(QWidget* parent) : TokenText(parent) {
    setFrameShape(QFrame::StyledPanel);
    setAccessibleName(tr("Answer, position by position"));
    setPlaceholderText(
        tr("The answer appears here. Numbered chips are latent steps: click one to "
           "see what it looked at."));
    viewport()->setMouseTracking(true);
    document()->documentLayout()->registerHandler(kChip, new Chip(this));
}

void TokenStream::clear() {
    clearPieces();
    about_.clear();
    said_.clear();
    selected_ = at_ = -1;
    setExtraSelections({});
    QTextEdit::clear();
    setAccessibleDescription({});
}

void TokenStream::show(const Trace& trace) {
    clear();
    setDialect(trace.dialect);
    for (const DecodeStep& step : trace.steps) append(step);
}

void TokenStream::append(const DecodeStep& step) {
    std::visit([&](const auto& what) { add(step, what); }, step.what);
    verticalScrollBar()->setValue(verticalScrollBar()->maximum());
    const bool isLatent = std::holds_alternative<LatentStep>(step.what);
    said_ += isLatent ? QStringLiteral("*") : QString::fromStdString(step.text);
    setAccessibleDescription(said_);
}

void TokenStream::add(const DecodeStep& step, const TextStep& text) {
    QTextCursor end(document());
    end.movePosition(QTextCursor::End);
    const int begin = end.position();
    QTextCharFormat format;
    if (isSpecial(step.text)) {
        format.setProperty(kDim, true);
        format.setForeground(dimmed(palette()));
        format.setFontPointSize(font().pointSizeF() * 0.85);
    } else if (text.probability < kUnsure) {
        format.setUnderlineStyle(QTextCharFormat::DotLine);
    }
    const auto anchor = anchorMethodOf(step.text);
    if (anchor) {
        QColor tint = palette().highlight().color();
        tint.setAlphaF(0.18f);
        format.setBackground(tint);
    }
    end.insertText(QString::fromStdString(step.text), format);
    QString about = QString::fromStdString(step.text);
    if (anchor)
        about += tr("\nanchor token of %1: read as a token, nothing is fed back")
                     .arg(QString::fromStdString(*anchor));
    if (!std::isnan(text.probability))
        about += tr("\nprobability %1 %").arg(percent(text.probability));
    about += tr("\nposition %1").arg(step.position);
    about_.push_back(about);
    addPiece(begin, end.position(), false);
}

void TokenStream::add(const DecodeStep& step, const LatentStep& latent) {
    QTextCursor end(document());
    end.movePosition(QTextCursor::End);
    const int begin = end.position();
    QTextCharFormat format;
    format.setObjectType(kChip);
    format.setProperty(kNumber, QString::number(latentCount() + 1));
    format.setProperty(kEnd, std::isnan(latent.endProbability) ? 0 : latent.endProbability);
    format.setVerticalAlignment(QTextCharFormat::AlignMiddle);
    end.insertText(QString(QChar::ObjectReplacementCharacter), format);
    QString about =
        tr("Latent step %1\nnorm %2").arg(latentCount() + 1).arg(latent.norm, 0, 'f', 3);
    if (!std::isnan(latent.endProbability))
        about += tr("\nP(end) %1 %").arg(percent(latent.endProbability));
    if (step.token >= 0) about += tr("\nshadow token %1").arg(QString::fromStdString(step.text));
    about += tr("\nposition %1").arg(step.position);
    if (latent.endDistance)
        about += tr("\ndistance to the end vector %1").arg(*latent.endDistance, 0, 'g', 4);
    about_.push_back(about);
    addPiece(begin, end.position(), true);
}

void TokenStream::selectStep(int latentStep) {
    const auto mark = [&](int step, bool selected) {
        if (step < 0 || step >= latentCount()) return;
        QTextCharFormat format;
        format.setProperty(kSelected, selected);
        cursorOver(pieceOf(step)).mergeCharFormat(format);
    };
    if (latentStep == selected_) return;
    if (latentStep >= 0 && latentStep < latentCount()) at_ = pieceOf(latentStep);
    mark(selected_, false);
    mark(latentStep, true);
    selected_ = latentStep;
}

void TokenStream::mouseMoveEvent(QMouseEvent* event) {
    const int piece = pieceAt(event->pos());
    const bool isChip = piece != kNone && pieces()[piece].latent != kNone;
    viewport()->setCursor(isChip ? Qt::PointingHandCursor : Qt::IBeamCursor);
    QTextEdit::mouseMoveEvent(event);
}

void TokenStream::keyPressEvent(QKeyEvent* event) {
    const int last = static_cast<int>(pieces().size()) - 1;
    if (event->modifiers() != Qt::NoModifier || last < 0) return QTextEdit::keyPressEvent(event);
    switch (event->key()) {
        case Qt::Key_Left:
            return goTo(at_ < 0 ? last : at_ - 1);
        case Qt::Key_Right:
            return goTo(at_ + 1);
        case Qt::Key_Home:
            return goTo(0);
        case Qt::Key_End:
            return goTo(last);
    }
    QTextEdit::keyPressEvent(event);
}

void TokenStream::goTo(int position) {
    at_ = std::clamp(position, 0, static_cast<int>(pieces().size()) - 1);
    const Piece piece = pieces()[at_];
    const QString about = about_[at_];
    QTextCursor place(document());
    place.setPosition(piece.begin);
    setTextCursor(place);  // scrolls there
    showPlace();
    if (piece.latent != kNone) Q_EMIT stepSelected(piece.latent);
    setAccessibleDescription(about);
    const QRect rect = rectOf(at_);
    QToolTip::showText(viewport()->mapToGlobal(rect.bottomLeft()), about, viewport());
}

// Tinted, not selected: what is selected can be copied and dragged.
void TokenStream::showPlace() {
    QTextEdit::ExtraSelection place;
    place.cursor = cursorOver(at_);
    QColor back = palette().highlight().color();
    back.setAlphaF(0.35f);
    place.format.setBackground(back);
    setExtraSelections({place});
}

void TokenStream::focusOutEvent(QFocusEvent* event) {
    setExtraSelections({});
    QToolTip::hideText();
    QTextEdit::focusOutEvent(event);
}

void TokenStream::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) recolour();
    QTextEdit::changeEvent(event);
}

// Markers keep the ink that they were written with; chips take it from the palette.
void TokenStream::recolour() {
    for (int piece = 0; piece < static_cast<int>(pieces().size()); ++piece) {
        QTextCursor words = cursorOver(piece);
        if (!words.charFormat().boolProperty(kDim)) continue;
        QTextCharFormat ink;
        ink.setForeground(dimmed(palette()));
        words.mergeCharFormat(ink);
    }
    viewport()->update();
}

// Chips are copied as the token that marks a latent position.
QMimeData* TokenStream::createMimeDataFromSelection() const {
    auto* data = new QMimeData;  // the clipboard takes it
    QString text = textCursor().selectedText();
    text.replace(QChar::ParagraphSeparator, '\n').replace(QChar::LineSeparator, '\n');
    data->setText(text.replace(QChar::ObjectReplacementCharacter,
                               QString::fromStdString(knownDialect(dialect_).latent)));
    return data;
}

}  // namespace lvr

#include "token_stream.moc"
