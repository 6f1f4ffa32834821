#include "widgets/imgui_input.h"

#include <imgui.h>

#include <cfloat>
#include <optional>
#include <utility>

#define LVR_IMGUI_TAKES_EVENTS (IMGUI_VERSION_NUM >= 18700)

namespace lvr::imgui {
namespace {

std::optional<int> buttonOf(Qt::MouseButton button) {
    if (button == Qt::LeftButton) return ImGuiMouseButton_Left;
    if (button == Qt::RightButton) return ImGuiMouseButton_Right;
    return button == Qt::MiddleButton ? std::optional<int>(ImGuiMouseButton_Middle) : std::nullopt;
}

std::optional<ImGuiKey> keyOf(int key) {
    constexpr std::pair<int, decltype(ImGuiKey_Tab)> kKeys[] = {
        {Qt::Key_Tab, ImGuiKey_Tab},
        {Qt::Key_Left, ImGuiKey_LeftArrow},
        {Qt::Key_Right, ImGuiKey_RightArrow},
        {Qt::Key_Up, ImGuiKey_UpArrow},
        {Qt::Key_Down, ImGuiKey_DownArrow},
        {Qt::Key_Home, ImGuiKey_Home},
        {Qt::Key_End, ImGuiKey_End},
        {Qt::Key_Delete, ImGuiKey_Delete},
        {Qt::Key_Backspace, ImGuiKey_Backspace},
        {Qt::Key_Return, ImGuiKey_Enter},
        {Qt::Key_Enter, ImGuiKey_Enter},
        {Qt::Key_Escape, ImGuiKey_Escape}};
    for (const auto& [qt, imgui] : kKeys)
        if (qt == key) return imgui;
    return std::nullopt;
}

void placeMouse(float x, float y) {
#if LVR_IMGUI_TAKES_EVENTS
    ImGui::GetIO().AddMousePosEvent(x, y);
#else
    ImGui::GetIO().MousePos = {x, y};
#endif
}

}  // namespace

void prepareKeys() {
#if !LVR_IMGUI_TAKES_EVENTS
    for (int key = 0; key < ImGuiKey_COUNT; ++key) ImGui::GetIO().KeyMap[key] = key;
#endif
}

void moveMouse(QPointF at) { placeMouse(static_cast<float>(at.x()), static_cast<float>(at.y())); }
void mouseLeaves() { placeMouse(-FLT_MAX, -FLT_MAX); }

bool knows(Qt::MouseButton button) { return buttonOf(button).has_value(); }

void pressMouse(Qt::MouseButton button, bool down) {
    const auto index = buttonOf(button);
    if (!index) return;
#if LVR_IMGUI_TAKES_EVENTS
    ImGui::GetIO().AddMouseButtonEvent(*index, down);
#else
    ImGui::GetIO().MouseDown[*index] = down;
#endif
}

void turnWheel(float notches) {
#if LVR_IMGUI_TAKES_EVENTS
    ImGui::GetIO().AddMouseWheelEvent(0, notches);
#else
    ImGui::GetIO().MouseWheel += notches;
#endif
}

void holdModifiers(Qt::KeyboardModifiers modifiers) {
    ImGuiIO& io = ImGui::GetIO();
    const bool control = modifiers & Qt::ControlModifier, shift = modifiers & Qt::ShiftModifier,
               alt = modifiers & Qt::AltModifier;
#if IMGUI_VERSION_NUM >= 18900
    io.AddKeyEvent(ImGuiMod_Ctrl, control);
    io.AddKeyEvent(ImGuiMod_Shift, shift);
    io.AddKeyEvent(ImGuiMod_Alt, alt);
#elif LVR_IMGUI_TAKES_EVENTS
    io.AddKeyEvent(ImGuiKey_ModCtrl, control);
    io.AddKeyEvent(ImGuiKey_ModShift, shift);
    io.AddKeyEvent(ImGuiKey_ModAlt, alt);
#else
    io.KeyCtrl = control;
    io.KeyShift = shift;
    io.KeyAlt = alt;
#endif
}

bool pressKey(int qtKey, bool down) {
    const auto key = keyOf(qtKey);
    if (!key) return false;
#if LVR_IMGUI_TAKES_EVENTS
    ImGui::GetIO().AddKeyEvent(*key, down);
#else
    ImGui::GetIO().KeysDown[*key] = down;
#endif
    return true;
}

void type(const char* utf8) { ImGui::GetIO().AddInputCharactersUTF8(utf8); }

}  // namespace lvr::imgui
