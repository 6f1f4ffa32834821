#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "widgets/latent/latent_parts.h"

namespace lvr {
namespace {

constexpr float kPad = 4;           // in a lane
constexpr int kLanes = 5;           // as many curves as an answer may have
constexpr float kGutter = 126;      // left of the columns: buttons and the names of the curves
constexpr float kSmallHeight = 50;  // of a small picture
constexpr float kWidestColumn = 72;
constexpr float kNarrowestPicture = 16;
constexpr float kGap = 6;

// One column of the screen for each latent step.
struct StepColumns {
    float left = 0, width = 1;
    int count = 0;
    float right() const { return left + width * static_cast<float>(count); }
    float middle(int step) const { return left + width * (static_cast<float>(step) + 0.5f); }
    int under(float x) const {
        return std::clamp(static_cast<int>((x - left) / width), 0, count - 1);
    }
};

struct Scale {
    float low, high;
    float y(float value, float top, float bottom) const {
        const float share = high > low ? (value - low) / (high - low) : 0.5f;
        return bottom - (bottom - top) * share;
    }
};

// From 0 for what can't be negative, so that small changes do not look large.
Scale scaleOf(const StepCurve& curve) {
    Scale scale{0, 0};
    for (const float value : curve.values) {
        if (value < scale.low) scale.low = value;
        if (value > scale.high) scale.high = value;
    }
    if (curve.threshold) scale.high = std::max(scale.high, *curve.threshold);
    return scale;
}

void drawThreshold(const StepColumns& columns, float y) {
    const ImU32 ink = IM_COL32(255, 112, 67, 255);
    for (float x = columns.left; x < columns.right(); x += 8)
        ImGui::GetWindowDrawList()->AddLine({x, y}, {std::min(x + 4, columns.right()), y}, ink);
}

void drawCurve(const StepCurve& curve, const StepColumns& columns, float top, float bottom,
               int selected) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const Scale scale = scaleOf(curve);
    const ImU32 ink = ImGui::GetColorU32(ImGuiCol_PlotLines);
    if (curve.threshold) drawThreshold(columns, scale.y(*curve.threshold, top, bottom));
    for (int i = 0; i < columns.count; ++i) {
        if (std::isnan(curve.values[i])) continue;
        const ImVec2 point(columns.middle(i), scale.y(curve.values[i], top, bottom));
        if (i > 0 && !std::isnan(curve.values[i - 1]))
            list->AddLine({columns.middle(i - 1), scale.y(curve.values[i - 1], top, bottom)}, point,
                          ink, 1.5f);
        if (columns.width >= 10 || i == selected)
            list->AddCircleFilled(point, i == selected ? 4.0f : 2.5f, ink);
    }
}

void drawName(const StepCurve& curve, ImVec2 at, float right, int selected) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddText(at, ImGui::GetColorU32(ImGuiCol_TextDisabled), curve.name.c_str());
    if (selected < 0 || std::isnan(curve.values[selected])) return;
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", curve.decimals,
                  static_cast<double>(curve.values[selected]));
    const float width = ImGui::CalcTextSize(text).x;
    list->AddText({right - width, at.y}, ImGui::GetColorU32(ImGuiCol_Text), text);
}

void explainName(const StepCurve& curve, ImVec2 min, ImVec2 max) {
    if (!ImGui::IsMouseHoveringRect(min, max) || !ImGui::IsWindowHovered()) return;
    if (curve.threshold)
        ImGui::SetTooltip("%s\nDashed: the thought ends at %.*f.", curve.explanation.c_str(),
                          curve.decimals, static_cast<double>(*curve.threshold));
    else
        ImGui::SetTooltip("%s", curve.explanation.c_str());
}

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

std::string speedName(float speed) {
    char text[16];
    std::snprintf(text, sizeof text, "%gx", static_cast<double>(speed));
    return text;
}

