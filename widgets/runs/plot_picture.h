#pragma once

#include <QByteArray>

class QCustomPlot;
class QString;

namespace lvr {

QByteArray pngOf(QCustomPlot& plot);  // at twice its size
QByteArray svgOf(QCustomPlot& plot, const QString& title);

}  // namespace lvr
