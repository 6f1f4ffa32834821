#include "widgets/latent/latent_view.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "widgets/latent/latent_parts.h"

namespace lvr {
namespace {

// Cells in a row of a small picture; more could not be told apart.
constexpr int kSmallSide = 36, kMultipleSide = 96;
constexpr float kModeWidth = 132, kNumberWidth = 84, kOpacityWidth = 120;  // of the controls

void explainItem(const char* sentence) {
    if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", sentence);
}

// Beside what was drawn last, or below it where so much has no room.
void nextInRow(float width) {
    ImGui::SameLine();
    if (ImGui::GetContentRegionAvail().x < width) ImGui::NewLine();
}

// Of a button or, with its box, a checkbox.
float widthOf(const char* label, float box = 0) {
    return ImGui::CalcTextSize(label).x + box + 2 * ImGui::GetStyle().FramePadding.x;
}

template <class Choice, std::size_t N>
void offer(const Choice (&all)[N], Choice& chosen) {
    for (const Choice each : all)
        if (ImGui::Selectable(std::string(nameOf(each)).c_str(), each == chosen)) chosen = each;
}

// What a mode has to be set; in the menu, so that the controls beside it keep their places.
void drawModeNumber(LatentViewState& state) {
    if (state.shown.mode == HeatMode::Softmax) {
        ImGui::Separator();
        numberSlider("##T", state.shown.temperature, 0.01f, 1, "T %.2f", 150, true);
    } else if (state.shown.mode == HeatMode::TopK) {
        ImGui::Separator();
        auto count = static_cast<float>(state.shown.topK);
        if (numberSlider("##k", count, 1, 64, "k %.0f", 150, true))
            state.shown.topK = static_cast<int>(std::lround(count));
    }
}

void drawModeChoice(LatentViewState& state) {
    nextInRow(kModeWidth);
    ImGui::SetNextItemWidth(kModeWidth);
    char shown[64];
    const std::string name(nameOf(state.shown.mode));
    if (state.shown.mode == HeatMode::Softmax)
        std::snprintf(shown, sizeof shown, "%s, T %.2f", name.c_str(),
                      static_cast<double>(state.shown.temperature));
    else if (state.shown.mode == HeatMode::TopK)
        std::snprintf(shown, sizeof shown, "top %d patches", state.shown.topK);
    else
        std::snprintf(shown, sizeof shown, "%s", name.c_str());
    if (ImGui::BeginCombo("##mode", shown, ImGuiComboFlags_HeightLarge)) {
        noteMenu(state);
        for (const HeatMode mode : state.heatOf.modes()) {
            if (ImGui::Selectable(std::string(nameOf(mode)).c_str(), mode == state.shown.mode,
                                  ImGuiSelectableFlags_DontClosePopups))
                chooseMode(mode, state);
            explainItem(std::string(explainOf(mode)).c_str());
        }
        drawModeNumber(state);
        ImGui::EndCombo();
    }
    explainItem(std::string(explainOf(state.shown.mode)).c_str());
}

void drawColourChoice(LatentViewState& state) {
    const bool hasMap = state.shown.mode != HeatMode::Relative;  // which has one of its own
    nextInRow(kNumberWidth);
    ImGui::SetNextItemWidth(kNumberWidth);
    const std::string name(hasMap ? nameOf(state.look.colours) : nameOf(state.look.cover));
    if (ImGui::BeginCombo("##colours", name.c_str())) {
        noteMenu(state);
        if (hasMap) offer(kColourMaps, state.look.colours);
        if (hasMap) ImGui::Separator();
        for (const HeatCover cover : kHeatCovers) {
            if (ImGui::Selectable(std::string(nameOf(cover)).c_str(), cover == state.look.cover))
                state.look.cover = cover;
            explainItem(std::string(explainOf(cover)).c_str());
        }
        ImGui::EndCombo();
    }
    explainItem("Colours of the heat, and how it lies over the picture.");
    nextInRow(kOpacityWidth);
    float percent = state.look.opacity * 100;
    if (numberSlider("##opacity", percent, 0, 100, "%.0f %%", kOpacityWidth))
        state.look.opacity = std::clamp(percent / 100, 0.0f, 1.0f);
    explainItem("Opacity of the heat; hold H to look at the picture without it.");
}

void drawMarksMenu(LatentViewState& state) {
    nextInRow(widthOf("Show"));
    if (ImGui::Button("Show")) ImGui::OpenPopup("marks");
    if (!ImGui::BeginPopup("marks")) return;
    noteMenu(state);
    ImGui::Checkbox("Nearest patches", &state.nearest);
    auto count = static_cast<float>(state.nearestCount);
    if (numberSlider("##count", count, 1, 16, "top %.0f", 150))
        state.nearestCount = static_cast<int>(std::lround(count));
    ImGui::Checkbox("Targets, which the question's author knows", &state.rois);
    ImGui::Checkbox("Path through the targets", &state.path);
    ImGui::Checkbox("Token grid", &state.grid);
    ImGui::Separator();
    ImGui::Checkbox("Small pictures", &state.thumbnails);
    ImGui::Checkbox("Curves", &state.curves);
    ImGui::EndPopup();
}

void drawControls(const Trace& trace, LatentViewState& state) {
    ImGui::Checkbox("Heat", &state.heat);
    drawModeChoice(state);
    drawColourChoice(state);
    drawMarksMenu(state);
    nextInRow(widthOf("All steps", ImGui::GetFrameHeight()));
    ImGui::Checkbox("All steps", &state.multiples);
    explainItem("All steps beside each other; click selects, double click goes back to one.");
    nextInRow(widthOf("Fit"));
    if (ImGui::Button("Fit")) {
        state.zoom = 1;
        state.centreX = state.centreY = 0.5f;
    }
    const int images = static_cast<int>(trace.question.images.size());
    for (int i = 0; images > 1 && i < images; ++i) {
        nextInRow(widthOf("00", ImGui::GetFrameHeight()));
        if (ImGui::RadioButton(std::to_string(i + 1).c_str(), i == state.image)) state.image = i;
    }
}

// The first of the sentences that fits beside what is said already; none when none does.
void hint(std::initializer_list<const char*> sentences) {
    for (const char* sentence : sentences)
        if (ImGui::CalcTextSize(sentence).x <= ImGui::GetContentRegionAvail().x)
            return ImGui::TextDisabled("%s", sentence);
    ImGui::NewLine();
}

void drawWhichStep(const LatentFrame& frame, const LatentViewState& state) {
    const int count = static_cast<int>(frame.steps().size());
    if (state.shown.mode == HeatMode::Mean) {
        ImGui::Text("Mean of %d steps", count);
    } else {
        ImGui::Text("Step %d of %d", state.selectedStep + 1, count);
        ImGui::SameLine(0, 12);
        ImGui::TextDisabled("shadow");
        ImGui::SameLine();
        ImGui::TextUnformatted(frame.steps()[state.selectedStep]->text.c_str());
    }
    ImGui::SameLine(0, 18);
}

// One line: the step, then what the cursor is on.
void drawReadout(const LatentFrame& frame, const LatentViewState& state) {
    if (state.selectedStep >= 0) drawWhichStep(frame, state);
    if (state.drawing)
        return hint(
            {"Drag draws, edges resize; Shift draws on top, Ctrl+click picks tokens, Space+drag "
             "moves the picture.",
             "Drag draws; Shift: on top, Ctrl: tokens, Space: move.", "Drag draws."});
    if (!state.hovered && frame.steps().empty()) return hint({"Wheel zooms, drag moves."});
    if (!state.hovered)
        return hint(
            {"Point at a patch to read it, click to ask which steps and tokens are near it; wheel "
             "zooms.",
             "Click a patch to ask which steps and tokens are near it.", "Click a patch."});
    const Patch& patch = *state.hovered;
    ImGui::Text("row %d, col %d", patch.row, patch.col);
    if (!frame.selected) return;
    if (state.shown.mode != HeatMode::Mean) {
        ImGui::SameLine(0, 12);
        ImGui::Text("cosine %.3f   L2 %.3f", static_cast<double>(patch.cosine),
                    static_cast<double>(patch.l2));
    }
    const auto& values = frame.heat.maps().steps[state.selectedStep];
    const PatchGrid grid = frame.trace.grids[state.image];
    const std::size_t index = static_cast<std::size_t>(patch.row) * grid.cols + patch.col;
    const bool said =
        state.shown.mode == HeatMode::Cosine || state.shown.mode == HeatMode::Distance;
    if (said || index >= values.size()) return;
    ImGui::SameLine(0, 12);
    ImGui::Text("%s %.*f", std::string(nameOf(state.shown.mode)).c_str(),
                frame.heat.maps().scale.decimals + 1, static_cast<double>(values[index]));
}

void centred(const char* text, float y) {
    ImGui::SetCursorPos({(ImGui::GetWindowWidth() - ImGui::CalcTextSize(text).x) / 2, y});
    ImGui::TextDisabled("%s", text);
}

void drawEmpty() {
    const float middle = ImGui::GetWindowHeight() / 2;
    centred("No picture yet.", middle - ImGui::GetTextLineHeightWithSpacing());
    centred("Open, drop or paste one, or draw a new scene.", middle);
}

void drawContents(const Trace& trace, const PanelTextures& textures, LatentViewState& state) {
    followTrace(trace, state);
    const int side = state.multiples ? kMultipleSide : state.thumbnails ? kSmallSide : 0;
    const HeatTexels& texels = state.heatOf.texels(state.selectedStep, side, state.look);
    const auto& steps = state.heatOf.steps();
    const LatentFrame frame{
        .trace = trace,
        .picture = textures.picture,
        .heat = state.heatOf,
        .texels = texels,
        .cells =
            texels.height > 0 ? textures.cells(texels.width, texels.height, texels.rgba) : nullptr,
        .selected = state.selectedStep >= 0 ? &latentOf(*steps[state.selectedStep]) : nullptr};
    drawControls(trace, state);
    ImGui::Spacing();
    const float below = ImGui::GetTextLineHeightWithSpacing() + stepsHeight(state) + 8;
    const float height = ImGui::GetContentRegionAvail().y - below;
    if (state.multiples && !steps.empty()) {
        state.hovered.reset();
        state.picture = {};
        drawMultiples(frame, height, state);
    } else {
        drawPicture(frame, height, state);
    }
    drawReadout(frame, state);
    if (steps.empty())
        ImGui::TextDisabled("Ask, and each latent step lights up the patches it reconstructs.");
    else
        drawSteps(frame, state);
}

}  // namespace

void drawLatentView(const Trace& trace, const PanelTextures& textures, LatentViewState& state) {
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
    ImGui::Begin("Latent view", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoScrollWithMouse |
                     ImGuiWindowFlags_NoNav);
    state.menuIsOpen = false;
    const bool known =
        state.image >= 0 && state.image < static_cast<int>(trace.question.images.size());
    if (known && textures.picture)
        drawContents(trace, textures, state);
    else
        drawEmpty();
    ImGui::End();
}

}  // namespace lvr
