#include "widgets/causal/figure_view.h"

#include <QBuffer>
#include <QClipboard>
#include <QGuiApplication>
#include <QHelpEvent>
#include <QPainter>
#include <QStyleOption>
#include <QSvgGenerator>
#include <QToolTip>

#include "widgets/action_tip.h"
#include "widgets/colours.h"

namespace lvr {
namespace {

constexpr double kEdge = 6;       // pixels around a figure
constexpr double kSharpness = 2;  // of a copied one, pixels a unit

}  // namespace

FigureInk FigureInk::of(const QPalette& palette) {
    const QColor ink = palette.text().color();
    return {palette.base().color(), ink, faded(ink, 0.55), palette.highlight().color(),
            isDark(palette)};
}

FigureInk FigureInk::onPaper() {
    return {Qt::white, QColor(20, 20, 20), QColor(20, 20, 20, 150), QColor(0, 114, 178), false};
}

FigureView::FigureView(const QString& id, const QString& name, QWidget* parent) : QWidget(parent) {
    setAccessibleName(name);
    addListAction(*this, "figures.copy-" + id, tr("&Copy figure"), QKeySequence::Copy, [this] {
        if (!isEmpty()) QGuiApplication::clipboard()->setImage(image(size(), kSharpness));
    });
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setMouseTracking(true);
}

void FigureView::setEmptyText(const QString& text) {
    emptyText_ = text;
    setAccessibleDescription(text);
    update();
}

QImage FigureView::image(QSize size, double scale) const {
    QImage image(size * scale, QImage::Format_RGB32);
    image.setDevicePixelRatio(scale);
    const FigureInk ink = FigureInk::onPaper();
    image.fill(ink.ground);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(font());
    draw(painter, QRectF(QPointF(), size).adjusted(kEdge, kEdge, -kEdge, -kEdge), ink);
    return image;
}

QByteArray FigureView::svg(QSize size, const QString& description) const {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setResolution(96);  // a unit is a pixel, as browsers have it
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(), size));
    generator.setTitle(accessibleName());
    generator.setDescription(description);
    QPainter painter(&generator);
    const FigureInk ink = FigureInk::onPaper();
    painter.fillRect(QRect(QPoint(), size), ink.ground);
    painter.setFont(font());
    draw(painter, QRectF(QPointF(), size).adjusted(kEdge, kEdge, -kEdge, -kEdge), ink);
    painter.end();
    return bytes;
}

void FigureView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const FigureInk ink = FigureInk::of(palette());
    painter.fillRect(rect(), ink.ground);
    if (isEmpty()) {
        painter.setPen(ink.dim);
        painter.drawText(rect().adjusted(12, 12, -12, -12), Qt::AlignCenter | Qt::TextWordWrap,
                         emptyText_);
        return;
    }
    painter.setRenderHint(QPainter::Antialiasing);
    draw(painter, QRectF(rect()).adjusted(kEdge, kEdge, -kEdge, -kEdge), ink);
    if (!hasFocus()) return;
    QStyleOptionFocusRect focus;
    focus.initFrom(this);
    style()->drawPrimitive(QStyle::PE_FrameFocusRect, &focus, &painter, this);
}

bool FigureView::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const QString text = isEmpty() ? QString() : explain(help->pos());
    if (text.isEmpty()) QToolTip::hideText();
    if (!text.isEmpty()) QToolTip::showText(help->globalPos(), text, this);
    return true;
}

}  // namespace lvr
