#include "widgets/imgui_canvas.h"

#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include <QKeyEvent>
#include <QMouseEvent>
#include <QOpenGLFunctions>
#include <QPainter>
#include <QPalette>
#include <QWheelEvent>
#include <algorithm>
#include <utility>

#include "widgets/colours.h"
#include "widgets/imgui_backend.h"
#include "widgets/imgui_input.h"
#include "widgets/qt_image.h"

namespace lvr {
namespace {

ImVec4 toImGui(const QColor& colour, float alpha = 1) {
    return {colour.redF(), colour.greenF(), colour.blueF(), alpha};
}

// Null for the texture 0, which is none.
ImTextureID asImGui(unsigned texture) {
    return reinterpret_cast<ImTextureID>(static_cast<std::uintptr_t>(texture));
}

}  // namespace

ImGuiCanvas::ImGuiCanvas(Draw draw, QWidget* parent)
    : QWidget(parent), draw_(std::move(draw)), gl_(std::make_unique<OffscreenGl>()) {
    setAttribute(Qt::WA_OpaquePaintEvent);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    context_ = ImGui::CreateContext();
    ImGui::SetCurrentContext(context_);
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    imgui::prepareKeys();
    if (whyUnavailable().isEmpty()) ImGui_ImplOpenGL3_Init("#version 150");
    applyPalette();
}

ImGuiCanvas::~ImGuiCanvas() {
    ImGui::SetCurrentContext(context_);
    if (whyUnavailable().isEmpty() && gl_->makeCurrent()) {
        for (const unsigned texture : {picture_, cells_})
            gl_->context().functions()->glDeleteTextures(1, &texture);
        ImGui_ImplOpenGL3_Shutdown();
    }
    ImGui::DestroyContext(context_);
}

QString ImGuiCanvas::whyUnavailable() const { return gl_->whyUnavailable(); }

void ImGuiCanvas::setPicture(const Image& image) {
    pendingPicture_ = image.rgb.empty() ? Image{} : shrunkTo(image, kLargestPicture);
    pictureChanged_ = true;
    redraw();
}

void ImGuiCanvas::redraw(int frames) {
    framesLeft_ = std::max(framesLeft_, frames);
    update();
}

void ImGuiCanvas::loadFont() {
    if (fontScale_ == devicePixelRatioF()) return;
    fontScale_ = devicePixelRatioF();
    ImGuiIO& io = ImGui::GetIO();
    io.Fonts->Clear();
    QByteArray file = fontFile(font());
    const float pixels = static_cast<float>(fontInfo().pixelSize() * 1.22 * fontScale_);
    ImFontConfig config;
    config.FontDataOwnedByAtlas = false;
    // Latin, Greek and Cyrillic cover the labels and most shadow tokens.
    static constexpr ImWchar kRanges[] = {0x20, 0x24f, 0x370, 0x52f, 0x2000, 0x206f, 0};
    if (file.isEmpty())
        io.Fonts->AddFontDefault();
    else
        io.Fonts->AddFontFromMemoryTTF(file.data(), static_cast<int>(file.size()), pixels, &config,
                                       kRanges);
    io.FontGlobalScale = static_cast<float>(1 / fontScale_);
    io.Fonts->Build();  // while `file` lives
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
}

void ImGuiCanvas::applyPalette() {
    ImGui::SetCurrentContext(context_);
    const QPalette colours = palette();
    const bool dark = isDark(colours);
    ImGuiStyle& style = ImGui::GetStyle();
    style = {};
    dark ? ImGui::StyleColorsDark(&style) : ImGui::StyleColorsLight(&style);
    style.FrameRounding = style.GrabRounding = style.PopupRounding = 3;
    style.WindowBorderSize = 0;
    style.WindowRounding = 0;
    const QColor accent = colours.highlight().color();
    ImVec4* c = style.Colors;
    c[ImGuiCol_WindowBg] = toImGui(colours.window().color());
    c[ImGuiCol_PopupBg] = toImGui(colours.base().color());
    c[ImGuiCol_Text] = toImGui(colours.windowText().color());
    c[ImGuiCol_TextDisabled] = toImGui(colours.windowText().color(), 0.62f);
    c[ImGuiCol_FrameBg] = toImGui(colours.windowText().color(), 0.13f);
    c[ImGuiCol_FrameBgHovered] = toImGui(accent, 0.4f);
    c[ImGuiCol_FrameBgActive] = toImGui(accent, 0.6f);
    c[ImGuiCol_Button] = toImGui(colours.windowText().color(), 0.16f);
    c[ImGuiCol_ButtonHovered] = toImGui(accent, 0.45f);
    c[ImGuiCol_ButtonActive] = toImGui(accent, 0.7f);
    c[ImGuiCol_Header] = toImGui(accent, 0.4f);
    c[ImGuiCol_HeaderHovered] = toImGui(accent, 0.5f);
    c[ImGuiCol_CheckMark] = toImGui(accent);
    c[ImGuiCol_SliderGrab] = c[ImGuiCol_SliderGrabActive] = toImGui(accent, 0.9f);
    c[ImGuiCol_PlotLines] = dark ? ImVec4(0.96f, 0.76f, 0.3f, 1) : ImVec4(0.72f, 0.42f, 0, 1);
}

// Bound, for its texels to follow.
unsigned ImGuiCanvas::newTexture(int minFilter, int magFilter) {
    QOpenGLFunctions* gl = gl_->context().functions();
    unsigned texture = 0;
    gl->glGenTextures(1, &texture);
    gl->glBindTexture(GL_TEXTURE_2D, texture);
    gl->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, minFilter);
    gl->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, magFilter);
    gl->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    gl->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    gl->glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    return texture;
}

