#include "widgets/latent/marks.h"

#include <algorithm>
#include <cmath>

namespace lvr {
namespace {

constexpr ImU32 kShadow = IM_COL32(0, 0, 0, 190);
constexpr ImU32 kRoi = IM_COL32(255, 255, 255, 255);
constexpr ImU32 kNearest = IM_COL32(255, 112, 67, 255);
constexpr ImU32 kOwn = IM_COL32(86, 220, 255, 255);  // what the person drew
constexpr ImU32 kOwnTokens = IM_COL32(86, 220, 255, 60);
constexpr ImU32 kPickedTokens = IM_COL32(255, 221, 64, 110);
constexpr float kHandle = 4;
constexpr float kDash = 6;

void drawOutline(ImVec2 min, ImVec2 max, ImU32 ink, float width) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRect({min.x - 1, min.y - 1}, {max.x + 1, max.y + 1}, kShadow, 2, 0, width + 2);
    list->AddRect(min, max, ink, 2, 0, width);
}

void drawTag(ImVec2 at, const std::string& text, ImU32 paper) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 size = ImGui::CalcTextSize(text.c_str());
    list->AddRectFilled(at, {at.x + size.x + 8, at.y + size.y + 2}, paper, 3);
    list->AddText({at.x + 4, at.y + 1}, IM_COL32(20, 20, 20, 255), text.c_str());
}

void drawDashes(ImVec2 from, ImVec2 to) {
    const float x = to.x - from.x, y = to.y - from.y, length = std::hypot(x, y);
    const auto point = [&](float at) {
        const float share = std::min(at, length) / std::max(length, 1.0f);
        return ImVec2(from.x + x * share, from.y + y * share);
    };
    for (const auto& [ink, width] : {std::pair(kShadow, 3.0f), std::pair(kRoi, 1.5f)})
        for (float at = 0; at < length; at += 2 * kDash)
            ImGui::GetWindowDrawList()->AddLine(point(at), point(at + kDash), ink, width);
}

// Above the box, so that a small one is not covered; no paper, so that it is no chip.
void drawWord(ImVec2 corner, const char* word) {
    const ImVec2 at(corner.x, corner.y - ImGui::GetTextLineHeight() - 1);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddText({at.x + 1, at.y + 1}, kShadow, word);
    list->AddText(at, kRoi, word);
}

void drawTokens(const std::vector<int>& tokens, PatchGrid grid, const PicturePlacement& at,
                ImU32 ink) {
    for (const int token : tokens) {
        const int row = token / grid.cols, col = token % grid.cols;
        ImGui::GetWindowDrawList()->AddRectFilled(at.cell(grid, row, col),
                                                  at.cell(grid, row + 1, col + 1), ink);
    }
}

void drawHandles(ImVec2 min, ImVec2 max) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 middle((min.x + max.x) / 2, (min.y + max.y) / 2);
    for (const float x : {min.x, middle.x, max.x})
        for (const float y : {min.y, middle.y, max.y}) {
            if (x == middle.x && y == middle.y) continue;
            list->AddRectFilled({x - kHandle - 1, y - kHandle - 1},
                                {x + kHandle + 1, y + kHandle + 1}, kShadow);
            list->AddRectFilled({x - kHandle, y - kHandle}, {x + kHandle, y + kHandle}, kOwn);
        }
}

// Corner brackets, thicker for the nearer.
void drawBrackets(ImVec2 min, ImVec2 max, float thickness) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float arm = std::max(4.0f, (max.x - min.x) * 0.28f);
    for (const auto& [ink, width] :
         {std::pair(kShadow, thickness + 2), std::pair(kNearest, thickness)})
        for (const int sx : {0, 1})
            for (const int sy : {0, 1}) {
                const ImVec2 corner(sx ? max.x : min.x, sy ? max.y : min.y);
                const ImVec2 points[] = {{corner.x + (sx ? -arm : arm), corner.y},
                                         corner,
                                         {corner.x, corner.y + (sy ? -arm : arm)}};
                list->AddPolyline(points, 3, ink, 0, width);
            }
}

}  // namespace

