#include "core/vision/patch_grid.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace lvr {
namespace {

constexpr int kMerge = 2;  // the reference rounds on patches before merging, two to a token

// NaN counts as 0 and infinity as the far edge, so that the conversion is always defined.
int clampToInt(double value, int largest) {
    return value > 0 ? static_cast<int>(std::min(value, static_cast<double>(largest))) : 0;
}

struct Range {
    int begin = 0, end = 0;  // half open
};

// The tokens of one axis between the fractions `from` and `to`.
Range tokensBetween(double from, double to, int tokens) {
    const int patches = tokens * kMerge;
    const int first = clampToInt(std::floor(from * patches), patches - 1);
    const int last = clampToInt(std::ceil(to * patches), patches);
    return {first / kMerge, (last + 1) / kMerge};
}

int tokenAtCentre(double from, double to, int tokens) {
    return clampToInt((from + to) / 2 * tokens, tokens - 1);
}

}  // namespace

std::vector<int> boxTokens(const Box& box, PatchGrid grid, EmptyBox empty) {
    if (grid.rows < 1 || grid.cols < 1) return {};
    const auto cols = tokensBetween(box.x0, box.x1, grid.cols);
    const auto rows = tokensBetween(box.y0, box.y1, grid.rows);
    std::vector<int> tokens;
    for (int row = rows.begin; row < rows.end; ++row)
        for (int col = cols.begin; col < cols.end; ++col) tokens.push_back(row * grid.cols + col);
    if (tokens.empty() && empty == EmptyBox::OneToken)
        tokens.push_back(tokenAtCentre(box.y0, box.y1, grid.rows) * grid.cols +
                         tokenAtCentre(box.x0, box.x1, grid.cols));
    return tokens;
}

std::vector<std::vector<int>> tokensOfBoxes(const std::vector<Box>& boxes,
                                            const std::vector<PatchGrid>& grids,
                                            const std::string& name, EmptyBox empty) {
    std::vector<std::vector<int>> tokens;
    for (std::size_t b = 0; b < boxes.size(); ++b) {
        const int image = boxes[b].image;
        if (image < 0 || image >= std::ssize(grids))
            throw Error(name + ": box " + std::to_string(b + 1) + " is on image " +
                        std::to_string(image) + ", of " + std::to_string(grids.size()) +
                        "; count images from 0");
        int before = 0;
        for (int i = 0; i < image; ++i) before += grids[i].count();
        tokens.push_back(boxTokens(boxes[b], grids[image], empty));
        for (int& token : tokens.back()) token += before;
    }
    return tokens;
}

Box tokenBox(int token, PatchGrid grid) {
    const int col = token % grid.cols, row = token / grid.cols;
    const double cols = grid.cols, rows = grid.rows;
    return {col / cols, row / rows, (col + 1) / cols, (row + 1) / rows};
}

}  // namespace lvr