void ImGuiCanvas::uploadPicture() {
    if (!std::exchange(pictureChanged_, false)) return;
    QOpenGLFunctions* gl = gl_->context().functions();
    gl->glDeleteTextures(1, &picture_);
    picture_ = 0;
    if (pendingPicture_.rgb.empty()) return;
    // The nearest level alone: to read two for each pixel costs a software renderer time.
    picture_ = newTexture(GL_LINEAR_MIPMAP_NEAREST, GL_LINEAR);
    gl->glTexImage2D(GL_TEXTURE_2D, 0, GL_RGB8, pendingPicture_.width, pendingPicture_.height, 0,
                     GL_RGB, GL_UNSIGNED_BYTE, pendingPicture_.rgb.data());
    gl->glGenerateMipmap(GL_TEXTURE_2D);
}

void* ImGuiCanvas::uploadCells(int width, int height, const std::vector<std::uint32_t>& rgba) {
    if (cells_ == 0) cells_ = newTexture(GL_NEAREST, GL_NEAREST);
    if (width != cellsWidth_ || rgba != texels_) {
        cellsWidth_ = width;
        texels_ = rgba;
        QOpenGLFunctions* gl = gl_->context().functions();
        gl->glBindTexture(GL_TEXTURE_2D, cells_);
        gl->glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                         rgba.data());
    }
    return asImGui(cells_);
}

void ImGuiCanvas::startFrame() {
    if (!inputs_.empty()) {
        inputs_.front()();
        inputs_.pop_front();
    }
    ImGuiIO& io = ImGui::GetIO();
    const auto ratio = static_cast<float>(devicePixelRatioF());
    io.DisplaySize = {static_cast<float>(width()), static_cast<float>(height())};
    io.DisplayFramebufferScale = {ratio, ratio};
    io.DeltaTime = 1.0f / 60;  // nothing in a panel is timed by ImGui
    loadFont();
    ImGui_ImplOpenGL3_NewFrame();
    ImGui::NewFrame();
}

void ImGuiCanvas::paintEvent(QPaintEvent*) {
    if (isStale() && whyUnavailable().isEmpty()) drawFrame();
    QPainter painter(this);
    if (frame_.isNull())
        painter.fillRect(rect(), palette().window());
    else
        painter.drawImage(rect(), frame_);
}

