#include "widgets/runs/plot_picture.h"

#include <qcustomplot.h>

#include <QBuffer>
#include <QSvgGenerator>

namespace lvr {

QByteArray pngOf(QCustomPlot& plot) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    plot.toPixmap(0, 0, 2).toImage().save(&buffer, "PNG");
    return bytes;
}

QByteArray svgOf(QCustomPlot& plot, const QString& title) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setSize(plot.size());
    generator.setViewBox(plot.rect());
    generator.setTitle(title);
    QCPPainter painter;
    painter.begin(&generator);
    plot.toPainter(&painter, plot.width(), plot.height());
    painter.end();
    return bytes;
}

}  // namespace lvr
