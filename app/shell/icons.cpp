#include "app/shell/icons.h"

#include <QIconEngine>
#include <QPainter>
#include <QPainterPath>
#include <QPixmap>
#include <algorithm>

namespace lvr {
namespace {

constexpr double kSide = 24;  // units of the square they are all drawn in

QPainterPath picture() {
    QPainterPath path;
    path.addRoundedRect(QRectF(3, 5, 18, 14), 2, 2);
    path.moveTo(4, 17);
    path.lineTo(9, 11);
    path.lineTo(13, 15.5);
    path.lineTo(16, 12.5);
    path.lineTo(20, 17);
    path.addEllipse(QPointF(16, 9), 1.3, 1.3);
    return path;
}

QPainterPath clipboard() {
    QPainterPath path;
    path.addRoundedRect(QRectF(5, 5, 14, 16), 2, 2);
    path.addRect(QRectF(9, 3, 6, 4));
    path.moveTo(8.5, 12);
    path.lineTo(15.5, 12);
    path.moveTo(8.5, 16);
    path.lineTo(13, 16);
    return path;
}

QPainterPath shapes() {
    QPainterPath path;
    path.addEllipse(QPointF(8, 8), 4, 4);
    path.addRect(QRectF(13.5, 4.5, 7, 7));
    path.moveTo(12, 14);
    path.lineTo(16.5, 21);
    path.lineTo(7.5, 21);
    path.closeSubpath();
    return path;
}

QPainterPath layers() {
    QPainterPath path;
    path.addPolygon(QPolygonF({{12, 3}, {21, 8}, {12, 13}, {3, 8}, {12, 3}}));
    path.addPolygon(QPolygonF({{3, 12}, {12, 17}, {21, 12}}));
    path.addPolygon(QPolygonF({{3, 16}, {12, 21}, {21, 16}}));
    return path;
}

QPainterPath intoTray() {
    QPainterPath path;
    path.addPolygon(QPolygonF({{4, 14}, {4, 20}, {20, 20}, {20, 14}}));
    path.moveTo(12, 3);
    path.lineTo(12, 15);
    path.addPolygon(QPolygonF({{7.5, 10.5}, {12, 15}, {16.5, 10.5}}));
    return path;
}

// A box with its handles.
QPainterPath handles() {
    QPainterPath path;
    path.addRect(QRectF(5, 6, 14, 12));
    for (const qreal x : {5.0, 19.0})
        for (const qreal y : {6.0, 18.0}) path.addRect(QRectF(x - 2, y - 2, 4, 4));
    return path;
}

QPainterPath triangle() {
    QPainterPath path;
    path.addPolygon(QPolygonF({{7, 4}, {19, 12}, {7, 20}, {7, 4}}));
    return path;
}

QPainterPath square() {
    QPainterPath path;
    path.addRoundedRect(QRectF(6, 6, 12, 12), 1.5, 1.5);
    return path;
}

QPainterPath pathOf(IconName name) {
    switch (name) {
        case IconName::OpenPicture:
            return picture();
        case IconName::Paste:
            return clipboard();
        case IconName::NewScene:
            return shapes();
        case IconName::OpenModel:
            return layers();
        case IconName::SaveTrace:
            return intoTray();
        case IconName::Region:
            return handles();
        case IconName::Ask:
            return triangle();
        case IconName::Stop:
            return square();
    }
    return {};
}

// Paints at whatever size and pixel ratio is asked for, so that no screen shows a scaled picture.
class LineIcon : public QIconEngine {
public:
    LineIcon(IconName name, const QColor& ink) : name_(name), ink_(ink) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
        QColor ink = ink_;
        if (mode == QIcon::Disabled) ink.setAlphaF(0.35f);
        const double side = std::min(rect.width(), rect.height());
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->translate(rect.center() + QPointF(0.5, 0.5) - QPointF(side, side) / 2);
        painter->scale(side / kSide, side / kSide);
        painter->setPen(QPen(ink, 1.7, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter->drawPath(pathOf(name_));
        painter->restore();
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
        QPixmap pixmap(size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        paint(&painter, pixmap.rect(), mode, state);
        return pixmap;
    }

    QIconEngine* clone() const override { return new LineIcon(*this); }

private:
    IconName name_;
    QColor ink_;
};

}  // namespace

QIcon icon(IconName name, const QColor& ink) { return QIcon(new LineIcon(name, ink)); }

QIcon applicationIcon() { return QIcon(":/lvr-workbench.png"); }

}  // namespace lvr
