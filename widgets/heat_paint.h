#pragma once

#include <QImage>
#include <QRectF>
#include <span>

#include "core/trace/heat_look.h"
#include "core/values/trace.h"

class QPainter;

namespace lvr {

// The largest rectangle of that shape in the middle of `space`.
QRectF fittedInto(const QRectF& space, const QSizeF& shape);

// Heat as a picture of a pixel a patch. values: [grid.count()]; null when they are not that many.
QImage heatImage(std::span<const float> values, PatchGrid grid, const HeatScale& scale,
                 const HeatLook& look = {});
// It over `where`, a rectangle with sharp edges a patch; a null one paints nothing.
void paintHeat(QPainter& painter, const QRectF& where, const QImage& heat);
// The picture with heat over it, keeping its shape, in the middle of `space`; either may be null.
void paintPictureAndHeat(QPainter& painter, const QRectF& space, const QImage& picture,
                         const QImage& heat);
// The colours of the scale from cold to hot, over the paper as they lie over a picture.
void paintHeatBar(QPainter& painter, const QRectF& bar, Qt::Orientation direction,
                  const HeatScale& scale, const HeatLook& look = {});

}  // namespace lvr
