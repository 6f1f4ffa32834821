#include "widgets/latent/marks.h"

#include <algorithm>

namespace lvr {
namespace {

constexpr std::uint32_t kNearest = 0xff4370ff;
constexpr std::uint32_t kOwn = 0xffffdc56;  // what the person drew
constexpr std::uint32_t kOwnTokens = 0x3cffdc56;
constexpr std::uint32_t kPickedTokens = 0x6e40ddff;
constexpr std::uint32_t kAsked = 0xff40ddff;
constexpr double kInset = 0.1;  // of a patch, so that brackets of neighbours stay apart

using Kind = Mark::Kind;
using Points = std::vector<Mark::Point>;

Points cornersOf(const Box& box) { return {{box.x0, box.y0}, {box.x1, box.y1}}; }

// The rectangle of a patch, smaller by `inset` of it on each side.
Points cornersOf(PatchGrid grid, int patch, double inset = 0) {
    const int row = patch / grid.cols, col = patch % grid.cols;
    return {{(col + inset) / grid.cols, (row + inset) / grid.rows},
            {(col + 1 - inset) / grid.cols, (row + 1 - inset) / grid.rows}};
}

void addTokens(std::vector<Mark>& marks, const std::vector<int>& tokens, PatchGrid grid,
               std::uint32_t ink) {
    if (grid.count() == 0) return;
    for (const int token : tokens)
        marks.push_back({.kind = Kind::Fill, .points = cornersOf(grid, token), .ink = ink});
}

// Each box once, although one that is visited twice stands twice in the list.
void addDashes(std::vector<Mark>& marks, const std::vector<Box>& boxes, const char* word,
               int image) {
    for (auto box = boxes.begin(); box != boxes.end(); ++box)
        if (box->image == image && std::find(boxes.begin(), box, *box) == box)
            marks.push_back(
                {.kind = Kind::Dashes, .points = cornersOf(*box), .width = 1.5f, .text = word});
}

// The nearer, the thicker.
void addNearest(std::vector<Mark>& marks, const Trace& trace, const LatentViewState& state) {
    const LatentStep& step = latentOf(*state.heatOf.steps()[state.selectedStep]);
    if (cosineOn(trace, step, state.image).empty()) return;
    const PatchGrid grid = trace.grids[state.image];
    float width = 4;
    for (const Patch& patch :
         nearestPatches(trace, step, state.image, state.shown, state.nearestCount)) {
        marks.push_back({.kind = Kind::Brackets,
                         .points = cornersOf(grid, patch.row * grid.cols + patch.col, kInset),
                         .ink = kNearest,
                         .width = width});
        width = std::max(1.5f, width - 1);
    }
}

// From target to target, region by region, each row by row: what supervised training asks for, as
// far as it is on the shown image.
void addPath(std::vector<Mark>& marks, PatchGrid grid, const LatentViewState& state) {
    Mark path{.kind = Kind::Path, .width = 2};
    for (const Box& roi : state.targets.empty() ? state.boxes : state.targets)
        for (const int token :
             roi.image == state.image ? state.tokensOf(roi, grid) : std::vector<int>())
            path.points.push_back(
                {(token % grid.cols + 0.5) / grid.cols, (token / grid.cols + 0.5) / grid.rows});
    if (!path.points.empty()) marks.push_back(std::move(path));
}

void addOwnBoxes(std::vector<Mark>& marks, const LatentViewState& state) {
    for (std::size_t i = 0; i < state.boxes.size(); ++i) {
        const Box& box = state.boxes[i];
        const bool isHidden =
            std::ranges::find(state.hiddenBoxes, static_cast<int>(i)) != state.hiddenBoxes.end();
        if (box.image != state.image || isHidden) continue;
        if (state.tokensOf && state.boxGrid.count() > 0)
            addTokens(marks, state.tokensOf(box, state.boxGrid), state.boxGrid, kOwnTokens);
        std::string tag = std::to_string(i + 1);
        if (i < state.boxNames.size() && !state.boxNames[i].empty()) tag += ' ' + state.boxNames[i];
        marks.push_back({.kind = Kind::Outline,
                         .points = cornersOf(box),
                         .ink = kOwn,
                         .width = 2,
                         .text = std::move(tag)});
        if (state.drawing && static_cast<int>(i) == state.chosenBox)
            marks.push_back({.kind = Kind::Handles, .points = cornersOf(box), .ink = kOwn});
    }
    addTokens(marks, state.pickedTokens, state.boxGrid, kPickedTokens);
}

}  // namespace

std::vector<Mark> marksOf(const Trace& trace, const LatentViewState& state) {
    std::vector<Mark> marks;
    const bool hasGrid = state.image < static_cast<int>(trace.grids.size());
    const PatchGrid grid = hasGrid ? trace.grids[state.image] : PatchGrid{};
    if (hasGrid && state.grid)
        marks.push_back({.kind = Kind::Grid, .ink = 0x5affffff, .grid = grid});
    if (hasGrid && state.nearest && state.selectedStep >= 0) addNearest(marks, trace, state);
    if (state.rois) addDashes(marks, state.targets, "target", state.image);
    const auto& given = trace.options.thought.boxes;
    if (given != state.boxes) addDashes(marks, given, "thought", state.image);
    if (hasGrid && state.path && state.tokensOf) addPath(marks, grid, state);
    addOwnBoxes(marks, state);
    if (hasGrid && state.asked)
        marks.push_back({.kind = Kind::Outline,
                         .points = cornersOf(grid, *state.asked),
                         .ink = kAsked,
                         .width = 3});
    return marks;
}

}  // namespace lvr
