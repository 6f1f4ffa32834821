#include "widgets/latent/picture_part.h"

#include <algorithm>
#include <cmath>

#include "widgets/latent/marks.h"

namespace lvr {
namespace {

constexpr float kLegendWidth = 84;
constexpr float kMaxZoom = 32;
constexpr float kHandleReach = 7;
constexpr float kStill = 4;  // pixels; a press that moves further is a drag

struct Region {
    ImVec2 min, size;
    ImVec2 middle() const { return {min.x + size.x / 2, min.y + size.y / 2}; }
    ImVec2 max() const { return {min.x + size.x, min.y + size.y}; }
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

// Beside the picture, in the margin that the region leaves for it.
void drawLegend(const Region& region, float pictureRight, const LatentFrame& frame,
                const LatentViewState& state) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    constexpr int kSlices = 32;
    const float height = std::min(200.0f, region.size.y - 60);
    if (height < 40) return;
    const HeatScale& scale = frame.maps.scale;
    const ImVec2 top(std::min(pictureRight, region.max().x) + 14, region.min.y + 24);
    for (int i = 0; i < kSlices; ++i) {
        const float y = top.y + height * static_cast<float>(i) / kSlices;
        const float hot = 1 - (static_cast<float>(i) + 0.5f) / kSlices;
        const HeatInk at = legendInk(state.look, scale, hot);
        list->AddRectFilled({top.x, y}, {top.x + 14, y + height / kSlices},
                            ink(at.colour, at.alpha));
    }
    const auto label = [&](float y, float value) {
        char text[24];
        std::snprintf(text, sizeof text, scale.isSigned ? "%+.*f" : "%.*f", scale.decimals,
                      static_cast<double>(value));
        list->AddText({top.x + 19, y - ImGui::GetTextLineHeight() / 2},
                      ImGui::GetColorU32(ImGuiCol_Text), text);
    };
    label(top.y, scale.hot);
    label(top.y + height / 2, (scale.cold + scale.hot) / 2);
    label(top.y + height, scale.cold);
    const std::string_view name = nameOf(state.shown.mode);
    list->AddText({top.x, region.min.y}, ImGui::GetColorU32(ImGuiCol_TextDisabled), name.data(),
                  name.data() + name.size());
}

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

void drawMarks(const LatentFrame& frame, const PicturePlacement& at, const LatentViewState& state) {
    const bool hasGrid = state.image < static_cast<int>(frame.trace.grids.size());
    if (hasGrid && state.grid) drawGrid(frame.trace.grids[state.image], at);
    if (isMeasured(frame, state) && state.nearest)
        drawNearest(nearestPatches(frame.trace, *frame.selected, state.image, state.shown,
                                   state.nearestCount),
                    frame.trace.grids[state.image], at);
    if (state.rois) drawDashed(state.targets, "target", state.image, at);
    const auto& given = frame.trace.options.thought.boxes;
    if (given != state.boxes) drawDashed(given, "thought", state.image, at);
    if (hasGrid && state.path && state.tokensOf) drawPath(frame.trace, state, at);
    drawBoxes(state, at);
    if (hasGrid && state.asked) drawRing(frame.trace.grids[state.image], *state.asked, at);
}

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
    if (!state.hovered || frame.steps.empty()) return;
    if (io.MouseDragMaxDistanceSqr[0] > kStill * kStill) return;
    const int patch = state.hovered->row * frame.trace.grids[state.image].cols + state.hovered->col;
    state.asked = state.asked == patch ? std::nullopt : std::optional(patch);
}

}  // namespace

ImVec2 fitted(const Image& image, ImVec2 space) {
    const float fit = std::min(space.x / static_cast<float>(image.width),
                               space.y / static_cast<float>(image.height));
    return {static_cast<float>(image.width) * fit, static_cast<float>(image.height) * fit};
}

void drawHeat(const LatentFrame& frame, const HeatTexels::Part& part, ImVec2 min, ImVec2 max) {
    if (part.isEmpty() || !frame.cells) return;
    const auto width = static_cast<float>(frame.heat.width);
    const auto height = static_cast<float>(frame.heat.height);
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
    const bool heats = isMeasured(frame, state) && state.heat;
    if (heats) drawHeat(frame, frame.heat.selected, at.at(0, 0), at.at(1, 1));
    drawMarks(frame, at, state);
    list->PopClipRect();
    if (heats) drawLegend(region, at.at(1, 1).x, frame, state);
    if (state.asked && state.image < static_cast<int>(frame.trace.grids.size()))
        drawAnswersOf(*state.asked, frame, region, state);
}

}  // namespace lvr
