#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "widgets/latent/latent_parts.h"
#include "widgets/latent/marks.h"

namespace lvr {
namespace {

constexpr float kLegendWidth = 84;
constexpr float kLegendBar = 14;
constexpr float kMaxZoom = 32;
constexpr float kHandleReach = 7;
constexpr float kStill = 4;  // pixels; a press that moves further is a drag

struct Region {
    ImVec2 min, size;
    ImVec2 middle() const { return {min.x + size.x / 2, min.y + size.y / 2}; }
    ImVec2 max() const { return {min.x + size.x, min.y + size.y}; }
};

// Where the picture lies on the screen, and back.
struct PicturePlacement {
    ImVec2 origin;  // of the picture's top left corner
    ImVec2 size;    // of the whole picture
    ImVec2 at(double x, double y) const {
        return {origin.x + static_cast<float>(x) * size.x,
                origin.y + static_cast<float>(y) * size.y};
    }
    ImVec2 at(const Mark::Point& point) const { return at(point.x, point.y); }
    ImVec2 fraction(ImVec2 p) const {
        return {(p.x - origin.x) / size.x, (p.y - origin.y) / size.y};
    }
};

ImU32 ink(HeatColour rgb, float alpha) {
    return IM_COL32(rgb.r, rgb.g, rgb.b, static_cast<int>(std::clamp(alpha, 0.0f, 1.0f) * 255));
}

const Image& shown(const LatentFrame& frame, const LatentViewState& state) {
    return frame.trace.question.images[state.image];
}

bool isMeasured(const LatentFrame& frame, const LatentViewState& state) {
    return frame.selected && !cosineOn(frame.trace, *frame.selected, state.image).empty();
}

PicturePlacement place(const Image& image, const Region& region, const LatentViewState& state) {
    const ImVec2 fit = fitted(image, region.size);
    const ImVec2 size(fit.x * state.zoom, fit.y * state.zoom);
    const ImVec2 middle = region.middle();
    return {{middle.x - state.centreX * size.x, middle.y - state.centreY * size.y}, size};
}

// Zooms so that what is under the cursor stays there.
void zoomBy(float factor, ImVec2 cursor, const Region& region, const Image& image,
            LatentViewState& state) {
    const ImVec2 under = place(image, region, state).fraction(cursor);
    state.zoom = std::clamp(state.zoom * factor, 1.0f, kMaxZoom);
    const ImVec2 size = place(image, region, state).size;
    const ImVec2 middle = region.middle();
    state.centreX = std::clamp(under.x - (cursor.x - middle.x) / size.x, 0.0f, 1.0f);
    state.centreY = std::clamp(under.y - (cursor.y - middle.y) / size.y, 0.0f, 1.0f);
}

// Whether the left button draws instead of moving the picture.
bool draws(const LatentViewState& state) { return state.drawing && !state.hand && state.onPointer; }

void zoomAndPan(const Region& region, const Image& image, LatentViewState& state) {
    const ImGuiIO& io = ImGui::GetIO();
    if (ImGui::IsItemHovered() && io.MouseWheel != 0)
        zoomBy(std::pow(1.2f, io.MouseWheel), io.MousePos, region, image, state);
    if (!draws(state) && ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0)) {
        state.zoom = 1;
        state.centreX = state.centreY = 0.5f;
    }
    if (ImGui::IsItemActive() && !(draws(state) && io.MouseDown[ImGuiMouseButton_Left])) {
        const ImVec2 size = place(image, region, state).size;
        state.centreX = std::clamp(state.centreX - io.MouseDelta.x / size.x, 0.0f, 1.0f);
        state.centreY = std::clamp(state.centreY - io.MouseDelta.y / size.y, 0.0f, 1.0f);
    }
}

std::optional<Patch> patchUnder(ImVec2 cursor, const LatentFrame& frame, const PicturePlacement& at,
                                int image) {
    const ImVec2 f = at.fraction(cursor);
    if (image >= static_cast<int>(frame.trace.grids.size()) || f.x < 0 || f.y < 0 || f.x >= 1 ||
        f.y >= 1)
        return std::nullopt;
    const PatchGrid grid = frame.trace.grids[image];
    Patch patch{.row = static_cast<int>(f.y * static_cast<float>(grid.rows)),
                .col = static_cast<int>(f.x * static_cast<float>(grid.cols))};
    const std::size_t index = static_cast<std::size_t>(patch.row) * grid.cols + patch.col;
    const LatentStep* step = frame.selected;
    if (!step || index >= cosineOn(frame.trace, *step, image).size()) return patch;
    patch.cosine = cosineOn(frame.trace, *step, image)[index];
    if (const auto l2 = l2On(frame.trace, *step, image); !l2.empty()) patch.l2 = l2[index];
    return patch;
}

// ---- Legend ----

struct Legend {
    ImVec2 top;  // of the bar of colours
    float height;
    const HeatScale& whole;  // from its lower to its upper end
    const HeatScale& scale;  // which of it has colours of its own
    float share(float value) const { return (value - whole.cold) / (whole.hot - whole.cold); }
    float y(float value) const { return top.y + height * (1 - std::clamp(share(value), 0.f, 1.f)); }
    float value(float y) const {
        const float share = std::clamp(1 - (y - top.y) / height, 0.0f, 1.0f);
        return whole.cold + (whole.hot - whole.cold) * share;
    }
};

void drawBar(const Legend& legend, const HeatLook& look) {
    constexpr int kSlices = 48;
    const float slice = legend.height / kSlices;
    for (int i = 0; i < kSlices; ++i) {
        const float y = legend.top.y + slice * static_cast<float>(i);
        const HeatInk at =
            legendInk(look, legend.scale, legend.scale.place(legend.value(y + slice / 2)));
        ImGui::GetWindowDrawList()->AddRectFilled(
            {legend.top.x, y}, {legend.top.x + kLegendBar, y + slice}, ink(at.colour, at.alpha));
    }
}

void drawNumber(const Legend& legend, float value, bool isLimit) {
    char text[24];
    std::snprintf(text, sizeof text, legend.scale.isSigned ? "%+.*f" : "%.*f",
                  legend.whole.decimals, static_cast<double>(value));
    const float y = legend.y(value), x = legend.top.x + kLegendBar;
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (isLimit)
        list->AddTriangleFilled({x, y}, {x + 6, y - 4}, {x + 6, y + 4},
                                ImGui::GetColorU32(ImGuiCol_Text));
    list->AddText({x + 8, y - ImGui::GetTextLineHeight() / 2}, ImGui::GetColorU32(ImGuiCol_Text),
                  text);
}

// The end that was nearer when the drag began goes with it; signed ones go together.
void dragLimits(const Legend& legend, LatentViewState& state) {
    const float value = legend.value(ImGui::GetIO().MousePos.y);
    HeatLimits limits{legend.scale.cold, legend.scale.hot};
    if (ImGui::IsItemActivated())
        state.dragsHot = std::abs(legend.share(value) - legend.share(limits.hot)) <
                         std::abs(legend.share(value) - legend.share(limits.cold));
    const float least = (legend.whole.hot - legend.whole.cold) / 100;  // apart
    if (legend.scale.isSigned) {
        limits.hot = std::max(std::abs(value), std::abs(least));
        limits.cold = -limits.hot;
    } else {
        (state.dragsHot ? limits.hot : limits.cold) = value;
        if ((limits.hot - limits.cold) / least < 1) return;
    }
    state.limits = limits;
}

void drawLimitButtons(const Legend& legend, const LatentFrame& frame, LatentViewState& state) {
    ImGui::SetCursorScreenPos({legend.top.x, legend.top.y + legend.height + 12});
    if (ImGui::SmallButton("auto")) state.limits = limitsOf(frame.heat.maps(), state.selectedStep);
    if (ImGui::IsItemHovered())
        ImGui::SetTooltip("The colours of this step's own least and greatest value.");
    if (!state.limits) return;
    ImGui::SetCursorScreenPos(
        {legend.top.x, legend.top.y + legend.height + 12 + ImGui::GetTextLineHeight() + 6});
    if (ImGui::SmallButton("reset")) state.limits.reset();
    if (ImGui::IsItemHovered())
        ImGui::SetTooltip("The colours of the values of all steps: they compare between steps.");
}

// At the right edge, whatever the shape of the picture, in the margin that is left for it.
void drawLegend(const Region& region, const LatentFrame& frame, LatentViewState& state) {
    const float height = std::min(200.0f, region.size.y - 100);
    if (height < 40) return;
    const ImVec2 back = ImGui::GetCursorScreenPos();
    const Legend legend{{region.max().x + 14, region.min.y + 24},
                        height,
                        frame.heat.wholeScale(),
                        frame.heat.maps().scale};
    const std::string_view name = nameOf(state.shown.mode);
    ImGui::GetWindowDrawList()->AddText({legend.top.x, region.min.y},
                                        ImGui::GetColorU32(ImGuiCol_TextDisabled), name.data(),
                                        name.data() + name.size());
    drawBar(legend, state.look);
    if (legend.whole.hot == legend.whole.cold) return;
    ImGui::SetCursorScreenPos({legend.top.x, legend.top.y - 6});
    ImGui::InvisibleButton("limits", {kLegendWidth - 18, height + 12});
    if (ImGui::IsItemActive()) dragLimits(legend, state);
    if (ImGui::IsItemHovered() && !ImGui::IsItemActive())
        ImGui::SetTooltip("Drag an end to choose which values the colours are for.");
    drawNumber(legend, legend.scale.hot, true);
    drawNumber(legend, legend.scale.cold, true);
    if (!state.limits) drawNumber(legend, (legend.scale.cold + legend.scale.hot) / 2, false);
    drawLimitButtons(legend, frame, state);
    ImGui::SetCursorScreenPos(back);
}

// ---- A patch asked ----

// What breaks a line as it is written in a program.
std::string onOneLine(const std::string& token) {
    std::string line;
    for (const char c : token) line += c == '\n' ? "\\n" : c == '\t' ? "\\t" : std::string(1, c);
    return line;
}

// A list that floats at the side of the picture away from the patch.
void drawAnswersOf(int patch, const LatentFrame& frame, const Region& region,
                   LatentViewState& state) {
    const PatchGrid grid = frame.trace.grids[state.image];
    constexpr int kTokens = 5;
    const auto near = stepsNear(frame.trace, state.image, patch);
    const auto said = tokensNear(frame.trace, state.image, patch, kTokens);
    const auto lines = near.size() + said.size() + (said.empty() ? 1 : 2);
    const bool patchIsLeft = patch % grid.cols * 2 < grid.cols;
    const ImVec2 size(168,
                      std::min(region.size.y - 8,
                               static_cast<float>(lines) * ImGui::GetTextLineHeightWithSpacing() +
                                   ImGui::GetFrameHeight() + 8));
    const ImVec2 back = ImGui::GetCursorScreenPos();
    ImGui::SetCursorScreenPos(
        {patchIsLeft ? region.max().x - size.x - 4 : region.min.x + 4, region.min.y + 4});
    ImGui::PushStyleColor(ImGuiCol_ChildBg, ImGui::GetColorU32(ImGuiCol_PopupBg));
    ImGui::BeginChild("asked", size, true);
    ImGui::Text("Patch row %d, col %d", patch / grid.cols, patch % grid.cols);
    ImGui::SameLine(size.x - 26);
    if (ImGui::SmallButton("x")) state.asked.reset();
    ImGui::TextDisabled(near.empty() ? "no step was measured" : "nearest steps, cosine");
    for (const StepAtPatch& answer : near) {
        char text[48];
        std::snprintf(text, sizeof text, "step %d##near", answer.step + 1);
        if (ImGui::Selectable(text, answer.step == state.selectedStep)) {
            state.selectedStep = answer.step;
            state.playing = false;
        }
        ImGui::SameLine(size.x - 62);
        ImGui::Text("%.3f", static_cast<double>(answer.cosine));
    }
    if (!said.empty()) ImGui::TextDisabled("nearest tokens");
    for (const TokenAtPatch& token : said) {
        ImGui::TextUnformatted(onOneLine(frame.trace.steps[token.step].text).c_str());
        ImGui::SameLine(size.x - 62);
        ImGui::Text("%.3f", static_cast<double>(token.cosine));
    }
    ImGui::EndChild();
    ImGui::PopStyleColor();
    ImGui::SetCursorScreenPos(back);
    ImGui::Dummy({0, 0});
}

// ---- Marks ----

void drawOutline(ImVec2 min, ImVec2 max, const Mark& mark) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRect({min.x - 1, min.y - 1}, {max.x + 1, max.y + 1}, kMarkShadow, 2, 0,
                  mark.width + 2);
    list->AddRect(min, max, mark.ink, 2, 0, mark.width);
    if (mark.text.empty()) return;
    const ImVec2 size = ImGui::CalcTextSize(mark.text.c_str());
    list->AddRectFilled(min, {min.x + size.x + 8, min.y + size.y + 2}, mark.ink, 3);
    list->AddText({min.x + 4, min.y + 1}, IM_COL32(20, 20, 20, 255), mark.text.c_str());
}

