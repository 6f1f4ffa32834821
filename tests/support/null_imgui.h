#pragma once

#include <imgui.h>

#include "widgets/latent/latent_view.h"

namespace lvr {

// Dear ImGui with no window and no OpenGL: frames are laid out and thrown away.
class NullImGui {
public:
    NullImGui() : context_(ImGui::CreateContext()) {
        ImGui::SetCurrentContext(context_);
        ImGuiIO& io = ImGui::GetIO();
        io.IniFilename = nullptr;
        io.DisplaySize = {800, 600};
        unsigned char* pixels = nullptr;
        int width = 0, height = 0;
        io.Fonts->GetTexDataAsRGBA32(&pixels, &width, &height);
    }
    ~NullImGui() { ImGui::DestroyContext(context_); }

    int vertices(const Trace& trace, LatentViewState& state, bool hasPicture = true) {
        ImGui::GetIO().DeltaTime = 1.0f / 60;
        ImGui::NewFrame();
        drawLatentView(trace,
                       {.picture = hasPicture ? this : nullptr,
                        .cells =
                            [this](int, int, const std::vector<std::uint32_t>& rgba) {
                                cells = rgba;
                                return this;
                            }},
                       state);
        ImGui::Render();
        return ImGui::GetDrawData()->TotalVtxCount;
    }
    void pointAt(float x, float y) { ImGui::GetIO().MousePos = {x, y}; }
    void press(bool down) { ImGui::GetIO().MouseDown[0] = down; }
    // Each state of the mouse is shown in two frames: ImGui hovers in one and presses in the next.
    void click(const Trace& trace, LatentViewState& state, float x, float y) {
        pointAt(x, y);
        for (const bool down : {false, true, false}) {
            press(down);
            vertices(trace, state);
            vertices(trace, state);
        }
    }
    void wheel(float turns) { ImGui::GetIO().MouseWheel = turns; }

    std::vector<std::uint32_t> cells;  // the newest texels

private:
    ImGuiContext* context_;
};

}  // namespace lvr
