#include "widgets/latent_view.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace lvr {
namespace {

constexpr float kLegendWidth = 76;
constexpr float kStripHeight = 68;
constexpr float kMaxZoom = 32;
constexpr ImU32 kShadow = IM_COL32(0, 0, 0, 190);
constexpr ImU32 kRoi = IM_COL32(255, 255, 255, 255);
constexpr ImU32 kNearest = IM_COL32(255, 112, 67, 255);
constexpr ImU32 kEndBar = IM_COL32(64, 156, 255, 255);

ImU32 colour(ColourMap map, float place, float alpha) {
    const HeatColour rgb = colourAt(map, place);
    return IM_COL32(rgb.r, rgb.g, rgb.b, static_cast<int>(std::clamp(alpha, 0.0f, 1.0f) * 255));
}

// Where the picture lies on the screen, and back.
struct Placement {
    ImVec2 origin;  // of the picture's top left corner
    ImVec2 size;    // of the whole picture
    ImVec2 at(double x, double y) const {
        return {origin.x + static_cast<float>(x) * size.x,
                origin.y + static_cast<float>(y) * size.y};
    }
    ImVec2 fraction(ImVec2 p) const {
        return {(p.x - origin.x) / size.x, (p.y - origin.y) / size.y};
    }
};

struct Region {
    ImVec2 min, size;
    ImVec2 middle() const { return {min.x + size.x / 2, min.y + size.y / 2}; }
    ImVec2 max() const { return {min.x + size.x, min.y + size.y}; }
};

const Image& shown(const Trace& trace, const LatentViewState& state) {
    return trace.question.images[state.image];
}

Placement place(const Image& image, const Region& region, const LatentViewState& state) {
    const float fit = std::min(region.size.x / static_cast<float>(image.width),
                               region.size.y / static_cast<float>(image.height));
    const ImVec2 size(static_cast<float>(image.width) * fit * state.zoom,
                      static_cast<float>(image.height) * fit * state.zoom);
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

void showAll(LatentViewState& state) {
    state.zoom = 1;
    state.centreX = state.centreY = 0.5f;
}

void zoomAndPan(const Region& region, const Image& image, LatentViewState& state) {
    const ImGuiIO& io = ImGui::GetIO();
    if (ImGui::IsItemHovered() && io.MouseWheel != 0)
        zoomBy(std::pow(1.2f, io.MouseWheel), io.MousePos, region, image, state);
    if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0)) showAll(state);
    if (ImGui::IsItemActive()) {
        const ImVec2 size = place(image, region, state).size;
        state.centreX = std::clamp(state.centreX - io.MouseDelta.x / size.x, 0.0f, 1.0f);
        state.centreY = std::clamp(state.centreY - io.MouseDelta.y / size.y, 0.0f, 1.0f);
    }
}

void drawHeat(const Trace& trace, const LatentStep& step, const Placement& at,
              const LatentViewState& state) {
    const auto cosine = cosineOn(trace, step, state.image);
    if (cosine.empty()) return;
    const HeatRange range = heatRange(trace, state.image);
    const PatchGrid grid = trace.grids[state.image];
    for (int i = 0; i < grid.count(); ++i) {
        const double row = i / grid.cols, col = i % grid.cols;
        const float hot = range.place(cosine[i]);
        // Cold patches stay clearer, so that the picture is seen where nothing happens.
        ImGui::GetWindowDrawList()->AddRectFilled(
            at.at(col / grid.cols, row / grid.rows),
            at.at((col + 1) / grid.cols, (row + 1) / grid.rows),
            colour(state.colours, hot, state.opacity * (0.35f + 0.65f * hot)));
    }
}

