#pragma once

#include "core/vision/preprocess.h"
#include "datasets/dataset.h"

namespace lvr {

// The record's images as the model gets them, side by side: resized, the grid of visual tokens over
// them, each box drawn and the tokens it stands for tinted, in a colour a box. Small ones are
// enlarged. Throws Error: unreadable image.
Image previewRecord(const DataRecord& record, const PreprocessConfig& preprocess);

}  // namespace lvr