void drawDashedLine(ImVec2 from, ImVec2 to, const Mark& mark) {
    constexpr float kDash = 6;
    const float x = to.x - from.x, y = to.y - from.y, length = std::hypot(x, y);
    const auto point = [&](float at) {
        const float share = std::min(at, length) / std::max(length, 1.0f);
        return ImVec2(from.x + x * share, from.y + y * share);
    };
    for (const auto& [ink, width] :
         {std::pair(kMarkShadow, 2 * mark.width), std::pair(mark.ink, mark.width)})
        for (float at = 0; at < length; at += 2 * kDash)
            ImGui::GetWindowDrawList()->AddLine(point(at), point(at + kDash), ink, width);
}

// The word is above the box, so that a small one is not covered; no paper, so that it is no chip.
void drawDashes(ImVec2 min, ImVec2 max, const Mark& mark) {
    const ImVec2 corners[] = {min, {max.x, min.y}, max, {min.x, max.y}, min};
    for (int side = 0; side < 4; ++side) drawDashedLine(corners[side], corners[side + 1], mark);
    const ImVec2 at(min.x, min.y - ImGui::GetTextLineHeight() - 1);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddText({at.x + 1, at.y + 1}, kMarkShadow, mark.text.c_str());
    list->AddText(at, mark.ink, mark.text.c_str());
}

