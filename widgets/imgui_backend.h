#pragma once

#include <QByteArray>
#include <QCoreApplication>
#include <QImage>
#include <QOffscreenSurface>
#include <QOpenGLContext>
#include <QSurfaceFormat>
#include <functional>
#include <memory>

class QFont;
class QOpenGLFramebufferObject;

namespace lvr {

// The font as one TrueType/OpenType file, put together again from its tables, so that Dear ImGui
// writes in the window's own font. Empty when the font has no outlines that ImGui can draw.
QByteArray fontFile(const QFont& font);

// OpenGL 3.2 of its own, drawn into pictures for ordinary widgets. A QOpenGLWidget would have Qt
// put its whole window together by OpenGL for every change anywhere in it: with Mesa's software
// renderer an empty panel in a window of 1280x960 took 15 ms that way and takes 1.6 this way.
class OffscreenGl {
    Q_DECLARE_TR_FUNCTIONS(lvr::OffscreenGl)
public:
    OffscreenGl();
    ~OffscreenGl();  // makes the context current; whoever holds textures frees them before

    // Empty when it works, otherwise why not, in one sentence.
    const QString& whyUnavailable() const { return whyNot_; }
    QString renderer();  // as the driver names itself

    QOpenGLContext& context() { return context_; }
    bool makeCurrent() { return context_.makeCurrent(&surface_); }

    // What `draw` draws, opaque. The context stays current; the picture is null when there is none.
    QImage picture(QSize pixels, const std::function<void()>& draw);

private:
    QImage readBack(QSize pixels);

    QOffscreenSurface surface_;
    QOpenGLContext context_;
    std::unique_ptr<QOpenGLFramebufferObject> frame_;
    QString whyNot_;
};

}  // namespace lvr