void drawGrid(PatchGrid grid, const PicturePlacement& at) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImU32 line = IM_COL32(255, 255, 255, 90);
    for (int row = 0; row <= grid.rows; ++row)
        list->AddLine(at.cell(grid, row, 0), at.cell(grid, row, grid.cols), line);
    for (int col = 0; col <= grid.cols; ++col)
        list->AddLine(at.cell(grid, 0, col), at.cell(grid, grid.rows, col), line);
}

// Each box once, although one that is visited twice stands twice in the list.
void drawDashed(const std::vector<Box>& boxes, const char* word, int image,
                const PicturePlacement& at) {
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        if (boxes[i].image != image) continue;
        if (std::find(boxes.begin(), boxes.begin() + i, boxes[i]) != boxes.begin() + i) continue;
        const ImVec2 min = at.at(boxes[i].x0, boxes[i].y0), max = at.at(boxes[i].x1, boxes[i].y1);
        const ImVec2 corners[] = {min, {max.x, min.y}, max, {min.x, max.y}, min};
        for (int side = 0; side < 4; ++side) drawDashes(corners[side], corners[side + 1]);
        drawWord(min, word);
    }
}

void drawBoxes(const LatentViewState& state, const PicturePlacement& at) {
    for (std::size_t i = 0; i < state.boxes.size(); ++i) {
        const Box& box = state.boxes[i];
        if (box.image != state.image) continue;
        const ImVec2 min = at.at(box.x0, box.y0), max = at.at(box.x1, box.y1);
        if (state.tokensOf && state.boxGrid.count() > 0)
            drawTokens(state.tokensOf(box, state.boxGrid), state.boxGrid, at, kOwnTokens);
        drawOutline(min, max, kOwn, 2);
        drawTag(min, std::to_string(i + 1), kOwn);
        if (state.drawing && static_cast<int>(i) == state.chosenBox) drawHandles(min, max);
    }
    drawTokens(state.pickedTokens, state.boxGrid, at, kPickedTokens);
}

void drawPath(const Trace& trace, const LatentViewState& state, const PicturePlacement& at) {
    const PatchGrid grid = trace.grids[state.image];
    std::vector<ImVec2> points;
    for (const Box& roi : state.targets.empty() ? state.boxes : state.targets)
        for (const int token :
             roi.image == state.image ? state.tokensOf(roi, grid) : std::vector<int>())
            points.push_back(at.cell(grid, token / grid.cols + 0.5, token % grid.cols + 0.5));
    if (points.empty()) return;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const auto count = static_cast<int>(points.size());
    for (const auto& [ink, width] : {std::pair(kShadow, 4.0f), std::pair(kRoi, 2.0f)})
        list->AddPolyline(points.data(), count, ink, 0, width);
    // The first target is hollow, so that the direction is seen.
    for (const ImVec2& point : points) list->AddCircleFilled(point, 4, kShadow);
    for (const ImVec2& point : points) list->AddCircleFilled(point, 3, kRoi);
    list->AddCircleFilled(points.front(), 6, kShadow);
    list->AddCircle(points.front(), 5, kRoi, 0, 2);
}

void drawNearest(const std::vector<Patch>& patches, PatchGrid grid, const PicturePlacement& at) {
    float thickness = 4;
    for (const Patch& patch : patches) {
        drawBrackets(at.cell(grid, patch.row + 0.1, patch.col + 0.1),
                     at.cell(grid, patch.row + 0.9, patch.col + 0.9), thickness);
        thickness = std::max(1.5f, thickness - 1);
    }
}

void drawRing(PatchGrid grid, int patch, const PicturePlacement& at) {
    const int row = patch / grid.cols, col = patch % grid.cols;
    drawOutline(at.cell(grid, row, col), at.cell(grid, row + 1, col + 1),
                IM_COL32(255, 221, 64, 255), 3);
}

}  // namespace lvr