void drawBrackets(ImVec2 min, ImVec2 max, const Mark& mark) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float arm = std::max(4.0f, (max.x - min.x) * 0.28f);
    for (const auto& [ink, width] :
         {std::pair(kMarkShadow, mark.width + 2), std::pair(mark.ink, mark.width)})
        for (const int sx : {0, 1})
            for (const int sy : {0, 1}) {
                const ImVec2 corner(sx ? max.x : min.x, sy ? max.y : min.y);
                const ImVec2 points[] = {{corner.x + (sx ? -arm : arm), corner.y},
                                         corner,
                                         {corner.x, corner.y + (sy ? -arm : arm)}};
                list->AddPolyline(points, 3, ink, 0, width);
            }
}

void drawHandles(ImVec2 min, ImVec2 max, const Mark& mark) {
    constexpr float kHandle = 4;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 middle((min.x + max.x) / 2, (min.y + max.y) / 2);
    for (const float x : {min.x, middle.x, max.x})
        for (const float y : {min.y, middle.y, max.y}) {
            if (x == middle.x && y == middle.y) continue;
            list->AddRectFilled({x - kHandle - 1, y - kHandle - 1},
                                {x + kHandle + 1, y + kHandle + 1}, kMarkShadow);
            list->AddRectFilled({x - kHandle, y - kHandle}, {x + kHandle, y + kHandle}, mark.ink);
        }
}

