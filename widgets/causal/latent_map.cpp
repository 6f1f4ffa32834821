#include "widgets/causal/latent_map.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/action_tip.h"
#include "widgets/colours.h"

namespace lvr {
namespace {

constexpr double kNearby = 10;  // pixels
constexpr double kTokenDot = 2.6, kLatentDot = 8;

QRectF extentOf(const std::vector<float>& a, const std::vector<float>& b) {
    constexpr double kMost = std::numeric_limits<double>::max();
    double left = kMost, top = kMost, right = -kMost, bottom = -kMost;
    for (const auto* points : {&a, &b})
        for (std::size_t i = 0; i + 1 < points->size(); i += 2) {
            left = std::min<double>(left, (*points)[i]);
            right = std::max<double>(right, (*points)[i]);
            top = std::min<double>(top, (*points)[i + 1]);
            bottom = std::max<double>(bottom, (*points)[i + 1]);
        }
    if (left > right) return {};
    return {left, top, std::max(right - left, 1e-9), std::max(bottom - top, 1e-9)};
}

}  // namespace

LatentMap::LatentMap(QWidget* parent)
    : FigureView("map", tr("Latents among visual tokens"), parent) {
    setFocusPolicy(Qt::StrongFocus);
    setFixedKeys(*this, {tr("the map of latents"), {{tr("Left, Right"), tr("Choose a latent")}}});
}

void LatentMap::setPoints(const std::vector<float>& latents, const std::vector<float>& tokens) {
    latents_ = latents;
    tokens_ = tokens;
    extent_ = extentOf(latents, tokens);
    lit_ = chosen_ = -1;
    update();
}

void LatentMap::lightToken(int token) {
    lit_ = token < tokens() ? token : -1;
    update();
}

void LatentMap::chooseLatent(int latent) {
    chosen_ = latent < latents() ? latent : -1;
    update();
}

// One unit is as long in both directions.
QPointF LatentMap::placeOf(const std::vector<float>& points, int index, const QRectF& space) const {
    const QRectF room = space.adjusted(kLatentDot, kLatentDot, -kLatentDot, -kLatentDot);
    const double scale = std::min(room.width() / extent_.width(), room.height() / extent_.height());
    const auto at = static_cast<std::size_t>(2 * index);
    return room.center() + QPointF((points[at] - extent_.center().x()) * scale,
                                   -(points[at + 1] - extent_.center().y()) * scale);
}

QPointF LatentMap::placeOfLatent(int latent) const {
    return placeOf(latents_, latent, QRectF(rect()).adjusted(6, 6, -6, -6));
}

QPointF LatentMap::placeOfToken(int token) const {
    return placeOf(tokens_, token, QRectF(rect()).adjusted(6, 6, -6, -6));
}

void LatentMap::draw(QPainter& painter, const QRectF& space, const FigureInk& ink) const {
    const QColor token = runColour(7, ink.dark), latent = runColour(1, ink.dark);
    painter.setPen(Qt::NoPen);
    painter.setBrush(faded(token, 0.65));
    for (int i = 0; i < tokens(); ++i)
        painter.drawEllipse(placeOf(tokens_, i, space), kTokenDot, kTokenDot);
    QPolygonF path;
    for (int i = 0; i < latents(); ++i) path << placeOf(latents_, i, space);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(faded(latent, 0.6), 1.4));
    painter.drawPolyline(path);
    for (int i = 0; i < path.size(); ++i) {
        painter.setPen(i == chosen_ ? QPen(ink.ink, 2.4) : QPen(ink.ground, 1));
        painter.setBrush(latent);
        painter.drawEllipse(path[i], kLatentDot, kLatentDot);
        painter.setPen(ink.dark ? QColor(20, 20, 20) : Qt::white);
        painter.drawText(QRectF(path[i] - QPointF(20, 20), QSizeF(40, 40)), Qt::AlignCenter,
                         QString::number(i + 1));
    }
    if (lit_ < 0) return;
    painter.setBrush(runColour(0, ink.dark));
    painter.setPen(QPen(ink.ink, 1.6));
    painter.drawEllipse(placeOf(tokens_, lit_, space), 2 * kTokenDot, 2 * kTokenDot);
}

int LatentMap::nearest(const std::vector<float>& points, const QPointF& at) const {
    int found = -1;
    double least = kNearby;
    for (int i = 0; i < std::ssize(points) / 2; ++i) {
        const QPointF away = placeOf(points, i, QRectF(rect()).adjusted(6, 6, -6, -6)) - at;
        if (std::hypot(away.x(), away.y()) >= least) continue;
        least = std::hypot(away.x(), away.y());
        found = i;
    }
    return found;
}

QString LatentMap::explain(const QPointF& at) const {
    if (const int latent = nearest(latents_, at); latent >= 0)
        return tr("Latent %1 of %2").arg(latent + 1).arg(latents());
    if (const int token = nearest(tokens_, at); token >= 0)
        return tr("Visual token %1; it is lit on the picture").arg(token + 1);
    return tr("The two directions in which latents and visual tokens differ most");
}

void LatentMap::point(int token) {
    if (token == lit_) return;
    lightToken(token);
    Q_EMIT tokenPointedAt(token);
}

void LatentMap::mouseMoveEvent(QMouseEvent* event) {
    if (!isEmpty()) point(nearest(tokens_, event->position()));
}

void LatentMap::leaveEvent(QEvent*) { point(-1); }

void LatentMap::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || isEmpty()) return;
    const int latent = nearest(latents_, event->position());
    if (latent < 0) return;
    chooseLatent(latent);
    Q_EMIT latentChosen(latent);
}

void LatentMap::keyPressEvent(QKeyEvent* event) {
    const int by = event->key() == Qt::Key_Left ? -1 : event->key() == Qt::Key_Right ? 1 : 0;
    if (by == 0 || latents() == 0) return FigureView::keyPressEvent(event);
    chooseLatent(std::clamp(chosen_ + by, 0, latents() - 1));
    Q_EMIT latentChosen(chosen_);
}

}  // namespace lvr
