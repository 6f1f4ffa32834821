#pragma once

#include <QByteArray>
#include <QImage>
#include <QRectF>
#include <QString>
#include <functional>
#include <stop_token>
#include <vector>

#include "core/trace/heat_picture.h"

class QPainter;

namespace lvr {

struct FigureChoice {
    HeatPictureChoice picture;
    int nearest = 0;        // so many nearest patches are framed
    int step = -1;          // 0-based; -1: the picture alone
    bool allSteps = false;  // beside each other
    bool caption = true;    // question, answer, model, exit rule, numbers
    int scale = 1;          // pixels of a PNG a unit
    bool small = false;     // as a frame of an animation
};

struct LatentViewState;
// What the window shows.
HeatPictureChoice pictureAsSeen(const LatentViewState& view);

// The picture under the heat of a step with legend, regions and caption, black on white; or all
// steps. Drawn by any thread; keeps a reference to the trace.
class Figure {
public:
    Figure(const Trace& trace, const FigureChoice& choice);  // throws Error: no such image

    QSize pixels() const;  // of image()
    QImage image(int step) const;
    QImage image() const { return image(choice_.step); }
    QByteArray svg() const;  // text as text; the heat as a picture in twice its size

private:
    // Everything in units of scale 1.
    void arrange();
    double captionHeight() const;
    QString caption(int step) const;
    void paint(QPainter& painter, int step, int rasterScale) const;
    void paintPicture(QPainter& painter, const QRectF& where, int step, int rasterScale) const;
    void paintRois(QPainter& painter, const QRectF& where) const;
    void paintNearest(QPainter& painter, const QRectF& where, int step) const;
    void paintLegend(QPainter& painter) const;

    const Trace& trace_;
    FigureChoice choice_;
    HeatPictures pictures_;
    QSizeF whole_;
    std::vector<QRectF> places_;  // of the picture, or of each step's
    QRectF legend_, caption_;
};

enum class ExportFormat { Png, Svg, Gif, Csv, Json };
QString endingOf(ExportFormat format);  // "png"

struct ExportChoice {
    ExportFormat format = ExportFormat::Png;
    FigureChoice figure;     // of a PNG or SVG, and of each frame of a GIF
    int milliseconds = 700;  // a frame of a GIF
};

// Any thread. The whole file as it is to be written; empty when stopped. Throws Error.
QByteArray exportBytes(const Trace& trace, const ExportChoice& choice,
                       const std::function<void(int done)>& onFrame = {},
                       const std::stop_token& stop = {});

}  // namespace lvr