void drawPath(const Mark& mark, const PicturePlacement& at) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    std::vector<ImVec2> points;
    for (const Mark::Point& point : mark.points) points.push_back(at.at(point));
    const auto count = static_cast<int>(points.size());
    for (const auto& [ink, width] :
         {std::pair(kMarkShadow, mark.width + 2), std::pair(mark.ink, mark.width)})
        list->AddPolyline(points.data(), count, ink, 0, width);
    for (const ImVec2& point : points) list->AddCircleFilled(point, 4, kMarkShadow);
    for (const ImVec2& point : points) list->AddCircleFilled(point, 3, mark.ink);
    list->AddCircleFilled(points.front(), 6, kMarkShadow);
    list->AddCircle(points.front(), 5, mark.ink, 0, 2);
}

void drawGrid(const Mark& mark, const PicturePlacement& at) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const double rows = mark.grid.rows, cols = mark.grid.cols;
    for (int row = 0; row <= mark.grid.rows; ++row)
        list->AddLine(at.at(0, row / rows), at.at(1, row / rows), mark.ink);
    for (int col = 0; col <= mark.grid.cols; ++col)
        list->AddLine(at.at(col / cols, 0), at.at(col / cols, 1), mark.ink);
}

void draw(const Mark& mark, const PicturePlacement& at) {
    const bool isBox = mark.points.size() == 2;
    const ImVec2 min = isBox ? at.at(mark.points[0]) : ImVec2();
    const ImVec2 max = isBox ? at.at(mark.points[1]) : ImVec2();
    switch (mark.kind) {
        case Mark::Kind::Grid:
            return drawGrid(mark, at);
        case Mark::Kind::Fill:
            return ImGui::GetWindowDrawList()->AddRectFilled(min, max, mark.ink);
        case Mark::Kind::Outline:
            return drawOutline(min, max, mark);
        case Mark::Kind::Dashes:
            return drawDashes(min, max, mark);
        case Mark::Kind::Brackets:
            return drawBrackets(min, max, mark);
        case Mark::Kind::Handles:
            return drawHandles(min, max, mark);
        case Mark::Kind::Path:
            return drawPath(mark, at);
    }
}

