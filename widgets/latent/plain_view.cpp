#include "widgets/latent/plain_view.h"

#include <QMouseEvent>
#include <QPainter>
#include <algorithm>

#include "widgets/heat_paint.h"
#include "widgets/qt_image.h"

namespace lvr {
namespace {

constexpr int kCaptionHeight = 56;
constexpr int kLargestCopy = 2048;
constexpr double kReach = 7;

QRectF part(const QRectF& whole, const Box& box) {
    return {whole.x() + box.x0 * whole.width(), whole.y() + box.y0 * whole.height(),
            (box.x1 - box.x0) * whole.width(), (box.y1 - box.y0) * whole.height()};
}

QRectF cell(const QRectF& whole, PatchGrid grid, int patch) {
    const int row = patch / grid.cols, col = patch % grid.cols;
    return part(whole, {double(col) / grid.cols, double(row) / grid.rows,
                        double(col + 1) / grid.cols, double(row + 1) / grid.rows});
}

void paintBoxes(QPainter& painter, const QRectF& on, const std::vector<Box>& boxes, QColor ink) {
    painter.setBrush(Qt::NoBrush);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        if (boxes[i].image != 0) continue;
        const QRectF box = part(on, boxes[i]);
        painter.setPen(QPen(QColor(0, 0, 0, 190), 4));
        painter.drawRect(box);
        painter.setPen(QPen(ink, 2));
        painter.drawRect(box);
        const QString number = QString::number(i + 1);
        const QRectF tag(box.topLeft(), QSizeF(painter.fontMetrics().horizontalAdvance(number) + 8,
                                               painter.fontMetrics().height()));
        painter.fillRect(tag, ink);
        painter.setPen(QColor(20, 20, 20));
        painter.drawText(tag, Qt::AlignCenter, number);
    }
}

// As the panel has it: a word instead of a number.
void paintDashed(QPainter& painter, const QRectF& on, const std::vector<Box>& boxes,
                 const QString& word) {
    painter.setBrush(Qt::NoBrush);
    for (const Box& each : boxes) {
        if (each.image != 0) continue;
        const QRectF box = part(on, each);
        for (const auto& [ink, width] :
             {std::pair(QColor(0, 0, 0, 190), 3.0), std::pair(QColor(Qt::white), 1.5)}) {
            painter.setPen(QPen(ink, width, Qt::DashLine));
            painter.drawRect(box);
        }
        painter.setPen(QColor(0, 0, 0, 190));
        painter.drawText(box.topLeft() + QPointF(1, -2), word);
        painter.setPen(Qt::white);
        painter.drawText(box.topLeft() + QPointF(0, -3), word);
    }
}

void paintHandles(QPainter& painter, const QRectF& box, QColor ink) {
    painter.setPen(QColor(0, 0, 0, 190));
    painter.setBrush(ink);
    for (const double x : {box.left(), box.center().x(), box.right()})
        for (const double y : {box.top(), box.center().y(), box.bottom()})
            if (QPointF(x, y) != box.center()) painter.drawRect(QRectF(x - 4, y - 4, 8, 8));
}

void paintGrid(QPainter& painter, const QRectF& on, PatchGrid grid) {
    painter.setPen(QColor(255, 255, 255, 90));
    painter.setBrush(Qt::NoBrush);
    for (int i = 0; i < grid.count(); ++i) painter.drawRect(cell(on, grid, i));
}

void paintPath(QPainter& painter, const QRectF& on, PatchGrid grid, const LatentViewState& state) {
    QPolygonF points;
    for (const Box& roi : state.targets.empty() ? state.boxes : state.targets)
        for (const int token : roi.image == 0 ? state.tokensOf(roi, grid) : std::vector<int>())
            points.append(cell(on, grid, token).center());
    painter.setPen(QPen(QColor(0, 0, 0, 190), 4));
    painter.drawPolyline(points);
    painter.setPen(QPen(Qt::white, 2));
    painter.drawPolyline(points);
    for (const QPointF& point : points) painter.drawEllipse(point, 3, 3);
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

void PlainView::paintHeat(QPainter& painter, const QRectF& on) const {
    const HeatMaps maps = heatMaps(trace_, 0, state_.shown);
    if (trace_.grids.empty()) return;
    lvr::paintHeat(
        painter, on,
        heatImage(maps.steps[state_.selectedStep], trace_.grids[0], maps.scale, state_.look));
}

void PlainView::paintMarks(QPainter& painter, const QRectF& on) const {
    const bool hasGrid = !trace_.grids.empty();
    const auto latents = latentSteps(trace_);
    if (hasGrid && state_.grid) paintGrid(painter, on, trace_.grids[0]);
    if (hasGrid && state_.nearest && state_.selectedStep >= 0) {
        painter.setPen(QPen(QColor(255, 112, 67), 3));
        painter.setBrush(Qt::NoBrush);
        for (const Patch& patch : nearestPatches(trace_, latentOf(*latents[state_.selectedStep]), 0,
                                                 state_.shown, state_.nearestCount))
            painter.drawRect(
                cell(on, trace_.grids[0], patch.row * trace_.grids[0].cols + patch.col));
    }
    if (state_.rois) paintDashed(painter, on, state_.targets, tr("target"));
    const auto& given = trace_.options.thought.boxes;
    if (given != state_.boxes) paintDashed(painter, on, given, tr("thought"));
    if (hasGrid && state_.path && state_.tokensOf) paintPath(painter, on, trace_.grids[0], state_);
    paintOwnBoxes(painter, on);
}

void PlainView::paintOwnBoxes(QPainter& painter, const QRectF& on) const {
    const QColor ink(86, 220, 255);
    if (state_.tokensOf && state_.boxGrid.count() > 0)
        for (const Box& box : state_.boxes)
            for (const int token :
                 box.image == 0 ? state_.tokensOf(box, state_.boxGrid) : std::vector<int>())
                painter.fillRect(cell(on, state_.boxGrid, token), QColor(86, 220, 255, 60));
    for (const int token : state_.pickedTokens)
        painter.fillRect(cell(on, state_.boxGrid, token), QColor(255, 221, 64, 110));
    paintBoxes(painter, on, state_.boxes, ink);
    const bool hasChosen =
        state_.chosenBox >= 0 && state_.chosenBox < static_cast<int>(state_.boxes.size());
    if (state_.drawing && hasChosen)
        paintHandles(painter, part(on, state_.boxes[state_.chosenBox]), ink);
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
    const auto latents = latentSteps(trace_);
    const QString why =
        tr("%1, so this is the plain view: no zoom, small pictures or curves.").arg(reason_);
    if (state_.selectedStep < 0) return why;
    const LatentStep& step = latentOf(*latents[state_.selectedStep]);
    const HeatMaps maps = heatMaps(trace_, 0, state_.shown);
    if (state_.shown.mode == HeatMode::Mean)
        return tr("Mean of %1 steps from %2 to %3\n%4")
            .arg(latents.size())
            .arg(maps.scale.cold, 0, 'f', maps.scale.decimals)
            .arg(maps.scale.hot, 0, 'f', maps.scale.decimals)
            .arg(why);
    return tr("Step %1 of %2   norm %3   P(end) %4   %5 from %6 to %7\n%8")
        .arg(state_.selectedStep + 1)
        .arg(latents.size())
        .arg(step.norm, 0, 'f', 2)
        .arg(step.endProbability, 0, 'f', 3)
        .arg(QString::fromUtf8(nameOf(state_.shown.mode).data()))
        .arg(maps.scale.cold, 0, 'f', maps.scale.decimals)
        .arg(maps.scale.hot, 0, 'f', maps.scale.decimals)
        .arg(why);
}

void PlainView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setPen(palette().windowText().color());
    if (picture_.isNull()) {
        painter.drawText(rect(), Qt::AlignCenter,
                         tr("No picture yet.\nOpen, drop or paste one, or draw a new scene."));
        return;
    }
    const int steps = static_cast<int>(latentSteps(trace_).size());
    state_.selectedStep = std::min(state_.selectedStep, steps - 1);
    painter.drawText(rect().adjusted(8, height() - kCaptionHeight, -8, -4), Qt::TextWordWrap,
                     caption());
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    const QRectF on = pictureRect();
    state_.picture = {static_cast<float>(on.x()), static_cast<float>(on.y()),
                      static_cast<float>(on.width()), static_cast<float>(on.height())};
    painter.drawImage(on, picture_);
    if (state_.heat && state_.selectedStep >= 0) paintHeat(painter, on);
    paintMarks(painter, on);
}

}  // namespace lvr
