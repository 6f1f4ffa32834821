#include "widgets/latent/plain_view.h"

#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "widgets/heat_paint.h"
#include "widgets/latent/marks.h"
#include "widgets/qt_image.h"

namespace lvr {
namespace {

constexpr int kCaptionHeight = 56;
constexpr int kLargestCopy = 2048;
constexpr double kReach = 7;

QPointF placed(const QRectF& on, const Mark::Point& point) {
    return {on.x() + point.x * on.width(), on.y() + point.y * on.height()};
}

QColor inkOf(std::uint32_t ink) {
    return QColor(ink & 0xff, ink >> 8 & 0xff, ink >> 16 & 0xff, ink >> 24);
}

// Over a shadow that is a little wider.
template <class Draw>
void twice(QPainter& painter, const Mark& mark, Draw draw, Qt::PenStyle style = Qt::SolidLine) {
    for (const auto& [ink, width] :
         {std::pair(kMarkShadow, mark.width + 2), std::pair(mark.ink, mark.width)}) {
        painter.setPen(QPen(inkOf(ink), width, style));
        draw();
    }
}

void paintOutline(QPainter& painter, const QRectF& box, const Mark& mark) {
    twice(painter, mark, [&] { painter.drawRect(box); });
    if (mark.text.empty()) return;
    const QString text = QString::fromStdString(mark.text);
    const QRectF tag(box.topLeft(), QSizeF(painter.fontMetrics().horizontalAdvance(text) + 8,
                                           painter.fontMetrics().height()));
    painter.fillRect(tag, inkOf(mark.ink));
    painter.setPen(QColor(20, 20, 20));
    painter.drawText(tag, Qt::AlignCenter, text);
}

void paintDashes(QPainter& painter, const QRectF& box, const Mark& mark) {
    twice(
        painter, mark, [&] { painter.drawRect(box); }, Qt::DashLine);
    const QString word = QString::fromStdString(mark.text);
    for (const auto& [ink, by] : {std::pair(kMarkShadow, 1), std::pair(mark.ink, 0)}) {
        painter.setPen(inkOf(ink));
        painter.drawText(box.topLeft() + QPointF(by, by - 3), word);
    }
}

void paintBrackets(QPainter& painter, const QRectF& box, const Mark& mark) {
    const double arm = std::max(4.0, box.width() * 0.28);
    QPainterPath corners;
    for (const bool right : {false, true})
        for (const bool low : {false, true}) {
            const QPointF corner(right ? box.right() : box.left(), low ? box.bottom() : box.top());
            corners.moveTo(corner + QPointF(right ? -arm : arm, 0));
            corners.lineTo(corner);
            corners.lineTo(corner + QPointF(0, low ? -arm : arm));
        }
    twice(painter, mark, [&] { painter.drawPath(corners); });
}

void paintHandles(QPainter& painter, const QRectF& box, const Mark& mark) {
    painter.setPen(inkOf(kMarkShadow));
    painter.setBrush(inkOf(mark.ink));
    for (const double x : {box.left(), box.center().x(), box.right()})
        for (const double y : {box.top(), box.center().y(), box.bottom()})
            if (QPointF(x, y) != box.center()) painter.drawRect(QRectF(x - 4, y - 4, 8, 8));
}

void paintPath(QPainter& painter, const QRectF& on, const Mark& mark) {
    QPolygonF points;
    for (const Mark::Point& point : mark.points) points.append(placed(on, point));
    twice(painter, mark, [&] { painter.drawPolyline(points); });
    painter.drawEllipse(points.first(), 5, 5);
    painter.setBrush(inkOf(mark.ink));
    for (const QPointF& point : points) painter.drawEllipse(point, 3, 3);
}

void paintGrid(QPainter& painter, const QRectF& on, const Mark& mark) {
    painter.setPen(inkOf(mark.ink));
    for (int row = 0; row <= mark.grid.rows; ++row)
        painter.drawLine(placed(on, {0, double(row) / mark.grid.rows}),
                         placed(on, {1, double(row) / mark.grid.rows}));
    for (int col = 0; col <= mark.grid.cols; ++col)
        painter.drawLine(placed(on, {double(col) / mark.grid.cols, 0}),
                         placed(on, {double(col) / mark.grid.cols, 1}));
}

void paint(QPainter& painter, const QRectF& on, const Mark& mark) {
    const bool isBox = mark.points.size() == 2;
    const QRectF box =
        isBox ? QRectF(placed(on, mark.points[0]), placed(on, mark.points[1])) : QRectF();
    painter.setBrush(Qt::NoBrush);
    switch (mark.kind) {
        case Mark::Kind::Grid:
            return paintGrid(painter, on, mark);
        case Mark::Kind::Fill:
            return painter.fillRect(box, inkOf(mark.ink));
        case Mark::Kind::Outline:
            return paintOutline(painter, box, mark);
        case Mark::Kind::Dashes:
            return paintDashes(painter, box, mark);
        case Mark::Kind::Brackets:
            return paintBrackets(painter, box, mark);
        case Mark::Kind::Handles:
            return paintHandles(painter, box, mark);
        case Mark::Kind::Path:
            return paintPath(painter, on, mark);
    }
}

}  // namespace

PlainView::PlainView(const Trace& trace, LatentViewState& state, const QString& reason,
                     QWidget* parent)
    : QWidget(parent), trace_(trace), state_(state), reason_(reason) {
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
}

void PlainView::setPicture(const Image& image) {
    picture_ = toQImage(shrunkTo(image, kLargestCopy));
    update();
}

QRectF PlainView::pictureRect() const {
    const QRectF space = QRectF(rect()).adjusted(8, 8, -8, -8 - kCaptionHeight);
    return fittedInto(space, picture_.size());
}

void PlainView::point(const QMouseEvent& event, RegionPointer::Phase phase) const {
    const QRectF on = pictureRect();
    if (!state_.drawing || !state_.onPointer || on.isEmpty()) return;
    const QPointF at = event.position() - on.topLeft();
    state_.onPointer({.phase = phase,
                      .x = at.x() / on.width(),
                      .y = at.y() / on.height(),
                      .reachX = kReach / on.width(),
                      .reachY = kReach / on.height(),
                      .fresh = event.modifiers().testFlag(Qt::ShiftModifier),
                      .token = event.modifiers().testFlag(Qt::ControlModifier)});
}

void PlainView::mousePressEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton) point(*event, RegionPointer::Phase::Press);
}

