#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/vision/preprocess.h"

namespace lvr {

// What one output position takes from the input: weights, in fixed point, of positions from
// `first`.
struct ResampleWindow {
    int first = 0;
    std::vector<std::int32_t> weights;
};

std::vector<ResampleWindow> resampleWindows(int from, int to);  // Keys' cubic, one for each of `to`
// Whether the height is changed before the width: rounding between the passes makes it visible.
bool heightFirst(const Image& image, Size size);

// A picture as resizeBicubic would make it, whose rows are made when they are asked for: so that
// nobody needs room for all of it. The picture must outlive it. Throws Error as resizeBicubic.
class ResizedPicture {
public:
    ResizedPicture(const Image& image, Size size);
    Size size() const { return size_; }
    // [count, width, 3] of the rows from `first`. Several threads may ask at once.
    void readRows(int first, int count, std::uint8_t* out) const;

private:
    enum class Pass { None, Width, Height };
    void firstPass(const Image& image, Pass pass);

    Size size_;
    Pass second_ = Pass::None;
    std::vector<ResampleWindow> windows_;    // of the second pass
    std::unique_ptr<std::uint8_t[]> first_;  // what the first pass made, if there was one
    const std::uint8_t* rows_ = nullptr;     // what the second pass reads
    int readWidth_ = 0;                      // pixels in a row of it
};

// Calls work(begin, end) with the parts of [0, count), on the cores there are, none of them smaller
// than `least`.
void onCores(int count, int least, const std::function<void(int begin, int end)>& work);

// ---- The two passes, in the widest registers that the CPU has. Each rounds to bytes.

// out[i] = the weighted sum of rows[k * stride + i] over the weights k, for i < length.
void weighRows(const std::uint8_t* rows, std::size_t stride,
               const std::vector<std::int32_t>& weights, std::size_t length, std::uint8_t* out);
// A row of `from` RGB pixels to one of windows.size().
void weighPixels(const std::uint8_t* row, int from, const std::vector<ResampleWindow>& windows,
                 std::uint8_t* out);

}  // namespace lvr
