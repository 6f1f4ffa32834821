#include "widgets/latent/latent_view.h"

#include <imgui.h>

#include <algorithm>
#include <string>
#include <utility>

#include "widgets/latent/picture_part.h"
#include "widgets/latent/steps_part.h"

namespace lvr {
namespace {

// Cells in a row of a small picture; more could not be told apart.
constexpr int kSmallSide = 36, kMultipleSide = 96;
constexpr float kModeWidth = 122, kNumberWidth = 84, kOpacityWidth = 104;  // of the controls

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

void drawModeChoice(const Trace& trace, LatentViewState& state) {
    nextInRow(kModeWidth);
    ImGui::SetNextItemWidth(kModeWidth);
    if (ImGui::BeginCombo("##mode", std::string(nameOf(state.shown.mode)).c_str(),
                          ImGuiComboFlags_HeightLarge)) {
        for (const HeatMode mode : modesFor(trace, state.image)) {
            if (ImGui::Selectable(std::string(nameOf(mode)).c_str(), mode == state.shown.mode)) {
                state.shown.mode = mode;
                state.waitingMode.reset();
            }
            explainItem(std::string(explainOf(mode)).c_str());
        }
        ImGui::EndCombo();
    }
    explainItem(std::string(explainOf(state.shown.mode)).c_str());
    if (state.shown.mode == HeatMode::Softmax) {
        nextInRow(kNumberWidth);
        ImGui::SetNextItemWidth(kNumberWidth);
        ImGui::SliderFloat("##T", &state.shown.temperature, 0.01f, 1, "T %.2f",
                           ImGuiSliderFlags_AlwaysClamp | ImGuiSliderFlags_Logarithmic);
    } else if (state.shown.mode == HeatMode::TopK) {
        nextInRow(kNumberWidth);
        ImGui::SetNextItemWidth(kNumberWidth);
        ImGui::SliderInt("##k", &state.shown.topK, 1, 64, "k %d",
                         ImGuiSliderFlags_AlwaysClamp | ImGuiSliderFlags_Logarithmic);
    }
}

template <class Choice, std::size_t N>
void offer(const Choice (&all)[N], Choice& chosen) {
    for (const Choice each : all)
        if (ImGui::Selectable(std::string(nameOf(each)).c_str(), each == chosen)) chosen = each;
}

void drawColourChoice(LatentViewState& state) {
    const bool hasMap = state.shown.mode != HeatMode::Relative;  // which has one of its own
    nextInRow(kNumberWidth);
    ImGui::SetNextItemWidth(kNumberWidth);
    const std::string name(hasMap ? nameOf(state.look.colours) : nameOf(state.look.cover));
    if (ImGui::BeginCombo("##colours", name.c_str())) {
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
    ImGui::SetNextItemWidth(kOpacityWidth);
    float percent = state.look.opacity * 100;
    if (ImGui::SliderFloat("##opacity", &percent, 0, 100, "opacity %.0f%%"))
        state.look.opacity = std::clamp(percent / 100, 0.0f, 1.0f);
}

void drawMarksMenu(LatentViewState& state) {
    nextInRow(widthOf("Show"));
    if (ImGui::Button("Show")) ImGui::OpenPopup("marks");
    if (!ImGui::BeginPopup("marks")) return;
    ImGui::Checkbox("Nearest patches", &state.nearest);
    ImGui::SetNextItemWidth(120);
    ImGui::SliderInt("##count", &state.nearestCount, 1, 16, "top %d", ImGuiSliderFlags_AlwaysClamp);
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
    drawModeChoice(trace, state);
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
    const int count = static_cast<int>(frame.steps.size());
    if (state.shown.mode == HeatMode::Mean) {
        ImGui::Text("Mean of %d steps", count);
    } else {
        ImGui::Text("Step %d of %d", state.selectedStep + 1, count);
        ImGui::SameLine(0, 12);
        ImGui::TextDisabled("shadow");
        ImGui::SameLine();
        ImGui::TextUnformatted(frame.steps[state.selectedStep]->text.c_str());
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
    if (!state.hovered && frame.steps.empty()) return hint({"Wheel zooms, drag moves."});
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
    const auto& values = frame.maps.steps[state.selectedStep];
    const PatchGrid grid = frame.trace.grids[state.image];
    const std::size_t index = static_cast<std::size_t>(patch.row) * grid.cols + patch.col;
    const bool said =
        state.shown.mode == HeatMode::Cosine || state.shown.mode == HeatMode::Distance;
    if (said || index >= values.size()) return;
    ImGui::SameLine(0, 12);
    ImGui::Text("%s %.*f", std::string(nameOf(state.shown.mode)).c_str(),
                frame.maps.scale.decimals + 1, static_cast<double>(values[index]));
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

// A mode that this trace does not offer waits for one that does.
void fitMode(const std::vector<HeatMode>& modes, LatentViewState& state) {
    const auto offered = [&](HeatMode mode) {
        return std::find(modes.begin(), modes.end(), mode) != modes.end();
    };
    if (!offered(state.shown.mode))
        state.waitingMode = std::exchange(state.shown.mode, HeatMode::Cosine);
    else if (state.waitingMode && offered(*state.waitingMode))
        state.shown.mode = *std::exchange(state.waitingMode, std::nullopt);
}

// What was chosen for another trace may not be there in this one.
void fitChoices(const Trace& trace, int steps, LatentViewState& state) {
    state.selectedStep = std::min(state.selectedStep, steps - 1);
    const bool hasGrid = state.image < static_cast<int>(trace.grids.size());
    if (state.asked && (!hasGrid || *state.asked >= trace.grids[state.image].count()))
        state.asked.reset();
    if (steps > 0) fitMode(modesFor(trace, state.image), state);
}

LatentFrame frameOf(const Trace& trace, const PanelTextures& textures, LatentViewState& state) {
    LatentFrame frame{.trace = trace,
                      .picture = textures.picture,
                      .steps = latentSteps(trace),
                      .cells = nullptr,
                      .selected = nullptr};
    fitChoices(trace, static_cast<int>(frame.steps.size()), state);
    frame.maps = heatMaps(trace, state.image, state.shown);
    frame.curves = stepCurves(trace, state.shown.temperature);
    if (state.selectedStep >= 0) frame.selected = &latentOf(*frame.steps[state.selectedStep]);
    if (state.image >= static_cast<int>(trace.grids.size())) return frame;
    const int side = state.multiples ? kMultipleSide : state.thumbnails ? kSmallSide : 0;
    frame.heat =
        heatTexels(frame.maps, trace.grids[state.image], state.selectedStep, side, state.look);
    const HeatTexels& heat = frame.heat;
    if (heat.height > 0) frame.cells = textures.cells(heat.width, heat.height, heat.rgba);
    return frame;
}

void drawContents(const Trace& trace, const PanelTextures& textures, LatentViewState& state) {
    const LatentFrame frame = frameOf(trace, textures, state);
    drawControls(trace, state);
    ImGui::Spacing();
    const float below = ImGui::GetTextLineHeightWithSpacing() + stepsHeight(frame, state) + 8;
    const float height = ImGui::GetContentRegionAvail().y - below;
    if (state.multiples && !frame.steps.empty()) {
        state.hovered.reset();
        state.picture = {};
        drawMultiples(frame, height, state);
    } else {
        drawPicture(frame, height, state);
    }
    drawReadout(frame, state);
    if (frame.steps.empty())
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
    const bool known =
        state.image >= 0 && state.image < static_cast<int>(trace.question.images.size());
    if (known && textures.picture)
        drawContents(trace, textures, state);
    else
        drawEmpty();
    ImGui::End();
}

}  // namespace lvr
