#pragma once

#include <QString>
#include <vector>

#include "core/values/image.h"

namespace lvr {

// [[x0, y0, x1, y1], ...] in fractions of the picture, as the field "bboxes" of LVR's data; with
// boxes on other pictures than the first an object that has "bbox_images" too.
QString toJson(const std::vector<Box>& boxes);
// The same back; one box alone and a whole record with "bboxes" will do too. Throws Error saying
// what is wrong with which box.
std::vector<Box> boxesFromJson(const QString& text);

}  // namespace lvr