// ---- Pointer ----

// Tells the owner of the boxes what the left button does over the picture.
void reportPointer(const PicturePlacement& at, const LatentViewState& state) {
    using Phase = RegionPointer::Phase;
    const ImGuiIO& io = ImGui::GetIO();
    const bool released =
        ImGui::IsItemDeactivated() && ImGui::IsMouseReleased(ImGuiMouseButton_Left);
    const bool pressed = ImGui::IsItemActivated() && io.MouseDown[ImGuiMouseButton_Left];
    const bool held = ImGui::IsItemActive() && io.MouseDown[ImGuiMouseButton_Left];
    if (!released && !held && !ImGui::IsItemHovered()) return;
    const ImVec2 f = at.fraction(io.MousePos);
    state.onPointer({.phase = released  ? Phase::Release
                              : pressed ? Phase::Press
                              : held    ? Phase::Drag
                                        : Phase::Hover,
                     .x = f.x,
                     .y = f.y,
                     .reachX = kHandleReach / at.size.x,
                     .reachY = kHandleReach / at.size.y,
                     .fresh = io.KeyShift,
                     .token = io.KeyCtrl});
}

// A press that stays where it is asks the patch; the same patch again takes the question back.
void askPatch(const LatentFrame& frame, LatentViewState& state) {
    const ImGuiIO& io = ImGui::GetIO();
    if (!ImGui::IsItemDeactivated() || !ImGui::IsMouseReleased(ImGuiMouseButton_Left)) return;
    if (!state.hovered || frame.steps().empty()) return;
    if (io.MouseDragMaxDistanceSqr[0] > kStill * kStill) return;
    const int patch = state.hovered->row * frame.trace.grids[state.image].cols + state.hovered->col;
    state.asked = state.asked == patch ? std::nullopt : std::optional(patch);
}

}  // namespace

