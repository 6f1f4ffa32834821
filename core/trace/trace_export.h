#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/trace/heat_picture.h"

namespace lvr {

struct TraceExport {
    HeatPictureChoice picture;
    int step = -1;           // of a PNG, 0-based; -1: the last
    bool allSteps = false;   // PNG: all steps beside each other
    int scale = 1;           // of a PNG: 1, 2 or 4
    int milliseconds = 700;  // a frame of a GIF
};

// The longer side of an exported picture at scale 1, of one of all steps beside each other, and of
// an animation: 560 to 1600, 280 to 560, 560 to 800 pixels.
PictureSize figureSize(const Image& image, int scale);
PictureSize smallFigureSize(const Image& image, int scale);
PictureSize animationSize(const Image& image);

// What belongs in the file that its ending names: .csv and .json hold numbers, .png a step as heat
// over the picture, .gif all of them one after the other. Throws Error naming the file: another
// ending, no such step.
std::vector<std::uint8_t> encodeTrace(const Trace& trace, const std::filesystem::path& file,
                                      const TraceExport& choice);

}  // namespace lvr
