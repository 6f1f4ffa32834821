#pragma once

#include <string>

#include "core/values/image.h"

namespace lvr {

// "0.25,0.5,0.5,0.75": the corners x0,y0,x1,y1 in fractions of the picture's width and height, and
// perhaps the picture's number, from 0. Throws Error, one sentence that begins with what was given.
Box parseBox(const std::string& text);

}  // namespace lvr