void drawGrid(PatchGrid grid, const Placement& at) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImU32 line = IM_COL32(255, 255, 255, 90);
    for (int row = 0; row <= grid.rows; ++row) {
        const double y = static_cast<double>(row) / grid.rows;
        list->AddLine(at.at(0, y), at.at(1, y), line);
    }
    for (int col = 0; col <= grid.cols; ++col) {
        const double x = static_cast<double>(col) / grid.cols;
        list->AddLine(at.at(x, 0), at.at(x, 1), line);
    }
}

void drawTag(ImVec2 at, const std::string& text) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 size = ImGui::CalcTextSize(text.c_str());
    list->AddRectFilled(at, {at.x + size.x + 8, at.y + size.y + 2}, kRoi, 3);
    list->AddText({at.x + 4, at.y + 1}, IM_COL32(20, 20, 20, 255), text.c_str());
}

// One tag per box, although a box visited twice stands twice in the list: "1, 4".
void drawRois(const std::vector<Box>& rois, const Placement& at) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    for (std::size_t i = 0; i < rois.size(); ++i) {
        if (std::find(rois.begin(), rois.begin() + i, rois[i]) != rois.begin() + i) continue;
        std::string order;
        for (std::size_t j = i; j < rois.size(); ++j)
            if (rois[j] == rois[i]) order += (order.empty() ? "" : ", ") + std::to_string(j + 1);
        const ImVec2 min = at.at(rois[i].x0, rois[i].y0), max = at.at(rois[i].x1, rois[i].y1);
        list->AddRect({min.x - 1, min.y - 1}, {max.x + 1, max.y + 1}, kShadow, 2, 0, 4);
        list->AddRect(min, max, kRoi, 2, 0, 2);
        drawTag(min, order);
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

void drawNearest(const Trace& trace, const LatentStep& step, const Placement& at,
                 const LatentViewState& state) {
    const PatchGrid grid = trace.grids[state.image];
    float thickness = 4;
    for (const Patch& patch : nearestPatches(trace, step, state.image, state.nearestCount)) {
        const double x = patch.col, y = patch.row;
        drawBrackets(at.at((x + 0.1) / grid.cols, (y + 0.1) / grid.rows),
                     at.at((x + 0.9) / grid.cols, (y + 0.9) / grid.rows), thickness);
        thickness = std::max(1.5f, thickness - 1);
    }
}

std::optional<Patch> patchUnder(ImVec2 cursor, const Trace& trace, const LatentStep* step,
                                const Placement& at, int image) {
    const ImVec2 f = at.fraction(cursor);
    if (image >= static_cast<int>(trace.grids.size()) || f.x < 0 || f.y < 0 || f.x >= 1 || f.y >= 1)
        return std::nullopt;
    const PatchGrid grid = trace.grids[image];
    Patch patch{.row = static_cast<int>(f.y * static_cast<float>(grid.rows)),
                .col = static_cast<int>(f.x * static_cast<float>(grid.cols))};
    const std::size_t index = static_cast<std::size_t>(patch.row) * grid.cols + patch.col;
    if (!step || index >= cosineOn(trace, *step, image).size()) return patch;
    patch.cosine = cosineOn(trace, *step, image)[index];
    if (const auto l2 = l2On(trace, *step, image); !l2.empty()) patch.l2 = l2[index];
    return patch;
}

// Beside the picture, in the margin that the region leaves for it.
void drawLegend(const Region& region, float pictureRight, HeatRange range, ColourMap map) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    constexpr int kSlices = 32;
    const float height = std::min(200.0f, region.size.y - 60);
    if (height < 40) return;
    const ImVec2 top(std::min(pictureRight, region.max().x) + 14, region.min.y + 24);
    for (int i = 0; i < kSlices; ++i) {
        const float y = top.y + height * static_cast<float>(i) / kSlices;
        const float hot = 1 - (static_cast<float>(i) + 0.5f) / kSlices;
        list->AddRectFilled({top.x, y}, {top.x + 14, y + height / kSlices + 1},
                            colour(map, hot, 1));
    }
    const auto label = [&](float y, const char* format, float value) {
        char text[24];
        std::snprintf(text, sizeof text, format, static_cast<double>(value));
        list->AddText({top.x + 19, y - ImGui::GetTextLineHeight() / 2},
                      ImGui::GetColorU32(ImGuiCol_Text), text);
    };
    label(top.y, "%.2f", range.high);
    label(top.y + height / 2, "%.2f", (range.low + range.high) / 2);
    label(top.y + height, "%.2f", range.low);
    list->AddText({top.x, region.min.y}, ImGui::GetColorU32(ImGuiCol_TextDisabled), "cosine");
}