bool numberSlider(const char* id, float& value, float least, float most, const char* format,
                  float width, bool logarithmic) {
    char text[32];
    std::snprintf(text, sizeof text, format, static_cast<double>(value));
    ImGui::SetNextItemWidth(width - ImGui::CalcTextSize(text).x - 4);
    const bool changed = ImGui::SliderFloat(
        id, &value, least, most, "",
        ImGuiSliderFlags_AlwaysClamp | (logarithmic ? ImGuiSliderFlags_Logarithmic : 0));
    ImGui::SameLine(0, 4);
    ImGui::TextUnformatted(text);
    return changed;
}

void noteMenu(LatentViewState& state) {
    state.menuIsOpen = true;
    if (std::exchange(state.closesMenu, false)) ImGui::CloseCurrentPopup();
}

ImVec2 fitted(const Image& image, ImVec2 space) {
    const float fit = std::min(space.x / static_cast<float>(image.width),
                               space.y / static_cast<float>(image.height));
    return {static_cast<float>(image.width) * fit, static_cast<float>(image.height) * fit};
}

void drawHeat(const LatentFrame& frame, const HeatTexels::Part& part, ImVec2 min, ImVec2 max) {
    if (part.isEmpty() || !frame.cells) return;
    const auto width = static_cast<float>(frame.texels.width);
    const auto height = static_cast<float>(frame.texels.height);
    const auto top = static_cast<float>(part.top);
    ImGui::GetWindowDrawList()->AddImage(frame.cells, min, max, {0, top / height},
                                         {static_cast<float>(part.grid.cols) / width,
                                          (top + static_cast<float>(part.grid.rows)) / height});
}

void drawPicture(const LatentFrame& frame, float height, LatentViewState& state) {
    const ImVec2 space = ImGui::GetContentRegionAvail();
    const Region region{ImGui::GetCursorScreenPos(),
                        {std::max(space.x - kLegendWidth, 1.0f), std::max(height, 1.0f)}};
    ImGui::InvisibleButton("picture", region.size,
                           ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonMiddle);
    zoomAndPan(region, shown(frame, state), state);
    const PicturePlacement at = place(shown(frame, state), region, state);
    state.picture = {at.origin.x, at.origin.y, at.size.x, at.size.y};
    state.hovered = ImGui::IsItemHovered()
                        ? patchUnder(ImGui::GetIO().MousePos, frame, at, state.image)
                        : std::nullopt;
    draws(state) ? reportPointer(at, state) : askPatch(frame, state);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->PushClipRect(region.min, region.max(), true);
    list->AddImage(frame.picture, at.at(0, 0), at.at(1, 1));
    const bool isHot = isMeasured(frame, state) && state.heat;
    if (isHot && showsHeat(state)) drawHeat(frame, frame.texels.selected, at.at(0, 0), at.at(1, 1));
    for (const Mark& mark : marksOf(frame.trace, state)) draw(mark, at);
    list->PopClipRect();
    if (isHot) drawLegend(region, frame, state);
    if (state.asked && state.image < static_cast<int>(frame.trace.grids.size()))
        drawAnswersOf(*state.asked, frame, region, state);
}

}  // namespace lvr