void ImGuiCanvas::resizeEvent(QResizeEvent* event) {
    redraw();
    QWidget::resizeEvent(event);
}

void ImGuiCanvas::drawFrame() {
    ImGui::SetCurrentContext(context_);
    frame_ = gl_->picture(size() * devicePixelRatioF(), [this] {
        uploadPicture();
        startFrame();
        draw_({.picture = asImGui(picture_),
               .cells = [this](int width, int height, const auto& rgba) {
                   return uploadCells(width, height, rgba);
               }});
        ImGui::Render();
        QOpenGLFunctions* gl = gl_->context().functions();
        const QColor background = palette().window().color();
        gl->glClearColor(background.redF(), background.greenF(), background.blueF(), 1);
        gl->glClear(GL_COLOR_BUFFER_BIT);
        ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    });
    ImGui::GetIO().MouseWheel = 0;
    framesLeft_ = std::max(framesLeft_ - 1, 0);
    if (frame_.isNull()) inputs_.clear();  // the context is lost; nobody will take them
    if (isStale()) update();
    Q_EMIT drawn();
}

void ImGuiCanvas::feed(Input input) {
    inputs_.push_back(std::move(input));
    redraw();
}

bool ImGuiCanvas::event(QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride) {
        ImGui::SetCurrentContext(context_);
        if (ImGui::GetIO().WantTextInput) event->accept();
    }
    return QWidget::event(event);
}

void ImGuiCanvas::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) applyPalette();
    if (event->type() == QEvent::FontChange) fontScale_ = 0;
    redraw();
    QWidget::changeEvent(event);
}

void ImGuiCanvas::leaveEvent(QEvent* event) {
    feed(imgui::mouseLeaves);
    QWidget::leaveEvent(event);
}

void ImGuiCanvas::mouseMoveEvent(QMouseEvent* event) {
    const QPointF at = event->position();
    // Moves are merged: only the newest place counts, and a slow frame must not lag behind.
    ImGui::SetCurrentContext(context_);
    imgui::holdModifiers(event->modifiers());
    if (!inputs_.empty()) return feed([at] { imgui::moveMouse(at); });
    imgui::moveMouse(at);
    redraw();
}

void ImGuiCanvas::mouseButton(QMouseEvent* event, bool down) {
    if (!imgui::knows(event->button())) return;
    feed([at = event->position()] { imgui::moveMouse(at); });
    feed([button = event->button(), down, modifiers = event->modifiers()] {
        imgui::holdModifiers(modifiers);
        imgui::pressMouse(button, down);
    });
}

void ImGuiCanvas::mousePressEvent(QMouseEvent* event) { mouseButton(event, true); }
void ImGuiCanvas::mouseReleaseEvent(QMouseEvent* event) { mouseButton(event, false); }
void ImGuiCanvas::mouseDoubleClickEvent(QMouseEvent* event) { mouseButton(event, true); }

void ImGuiCanvas::wheelEvent(QWheelEvent* event) {
    feed([notches = static_cast<float>(event->angleDelta().y()) / 120] {
        imgui::turnWheel(notches);
    });
    event->accept();
}

// Keys belong to the panel only while one of its text fields is being edited; otherwise they go on
// to the parent, which moves through the steps with them.
void ImGuiCanvas::key(QKeyEvent* event, bool down) {
    ImGui::SetCurrentContext(context_);
    if (!ImGui::GetIO().WantTextInput) return event->ignore();
    const auto modifiers = event->modifiers();
    const QByteArray text = down ? event->text().toUtf8() : QByteArray();
    feed([key = event->key(), down, modifiers, text] {
        imgui::holdModifiers(modifiers);
        if (!imgui::pressKey(key, down) && !(modifiers & Qt::ControlModifier))
            imgui::type(text.constData());
    });
}

void ImGuiCanvas::keyPressEvent(QKeyEvent* event) { key(event, true); }
void ImGuiCanvas::keyReleaseEvent(QKeyEvent* event) { key(event, false); }

}  // namespace lvr
