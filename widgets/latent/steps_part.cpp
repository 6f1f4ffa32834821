#include "widgets/latent/steps_part.h"

#include <algorithm>
#include <cmath>

#include "widgets/latent/step_lanes.h"

namespace lvr {
namespace {

constexpr float kGutter = 126;      // left of the columns: buttons and the names of the curves
constexpr float kSmallHeight = 58;  // of a small picture
constexpr float kWidestColumn = 72;
constexpr float kNarrowestPicture = 16;
constexpr float kGap = 6;

void select(int step, LatentViewState& state) {
    state.selectedStep = step;
    state.playing = false;
}

void drawPlayer(int count, LatentViewState& state) {
    if (ImGui::ArrowButton("previous", ImGuiDir_Left))
        select(std::clamp(state.selectedStep - 1, 0, count - 1), state);
    ImGui::SameLine(0, 4);
    if (ImGui::Button(state.playing ? "Pause" : "Play", {56, 0})) state.playing = !state.playing;
    ImGui::SameLine(0, 4);
    if (ImGui::ArrowButton("next", ImGuiDir_Right))
        select(std::clamp(state.selectedStep + 1, 0, count - 1), state);
}

void drawNumber(const StepColumns& columns, int step, float top, bool selected) {
    const std::string number = std::to_string(step + 1);
    const ImVec2 size = ImGui::CalcTextSize(number.c_str());
    if (columns.width < size.x + 2) return;
    ImGui::GetWindowDrawList()->AddText(
        {columns.middle(step) - size.x / 2, top},
        ImGui::GetColorU32(selected ? ImGuiCol_Text : ImGuiCol_TextDisabled), number.c_str());
}

void drawFrame(ImVec2 min, ImVec2 max) {
    ImGui::GetWindowDrawList()->AddRect({min.x - 1, min.y - 1}, {max.x + 1, max.y + 1},
                                        ImGui::GetColorU32(ImGuiCol_CheckMark), 2, 0, 3);
}

// The heat of each step over the whole picture, small, from `corners` on. Texture by texture: so
// they are two draw calls, however many there are.
void drawSmallPictures(const LatentFrame& frame, const std::vector<ImVec2>& corners, ImVec2 size,
                       const LatentViewState& state) {
    const auto end = [&](ImVec2 min) { return ImVec2(min.x + size.x, min.y + size.y); };
    for (const ImVec2& min : corners)
        ImGui::GetWindowDrawList()->AddImage(frame.picture, min, end(min));
    for (std::size_t i = 0; i < std::min(corners.size(), frame.heat.small.size()); ++i)
        drawHeat(frame, frame.heat.small[i], corners[i], end(corners[i]));
    if (state.selectedStep >= 0 && state.selectedStep < static_cast<int>(corners.size()))
        drawFrame(corners[state.selectedStep], end(corners[state.selectedStep]));
}

void drawThumbnails(const LatentFrame& frame, const StepColumns& columns, float top,
                    const LatentViewState& state) {
    const Image& image = frame.trace.question.images[state.image];
    const ImVec2 size = fitted(image, {columns.width - 4, kSmallHeight});
    std::vector<ImVec2> corners;
    for (int i = 0; i < columns.count; ++i)
        corners.emplace_back(columns.middle(i) - size.x / 2, top + (kSmallHeight - size.y) / 2);
    drawSmallPictures(frame, corners, size, state);
}

void explain(const std::vector<StepCurve>& curves, const DecodeStep& at, int step) {
    ImGui::BeginTooltip();
    ImGui::Text("Step %d, position %d, shadow token %s", step + 1, at.position, at.text.c_str());
    for (const StepCurve& curve : curves)
        if (!std::isnan(curve.values[step]))
            ImGui::Text("%s %.*f", curve.name.c_str(), curve.decimals + 1,
                        static_cast<double>(curve.values[step]));
    ImGui::EndTooltip();
}

bool hasThumbnails(const LatentViewState& state, float column) {
    return state.thumbnails && column >= kNarrowestPicture + 4;
}

}  // namespace

float stepsHeight(const LatentFrame& frame, const LatentViewState& state) {
    // Room for the curves of an answer to come, so that the picture does not jump.
    const auto lanes = frame.steps.empty() ? 4 : frame.curves.size();
    float height = ImGui::GetFrameHeight() + kGap;
    if (state.thumbnails) height = kSmallHeight + ImGui::GetTextLineHeight() + 4 + kGap;
    if (state.curves) height += static_cast<float>(lanes) * laneHeight();
    return height;
}

void drawSteps(const LatentFrame& frame, LatentViewState& state) {
    const int count = static_cast<int>(frame.steps.size());
    const ImVec2 start = ImGui::GetCursorScreenPos();
    const float space = std::max(ImGui::GetContentRegionAvail().x - kGutter, 1.0f);
    const StepColumns columns{start.x + kGutter,
                              std::min(kWidestColumn, space / static_cast<float>(count)), count};
    drawPlayer(count, state);
    ImGui::Checkbox("Loop", &state.loop);
    ImGui::SetCursorScreenPos({columns.left, start.y});
    ImGui::InvisibleButton("steps", {columns.right() - columns.left,
                                     std::max(stepsHeight(frame, state) - kGap, 1.0f)});
    const int under = columns.under(ImGui::GetIO().MousePos.x);
    if (ImGui::IsItemActive()) select(under, state);
    const bool pointed = ImGui::IsItemHovered();
    const bool thumbnails = hasThumbnails(state, columns.width);
    if (thumbnails) drawThumbnails(frame, columns, start.y, state);
    for (int i = 0; i < count; ++i)
        drawNumber(columns, i, start.y + (thumbnails ? kSmallHeight + 3 : 3),
                   i == state.selectedStep);
    if (state.curves) {
        const float above = state.thumbnails ? kSmallHeight + ImGui::GetTextLineHeight() + 4
                                             : ImGui::GetFrameHeight();
        drawLanes(frame.curves, columns, {start.x, start.y + above + kGap / 2}, state);
    }
    if (pointed) explain(frame.curves, *frame.steps[under], under);
}

void drawMultiples(const LatentFrame& frame, float height, LatentViewState& state) {
    const ImVec2 space(ImGui::GetContentRegionAvail().x, std::max(height, 1.0f));
    const int count = static_cast<int>(frame.steps.size());
    const Image& image = frame.trace.question.images[state.image];
    const float label = ImGui::GetTextLineHeight() + 4;
    // As many columns as make the pictures largest.
    int across = 1;
    float largest = 0;
    for (int columns = 1; columns <= count; ++columns) {
        const auto rows = static_cast<float>((count + columns - 1) / columns);
        const float side = fitted(image, {space.x / static_cast<float>(columns) - 8,
                                          std::max(space.y / rows - label - 8, 1.0f)})
                               .x;
        if (side > largest) {
            largest = side;
            across = columns;
        }
    }
    const ImVec2 start = ImGui::GetCursorScreenPos();
    const ImVec2 size = fitted(image, {largest, 1e6f});
    std::vector<ImVec2> corners;
    for (int i = 0; i < count; ++i) {
        const ImVec2 at(start.x + static_cast<float>(i % across) * (size.x + 8) + 4,
                        start.y + static_cast<float>(i / across) * (size.y + label + 8));
        ImGui::SetCursorScreenPos(at);
        if (ImGui::InvisibleButton(("step" + std::to_string(i)).c_str(), {size.x, size.y + label}))
            select(i, state);
        if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0)) state.multiples = false;
        corners.emplace_back(at.x, at.y + label);
        const std::string name = "step " + std::to_string(i + 1);
        ImGui::GetWindowDrawList()->AddText(
            at, ImGui::GetColorU32(i == state.selectedStep ? ImGuiCol_Text : ImGuiCol_TextDisabled),
            name.c_str());
    }
    drawSmallPictures(frame, corners, size, state);
    ImGui::SetCursorScreenPos({start.x, start.y + space.y});
}

}  // namespace lvr