void drawPicture(const Trace& trace, void* picture, const LatentStep* step, float height,
                 LatentViewState& state) {
    const ImVec2 space = ImGui::GetContentRegionAvail();
    const Region region{ImGui::GetCursorScreenPos(),
                        {std::max(space.x - kLegendWidth, 1.0f), std::max(height, 1.0f)}};
    ImGui::InvisibleButton("picture", region.size);
    zoomAndPan(region, shown(trace, state), state);
    const Placement at = place(shown(trace, state), region, state);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->PushClipRect(region.min, region.max(), true);
    list->AddImage(picture, at.at(0, 0), at.at(1, 1));
    const bool measured = step && !cosineOn(trace, *step, state.image).empty();
    if (measured && state.heat) drawHeat(trace, *step, at, state);
    if (state.grid && state.image < static_cast<int>(trace.grids.size()))
        drawGrid(trace.grids[state.image], at);
    if (measured && state.nearest) drawNearest(trace, *step, at, state);
    if (state.rois && state.image == 0) drawRois(trace.rois, at);
    list->PopClipRect();
    state.hovered = ImGui::IsItemHovered()
                        ? patchUnder(ImGui::GetIO().MousePos, trace, step, at, state.image)
                        : std::nullopt;
    if (measured && state.heat)
        drawLegend(region, at.at(1, 1).x, heatRange(trace, state.image), state.colours);
}

void drawReadout(const LatentStep* step, const LatentViewState& state) {
    if (!state.hovered) {
        ImGui::TextDisabled("Point at a patch to read its values; wheel zooms, drag moves.");
        return;
    }
    const Patch& patch = *state.hovered;
    if (step)
        ImGui::Text("row %d, col %d   cosine %.3f   L2 %.3f", patch.row, patch.col,
                    static_cast<double>(patch.cosine), static_cast<double>(patch.l2));
    else
        ImGui::Text("row %d, col %d", patch.row, patch.col);
}

// A named value, the name in the colour that draws it in the strip.
void value(const ImVec4& ink, const char* name, const char* format, float number) {
    ImGui::SameLine(0, 14);
    ImGui::TextColored(ink, "%s", name);
    ImGui::SameLine();
    ImGui::Text(format, static_cast<double>(number));
}

void drawStepReadout(const DecodeStep& step, const LatentViewState& state, int count) {
    const LatentStep& latent = latentOf(step);
    const ImVec4 dim = ImGui::GetStyleColorVec4(ImGuiCol_TextDisabled);
    ImGui::Text("Step %d of %d", state.selectedStep + 1, count);
    value(ImGui::ColorConvertU32ToFloat4(kEndBar), "P(end)", "%.3f", latent.endProbability);
    value(ImGui::GetStyleColorVec4(ImGuiCol_PlotLines), "norm", "%.2f", latent.norm);
    if (latent.endDistance) value(dim, "to end vector", "%.3f", *latent.endDistance);
    ImGui::SameLine(0, 14);
    ImGui::TextColored(dim, "shadow");
    ImGui::SameLine();
    ImGui::TextUnformatted(step.text.c_str());
}

struct Strip {
    Region region;
    int count = 0;
    float cell() const { return region.size.x / static_cast<float>(count); }
    int under(float x) const {
        return std::clamp(static_cast<int>((x - region.min.x) / cell()), 0, count - 1);
    }
};

