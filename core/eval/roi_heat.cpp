#include "core/eval/roi_heat.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/decode/patch_projection.h"
#include "core/vision/patch_grid.h"

namespace lvr {
namespace {

// Those around a token on its own picture, itself among them. first: of the picture's tokens.
void addAround(int token, PatchGrid grid, int first, std::set<int>& near) {
    const int row = token / grid.cols, col = token % grid.cols;
    for (int r = std::max(0, row - 1); r <= std::min(grid.rows - 1, row + 1); ++r)
        for (int c = std::max(0, col - 1); c <= std::min(grid.cols - 1, col + 1); ++c)
            near.insert(first + r * grid.cols + c);
}

// Sums of the heat above and to the left: [rows + 1, cols + 1]
std::vector<double> sumsOf(const std::vector<double>& heat, PatchGrid grid) {
    const std::size_t width = grid.cols + 1;
    std::vector<double> sums((grid.rows + 1) * width);
    for (int r = 0; r < grid.rows; ++r)
        for (int c = 0; c < grid.cols; ++c)
            sums[(r + 1) * width + c + 1] = heat[r * grid.cols + c] + sums[r * width + c + 1] +
                                            sums[(r + 1) * width + c] - sums[r * width + c];
    return sums;
}

struct Cells {
    int top = 0, left = 0, bottom = 0, right = 0;  // the last two are just outside
    int area() const { return (bottom - top) * (right - left); }
};

// The narrowest columns of these rows that hold as much; the whole width where none do.
Cells narrowest(const std::vector<double>& sums, Cells rows, double wanted) {
    const int width = rows.right + 1;
    const auto column = [&](int c) {
        return sums[rows.bottom * width + c] - sums[rows.top * width + c];
    };
    Cells best = rows;
    for (int left = 0, right = 1; right <= rows.right; ++right) {
        while (left + 1 < right && column(right) - column(left + 1) >= wanted) ++left;
        if (column(right) - column(left) >= wanted && right - left < best.right - best.left) {
            best.left = left;
            best.right = right;
        }
    }
    return best;
}

}  // namespace

RoiTarget roiTarget(const std::vector<Box>& boxes, const std::vector<PatchGrid>& grids,
                    const std::string& name) {
    std::set<int> tokens, near;
    for (const auto& touched : tokensOfBoxes(boxes, grids, name))
        tokens.insert(touched.begin(), touched.end());
    int first = 0;
    for (const auto& grid : grids) {
        for (const int token : tokens)
            if (token >= first && token < first + grid.count())
                addAround(token - first, grid, first, near);
        first += grid.count();
    }
    return {{tokens.begin(), tokens.end()}, {near.begin(), near.end()}};
}

RoiHeat roiHeat(const std::vector<float>& cosine, const RoiTarget& target) {
    const auto score = roiScore(cosine, target.near);
    float best = -INFINITY;
    for (const int token : target.tokens) best = std::max(best, cosine[token]);
    const auto above = std::ranges::count_if(cosine, [&](float c) { return c > best; });
    return {.mass = score.mass,
            .massChance = score.chance,
            .rank = static_cast<double>(above) + 1,
            .rankChance = (static_cast<double>(cosine.size()) + 1) /
                          (static_cast<double>(target.tokens.size()) + 1),
            .hit = score.hit};
}

Box hottestBox(const std::vector<double>& heat, PatchGrid grid, double share) {
    const auto sums = sumsOf(heat, grid);
    const int width = grid.cols + 1;
    const double wanted = share * sums.back();
    Cells best{0, 0, grid.rows, grid.cols};
    for (int top = 0; top < grid.rows; ++top)
        for (int bottom = top + 1; bottom <= grid.rows; ++bottom) {
            if (sums[bottom * width + grid.cols] - sums[top * width + grid.cols] < wanted) continue;
            const auto cells = narrowest(sums, {top, 0, bottom, grid.cols}, wanted);
            if (cells.area() < best.area()) best = cells;
        }
    return {static_cast<double>(best.left) / grid.cols, static_cast<double>(best.top) / grid.rows,
            static_cast<double>(best.right) / grid.cols,
            static_cast<double>(best.bottom) / grid.rows};
}

Image cutOut(const Image& picture, const Box& box) {
    const auto pixel = [](double fraction, int size) {
        return std::clamp(static_cast<int>(std::lround(fraction * size)), 0, size);
    };
    const int x0 = std::min(pixel(box.x0, picture.width), picture.width - 1);
    const int y0 = std::min(pixel(box.y0, picture.height), picture.height - 1);
    const int x1 = std::max(pixel(box.x1, picture.width), x0 + 1);
    const int y1 = std::max(pixel(box.y1, picture.height), y0 + 1);
    Image part{x1 - x0, y1 - y0, {}};
    part.rgb.reserve(static_cast<std::size_t>(part.width) * part.height * 3);
    for (int y = y0; y < y1; ++y) {
        const auto row =
            picture.rgb.begin() + (static_cast<std::ptrdiff_t>(y) * picture.width + x0) * 3;
        part.rgb.insert(part.rgb.end(), row, row + static_cast<std::ptrdiff_t>(part.width) * 3);
    }
    return part;
}

}  // namespace lvr
