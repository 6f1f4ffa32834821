#pragma once

#include <QImage>
#include <QWidget>
#include <deque>
#include <functional>
#include <memory>

#include "core/values/image.h"
#include "widgets/panel_textures.h"

struct ImGuiContext;

namespace lvr {

class OffscreenGl;

// Hosts one Dear ImGui panel: own context, Qt's input, the window's font and colours. Draws only
// after input or redraw(), never in a loop.
class ImGuiCanvas : public QWidget {
    Q_OBJECT
public:
    // Sides of a texture, in pixels: OpenGL 3 promises less, but no driver since has had less.
    static constexpr int kLargestPicture = 4096;
    using Draw = std::function<void(const PanelTextures&)>;  // inside an ImGui frame
    explicit ImGuiCanvas(Draw draw, QWidget* parent = nullptr);
    ~ImGuiCanvas() override;

    // Empty when OpenGL 3.2 works here, otherwise one sentence that says why not; then nothing is
    // drawn.
    QString whyUnavailable() const;

    void setPicture(const Image& image);  // empty image: none
    // A few frames let ImGui's hover and popup state settle.
    void redraw(int frames = 3);

Q_SIGNALS:
    void drawn();  // after every frame: the panel's state may have changed

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
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
    // Whether frame_ shows less than is known.
    bool isStale() const { return framesLeft_ > 0 || !inputs_.empty(); }
    void drawFrame();
    void startFrame();
    void loadFont();
    void applyPalette();
    void uploadPicture();
    void* uploadCells(int width, int height, const std::vector<std::uint32_t>& rgba);
    unsigned newTexture(int minFilter, int magFilter);

    Draw draw_;
    std::unique_ptr<OffscreenGl> gl_;
    QImage frame_;                     // the newest
    ImGuiContext* context_ = nullptr;  // ours
    std::deque<Input> inputs_;         // one is fed per frame, so that a fast click is not lost
    Image pendingPicture_;
    bool pictureChanged_ = false;
    unsigned picture_ = 0, cells_ = 0;   // textures
    std::vector<std::uint32_t> texels_;  // of cells_
    int cellsWidth_ = 0;
    int framesLeft_ = 1;
    double fontScale_ = 0;  // device pixel ratio the font was made for
};

}  // namespace lvr