void drawHowToPlay(LatentViewState& state) {
    ImGui::Checkbox("Loop", &state.loop);
    ImGui::SameLine(0, 4);
    ImGui::SetNextItemWidth(56);
    if (ImGui::BeginCombo("##speed", speedName(state.speed).c_str(),
                          ImGuiComboFlags_NoArrowButton)) {
        noteMenu(state);
        for (const float speed : kSpeeds)
            if (ImGui::Selectable(speedName(speed).c_str(), speed == state.speed))
                state.speed = speed;
        ImGui::EndCombo();
    }
    if (ImGui::IsItemHovered()) ImGui::SetTooltip("How fast the steps are played.");
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
    for (std::size_t i = 0; i < std::min(corners.size(), frame.texels.small.size()); ++i)
        drawHeat(frame, frame.texels.small[i], corners[i], end(corners[i]));
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

// Of the buttons, and of the small pictures beside them.
float headHeight(const LatentViewState& state) {
    const float buttons = 2 * ImGui::GetFrameHeightWithSpacing();
    const float pictures = state.thumbnails ? kSmallHeight + ImGui::GetTextLineHeight() + 4 : 0;
    return std::max(buttons, pictures);
}

// A share of the panel, however many curves there are: the picture above keeps its place.
float lanesHeight() {
    const float line = ImGui::GetTextLineHeight();
    const float share = ImGui::GetIO().DisplaySize.y / 6;
    return kLanes * std::clamp(share / kLanes, line + 1, line + 8);
}

// The curves one below the other, `at` being the upper left corner of the first one's name.
void drawLanes(const std::vector<StepCurve>& curves, const StepColumns& columns, ImVec2 at,
               const LatentViewState& state) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float lane = lanesHeight() / static_cast<float>(std::max<std::size_t>(curves.size(), 1));
    for (const StepCurve& curve : curves) {
        const ImVec2 min(columns.left, at.y + 1), max(columns.right(), at.y + lane - 1);
        list->AddRectFilled(min, max, ImGui::GetColorU32(ImGuiCol_FrameBg, 0.6f), 3);
        if (state.selectedStep >= 0) {
            const float x = columns.middle(state.selectedStep);
            list->AddRectFilled({x - columns.width / 2, min.y}, {x + columns.width / 2, max.y},
                                ImGui::GetColorU32(ImGuiCol_FrameBgHovered, 0.6f));
        }
        drawCurve(curve, columns, min.y + kPad, max.y - kPad, state.selectedStep);
        drawName(curve, {at.x, at.y + (lane - ImGui::GetTextLineHeight()) / 2}, columns.left - 8,
                 state.selectedStep);
        explainName(curve, at, {columns.left - 4, max.y});
        at.y += lane;
    }
}

}  // namespace

float stepsHeight(const LatentViewState& state) {
    return headHeight(state) + (state.curves ? lanesHeight() : 0) + kGap;
}

void drawSteps(const LatentFrame& frame, LatentViewState& state) {
    const int count = static_cast<int>(frame.steps().size());
    const ImVec2 start = ImGui::GetCursorScreenPos();
    const float space = std::max(ImGui::GetContentRegionAvail().x - kGutter, 1.0f);
    const StepColumns columns{start.x + kGutter,
                              std::min(kWidestColumn, space / static_cast<float>(count)), count};
    drawPlayer(count, state);
    drawHowToPlay(state);
    ImGui::SetCursorScreenPos({columns.left, start.y});
    ImGui::InvisibleButton(
        "steps", {columns.right() - columns.left, std::max(stepsHeight(state) - kGap, 1.0f)});
    const int under = columns.under(ImGui::GetIO().MousePos.x);
    if (ImGui::IsItemActive()) select(under, state);
    const bool pointed = ImGui::IsItemHovered();
    const bool thumbnails = hasThumbnails(state, columns.width);
    if (thumbnails) drawThumbnails(frame, columns, start.y, state);
    for (int i = 0; i < count; ++i)
        drawNumber(columns, i, start.y + (thumbnails ? kSmallHeight + 3 : 3),
                   i == state.selectedStep);
    if (state.curves)
        drawLanes(frame.heat.curves(), columns, {start.x, start.y + headHeight(state) + kGap / 2},
                  state);
    if (pointed) explain(frame.heat.curves(), *frame.steps()[under], under);
}

void drawMultiples(const LatentFrame& frame, float height, LatentViewState& state) {
    const ImVec2 space(ImGui::GetContentRegionAvail().x, std::max(height, 1.0f));
    const int count = static_cast<int>(frame.steps().size());
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