// A blue bar for P(end) and a line for the norm relative to the trace's largest.
void drawStripCell(const Strip& strip, int index, const LatentStep& step, bool selected) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float left = strip.region.min.x + strip.cell() * static_cast<float>(index);
    const float gap = strip.cell() > 8 ? 2.0f : 0.0f;
    const ImVec2 min(left + gap / 2, strip.region.min.y);
    const float labels = strip.cell() >= 22 ? ImGui::GetTextLineHeight() + 2 : 0;
    const ImVec2 max(left + strip.cell() - gap / 2, strip.region.max().y);
    list->AddRectFilled(min, max, ImGui::GetColorU32(ImGuiCol_FrameBg), 3);
    const float height = (max.y - min.y - labels - 4) * std::clamp(step.endProbability, 0.0f, 1.0f);
    list->AddRectFilled({min.x + 2, max.y - labels - 1 - height}, {max.x - 2, max.y - labels - 1},
                        kEndBar, 2);
    if (selected)
        list->AddRect({min.x + 1, min.y + 1}, {max.x - 1, max.y - 1},
                      ImGui::GetColorU32(ImGuiCol_CheckMark), 3, 0, 2);
    if (labels == 0) return;
    const std::string number = std::to_string(index + 1);
    const float width = ImGui::CalcTextSize(number.c_str()).x;
    list->AddText({(min.x + max.x - width) / 2, max.y - labels},
                  ImGui::GetColorU32(selected ? ImGuiCol_Text : ImGuiCol_TextDisabled),
                  number.c_str());
}

void drawNorms(const Strip& strip, const std::vector<const DecodeStep*>& latents) {
    float largest = 1e-6f;
    for (const DecodeStep* step : latents) largest = std::max(largest, latentOf(*step).norm);
    const float low = strip.region.max().y - ImGui::GetTextLineHeight() - 6;
    const float high = strip.region.min.y + 8;
    std::vector<ImVec2> points;
    for (std::size_t i = 0; i < latents.size(); ++i)
        points.emplace_back(strip.region.min.x + strip.cell() * (static_cast<float>(i) + 0.5f),
                            low + (high - low) * latentOf(*latents[i]).norm / largest);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImU32 ink = ImGui::GetColorU32(ImGuiCol_PlotLines);
    list->AddPolyline(points.data(), static_cast<int>(points.size()), ink, 0, 1.5f);
    if (strip.cell() < 12) return;
    for (const ImVec2& point : points) list->AddCircleFilled(point, 2.5f, ink);
}

void explainStep(const std::vector<const DecodeStep*>& latents, int index) {
    const LatentStep& step = latentOf(*latents[index]);
    ImGui::SetTooltip("step %d: norm %.3f, P(end) %.4f", index + 1, static_cast<double>(step.norm),
                      static_cast<double>(step.endProbability));
}

void drawStrip(const std::vector<const DecodeStep*>& latents, LatentViewState& state) {
    const ImVec2 space = ImGui::GetContentRegionAvail();
    const int count = static_cast<int>(latents.size());
    const float width = std::min(space.x, 64.0f * static_cast<float>(count));
    const Strip strip{{ImGui::GetCursorScreenPos(), {std::max(width, 1.0f), kStripHeight}}, count};
    ImGui::InvisibleButton("steps", strip.region.size);
    const int under = strip.under(ImGui::GetIO().MousePos.x);
    if (ImGui::IsItemActive()) {
        state.selectedStep = under;
        state.playing = false;
    }
    for (int i = 0; i < count; ++i)
        drawStripCell(strip, i, latentOf(*latents[i]), i == state.selectedStep);
    drawNorms(strip, latents);
    if (ImGui::IsItemHovered()) explainStep(latents, under);
}

void stepBy(int by, int count, LatentViewState& state) {
    state.selectedStep = std::clamp(state.selectedStep + by, 0, count - 1);
    state.playing = false;
}

