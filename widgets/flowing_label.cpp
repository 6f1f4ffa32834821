#include "widgets/flowing_label.h"

#include <QAbstractTextDocumentLayout>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QMenu>
#include <QPainter>
#include <QTextBlock>
#include <QTextDocument>
#include <algorithm>
#include <cmath>

namespace lvr {
namespace {

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
