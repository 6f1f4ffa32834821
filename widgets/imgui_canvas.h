#pragma once

#include <QOpenGLWidget>
#include <deque>
#include <functional>

#include "core/values/image.h"

struct ImGuiContext;

namespace lvr {

// Hosts one Dear ImGui panel: own context, Qt's input, the window's font and colours. Draws only
// after input or update(), never in a loop.
class ImGuiCanvas : public QOpenGLWidget {
    Q_OBJECT
public:
    // `draw` is called inside an ImGui frame with the picture's texture (ImTextureID), null while
    // there is none.
    explicit ImGuiCanvas(std::function<void(void*)> draw, QWidget* parent = nullptr);
    ~ImGuiCanvas() override;

    // Empty when OpenGL 3.2 works here, otherwise one sentence that says why not. Makes a trial
    // context; call before the first canvas.
    static QString whyUnavailable();

    void setPicture(const Image& image);  // empty image: none
    // A few frames, so that ImGui's hover and popup state settle.
    void redraw();

Q_SIGNALS:
    void drawn();  // after every frame: the panel's state may have changed

protected:
    void initializeGL() override;
    void paintGL() override;
    bool event(QEvent* event) override;
    void changeEvent(QEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void keyReleaseEvent(QKeyEvent* event) override;

private:
    using Input = std::function<void()>;  // changes ImGui's IO by one event
    void feed(Input input);
    void mouseButton(QMouseEvent* event, bool down);
    void key(QKeyEvent* event, bool down);
    void startFrame();
    void loadFont();
    void applyPalette();
    void uploadPicture();
    void shutDown();

    std::function<void(void*)> draw_;
    ImGuiContext* context_ = nullptr;  // ours
    std::deque<Input> inputs_;         // one is fed per frame, so that a fast click is not lost
    Image pendingPicture_;
    bool pictureChanged_ = false;
    bool backendReady_ = false;
    unsigned texture_ = 0;
    int framesLeft_ = 0;
    double fontScale_ = 0;  // device pixel ratio the font was made for
};

}  // namespace lvr