void PlainView::mouseMoveEvent(QMouseEvent* event) {
    point(*event, event->buttons().testFlag(Qt::LeftButton) ? RegionPointer::Phase::Drag
                                                            : RegionPointer::Phase::Hover);
}

void PlainView::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton) point(*event, RegionPointer::Phase::Release);
}

QString PlainView::caption() const {
    const auto& steps = state_.heatOf.steps();
    const HeatScale& scale = state_.heatOf.maps().scale;
    const QString why =
        tr("%1, so this is the plain view: no zoom, small pictures or curves.").arg(reason_);
    if (state_.selectedStep < 0) return why;
    const LatentStep& step = latentOf(*steps[state_.selectedStep]);
    const QString range = tr("from %1 to %2")
                              .arg(scale.cold, 0, 'f', scale.decimals)
                              .arg(scale.hot, 0, 'f', scale.decimals);
    if (state_.shown.mode == HeatMode::Mean)
        return tr("Mean of %1 steps %2\n%3").arg(steps.size()).arg(range, why);
    const QString end = std::isnan(step.endProbability)
                            ? QString()
                            : tr("   P(end) %1").arg(step.endProbability, 0, 'f', 3);
    return tr("Step %1 of %2   norm %3%4   %5 %6\n%7")
        .arg(state_.selectedStep + 1)
        .arg(steps.size())
        .arg(step.norm, 0, 'f', 2)
        .arg(end)
        .arg(QString::fromUtf8(nameOf(state_.shown.mode).data()), range, why);
}

void PlainView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setPen(palette().windowText().color());
    if (picture_.isNull()) {
        painter.drawText(rect(), Qt::AlignCenter,
                         tr("No picture yet.\nOpen, drop or paste one, or draw a new scene."));
        return;
    }
    followTrace(trace_, state_);
    painter.drawText(rect().adjusted(8, height() - kCaptionHeight, -8, -4), Qt::TextWordWrap,
                     caption());
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    const QRectF on = pictureRect();
    state_.picture = {static_cast<float>(on.x()), static_cast<float>(on.y()),
                      static_cast<float>(on.width()), static_cast<float>(on.height())};
    painter.drawImage(on, picture_);
    const HeatMaps& maps = state_.heatOf.maps();
    if (showsHeat(state_) && !trace_.grids.empty())
        paintHeat(
            painter, on,
            heatImage(maps.steps[state_.selectedStep], trace_.grids[0], maps.scale, state_.look));
    for (const Mark& mark : marksOf(trace_, state_)) paint(painter, on, mark);
}

}  // namespace lvr
