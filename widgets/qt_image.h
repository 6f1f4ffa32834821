#pragma once

#include <QImage>

#include "core/values/image.h"

namespace lvr {

// Transparent pixels are laid over white, as the picture reader does.
Image toImage(const QImage& picture);
QImage toQImage(const Image& image);  // a copy; null for an empty image

// A smaller copy whose sides are at most `side` pixels (whole-number box average), for display.
Image shrunkTo(const Image& image, int side);

}  // namespace lvr
