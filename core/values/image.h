#pragma once

#include <cstdint>
#include <vector>

namespace lvr {

// 8-bit RGB, row-major, no padding. The one picture type every layer shares.
struct Image {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgb;  // height * width * 3
    bool operator==(const Image&) const = default;
};

// A region of a picture in fractions of its width and height, 0..1, x to the right, y down.
struct Box {
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    int image = 0;  // which of the question's pictures it is on
    bool operator==(const Box&) const = default;
};

// The picture as the language model sees it: one visual token per cell of 28x28 pixels (Qwen3-VL:
// 32) (grid_thw / spatial_merge_size), row-major.
struct PatchGrid {
    int rows = 0;
    int cols = 0;
    int count() const { return rows * cols; }
    bool operator==(const PatchGrid&) const = default;
};

}  // namespace lvr
