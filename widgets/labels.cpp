#include "widgets/labels.h"

#include <QAbstractTextDocumentLayout>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QHelpEvent>
#include <QMenu>
#include <QPainter>
#include <QStyle>
#include <QTextBlock>
#include <QTextDocument>
#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace lvr {
namespace {

constexpr qsizetype kMostLetters = 2000;  // more than any line shows
constexpr int kWidestInLetters = 120;

constexpr int kFewestPixels = 60;
constexpr qsizetype kMostCharacters = 4000;  // more than that many lines hold

// Position in `document` after its first `lines` lines.
int endOfLines(const QTextDocument& document, int lines) {
    for (auto block = document.begin(); block.isValid(); block = block.next()) {
        const auto* layout = block.layout();
        if (lines <= layout->lineCount()) {
            const auto line = layout->lineAt(lines - 1);
            return block.position() + line.textStart() + line.textLength();
        }
        lines -= layout->lineCount();
    }
    return document.characterCount() - 1;
}

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

FlowingLabel::FlowingLabel(QWidget* parent, int mostLines) : QLabel(parent), mostLines_(mostLines) {
    setWordWrap(true);
    setAlignment(Qt::AlignTop | Qt::AlignLeft);
}

int FlowingLabel::mostHeight() const { return mostLines_ * fontMetrics().lineSpacing(); }

void FlowingLabel::layOut(QTextDocument& document, int width) const {
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    document.setDefaultTextOption(option);
    document.setDefaultFont(font());
    document.setDocumentMargin(0);
    const bool rich = textFormat() == Qt::RichText;
    if (rich)
        document.setHtml(text());
    else
        document.setPlainText(text().left(kMostCharacters));
    document.setTextWidth(std::max(1, width));
    if (rich || document.size().height() <= mostHeight() + 1) return;
    const int end = endOfLines(document, mostLines_);
    document.setPlainText(document.toPlainText().left(std::max(0, end - 1)) + QStringLiteral("…"));
    document.setTextWidth(std::max(1, width));
}

int FlowingLabel::heightForWidth(int width) const {
    QTextDocument document;
    layOut(document, width);
    return std::min(mostHeight(), static_cast<int>(std::ceil(document.size().height())));
}

QSize FlowingLabel::sizeHint() const {
    constexpr int kUsual = 200;
    return {kUsual, heightForWidth(kUsual)};
}

QSize FlowingLabel::minimumSizeHint() const { return {kFewestPixels, fontMetrics().lineSpacing()}; }

void FlowingLabel::paintEvent(QPaintEvent* event) {
    QTextDocument document;
    layOut(document, contentsRect().width());
    QPainter painter(this);
    painter.setClipRect(event->rect() & contentsRect());
    painter.translate(contentsRect().topLeft());
    QAbstractTextDocumentLayout::PaintContext context;
    context.palette = palette();
    context.palette.setColor(QPalette::Text, palette().color(QPalette::WindowText));
    document.documentLayout()->draw(&painter, context);
}

void FlowingLabel::contextMenuEvent(QContextMenuEvent* event) {
    QMenu menu(this);
    const auto* copy = menu.addAction(tr("Copy"));
    if (menu.exec(event->globalPos()) != copy) return;
    QTextDocument whole;
    if (textFormat() == Qt::RichText)
        whole.setHtml(text());
    else
        whole.setPlainText(text());
    QGuiApplication::clipboard()->setText(whole.toPlainText());
}

}  // namespace lvr
