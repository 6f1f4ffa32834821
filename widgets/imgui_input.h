#pragma once

#include <QPointF>
#include <Qt>

namespace lvr::imgui {

// What Qt says of mouse and keys, for the current ImGui context. Dear ImGui takes input as events
// since 1.87, where writing to its fields is an error; before, the fields are all there is.

void prepareKeys();  // once for each context
void moveMouse(QPointF at);
void mouseLeaves();
// Buttons that ImGui does not know are passed over.
void pressMouse(Qt::MouseButton button, bool down);
bool knows(Qt::MouseButton button);
void turnWheel(float notches);
void holdModifiers(Qt::KeyboardModifiers modifiers);
// False: no key that its text fields and sliders know.
bool pressKey(int qtKey, bool down);
void type(const char* utf8);

}  // namespace lvr::imgui