void drawPlayer(const std::vector<const DecodeStep*>& latents, LatentViewState& state) {
    const int count = static_cast<int>(latents.size());
    if (ImGui::ArrowButton("previous", ImGuiDir_Left)) stepBy(-1, count, state);
    ImGui::SameLine();
    if (ImGui::Button(state.playing ? "Pause" : "Play", {64, 0})) state.playing = !state.playing;
    ImGui::SameLine();
    if (ImGui::ArrowButton("next", ImGuiDir_Right)) stepBy(1, count, state);
    ImGui::SameLine();
    if (state.selectedStep >= 0)
        drawStepReadout(*latents[state.selectedStep], state, count);
    else
        ImGui::TextDisabled("%d latent steps; choose one", count);
}

void drawColourChoice(LatentViewState& state) {
    ImGui::SetNextItemWidth(96);
    if (ImGui::BeginCombo("##colours", std::string(nameOf(state.colours)).c_str())) {
        for (const ColourMap map : kColourMaps)
            if (ImGui::Selectable(std::string(nameOf(map)).c_str(), map == state.colours))
                state.colours = map;
        ImGui::EndCombo();
    }
    ImGui::SameLine();
    ImGui::SetNextItemWidth(110);
    float percent = state.opacity * 100;
    if (ImGui::SliderFloat("##opacity", &percent, 0, 100, "opacity %.0f%%"))
        state.opacity = std::clamp(percent / 100, 0.0f, 1.0f);
}

void drawControls(const Trace& trace, LatentViewState& state) {
    ImGui::Checkbox("Heat", &state.heat);
    ImGui::SameLine();
    drawColourChoice(state);
    ImGui::SameLine();
    ImGui::Checkbox("Nearest", &state.nearest);
    ImGui::SameLine();
    ImGui::SetNextItemWidth(64);
    ImGui::SliderInt("##count", &state.nearestCount, 1, 16, "top %d", ImGuiSliderFlags_AlwaysClamp);
    ImGui::SameLine();
    ImGui::Checkbox("Regions", &state.rois);
    ImGui::SameLine();
    ImGui::Checkbox("Grid", &state.grid);
    ImGui::SameLine();
    if (ImGui::Button("Fit")) showAll(state);
    const int images = static_cast<int>(trace.question.images.size());
    for (int i = 0; images > 1 && i < images; ++i) {
        ImGui::SameLine();
        if (ImGui::RadioButton(std::to_string(i + 1).c_str(), i == state.image)) state.image = i;
    }
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

void drawContents(const Trace& trace, void* picture, LatentViewState& state) {
    const auto latents = latentSteps(trace);
    const int count = static_cast<int>(latents.size());
    state.selectedStep = std::min(state.selectedStep, count - 1);
    const LatentStep* step =
        state.selectedStep >= 0 ? &latentOf(*latents[state.selectedStep]) : nullptr;
    drawControls(trace, state);
    ImGui::Spacing();
    const float line = ImGui::GetFrameHeightWithSpacing();
    // The strip has its room from the start, so that the picture does not jump when steps come.
    const float below = 2 * line + kStripHeight + 8;
    drawPicture(trace, picture, step, ImGui::GetContentRegionAvail().y - below, state);
    drawReadout(step, state);
    if (latents.empty()) {
        ImGui::TextDisabled("Ask, and each latent step lights up the patches it reconstructs.");
        return;
    }
    drawPlayer(latents, state);
    drawStrip(latents, state);
}

}  // namespace

void drawLatentView(const Trace& trace, void* picture, LatentViewState& state) {
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
    ImGui::Begin("Latent view", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus |
                     ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoNav);
    const bool known =
        state.image >= 0 && state.image < static_cast<int>(trace.question.images.size());
    if (known && picture)
        drawContents(trace, picture, state);
    else
        drawEmpty();
    ImGui::End();
}

}  // namespace lvr
