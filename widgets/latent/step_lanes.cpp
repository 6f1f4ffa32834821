#include "widgets/latent/step_lanes.h"

#include <cmath>

namespace lvr {
namespace {

constexpr float kPad = 4;

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

}  // namespace

float laneHeight() { return ImGui::GetTextLineHeight() + 10; }

void drawLanes(const std::vector<StepCurve>& curves, const StepColumns& columns, ImVec2 at,
               const LatentViewState& state) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    for (const StepCurve& curve : curves) {
        const ImVec2 min(columns.left, at.y + 1), max(columns.right(), at.y + laneHeight() - 1);
        list->AddRectFilled(min, max, ImGui::GetColorU32(ImGuiCol_FrameBg, 0.6f), 3);
        if (state.selectedStep >= 0) {
            const float x = columns.middle(state.selectedStep);
            list->AddRectFilled({x - columns.width / 2, min.y}, {x + columns.width / 2, max.y},
                                ImGui::GetColorU32(ImGuiCol_FrameBgHovered, 0.6f));
        }
        drawCurve(curve, columns, min.y + kPad, max.y - kPad, state.selectedStep);
        drawName(curve, {at.x, at.y + 5}, columns.left - 8, state.selectedStep);
        explainName(curve, at, {columns.left - 4, max.y});
        at.y += laneHeight();
    }
}

}  // namespace lvr
