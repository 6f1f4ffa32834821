#include "app/look/icons.h"

#include <QPainter>
#include <QPainterPath>
#include <QPixmap>

namespace lvr {
namespace {

// All in a square of 24 units.
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
        case IconName::Ask:
            return triangle();
        case IconName::Stop:
            return square();
    }
    return {};
}

QPixmap draw(const QPainterPath& path, const QColor& ink, int side) {
    QPixmap pixmap(side, side);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.scale(side / 24.0, side / 24.0);
    painter.setPen(QPen(ink, 1.7, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPath(path);
    return pixmap;
}

}  // namespace

QIcon icon(IconName name, const QColor& ink) {
    QColor faded = ink;
    faded.setAlphaF(0.35f);
    QIcon icon;
    for (const int side : {16, 20, 24, 32, 48, 64}) {
        icon.addPixmap(draw(pathOf(name), ink, side));
        icon.addPixmap(draw(pathOf(name), faded, side), QIcon::Disabled);
    }
    return icon;
}

QIcon applicationIcon() { return QIcon(":/lvr-workbench.png"); }

}  // namespace lvr
