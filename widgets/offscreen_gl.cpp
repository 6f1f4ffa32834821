#include "widgets/offscreen_gl.h"

#include <QGuiApplication>
#include <QOpenGLFramebufferObject>
#include <QOpenGLFunctions>
#include <utility>

namespace lvr {
namespace {

QSurfaceFormat coreFormat() {
    QSurfaceFormat format;
    format.setVersion(3, 2);
    format.setProfile(QSurfaceFormat::CoreProfile);
    return format;
}

}  // namespace

OffscreenGl::OffscreenGl() {
    const QString platform = QGuiApplication::platformName();
    if (platform == "offscreen" || platform == "minimal") {
        whyNot_ = tr("Qt's \"%1\" platform draws no OpenGL").arg(platform);
        return;
    }
    context_.setFormat(coreFormat());
    surface_.setFormat(coreFormat());
    surface_.create();
    if (!context_.create() || !makeCurrent())
        whyNot_ = tr("OpenGL could not be started");
    else if (context_.format().version() < std::pair(3, 2))
        whyNot_ = tr("OpenGL is older than 3.2");
}

OffscreenGl::~OffscreenGl() {
    if (whyNot_.isEmpty()) makeCurrent();
    frame_.reset();
}

QString OffscreenGl::renderer() {
    if (!whyNot_.isEmpty() || !makeCurrent()) return {};
    const auto* name = context_.functions()->glGetString(GL_RENDERER);
    return QString::fromLatin1(reinterpret_cast<const char*>(name));
}

QImage OffscreenGl::picture(QSize pixels, const std::function<void()>& draw) {
    if (!makeCurrent()) return {};
    if (!frame_ || frame_->size() != pixels)
        frame_ = std::make_unique<QOpenGLFramebufferObject>(pixels);
    if (!frame_->bind()) return {};
    context_.functions()->glViewport(0, 0, pixels.width(), pixels.height());
    draw();
    return readBack(pixels);
}

QImage OffscreenGl::readBack(QSize pixels) {
    QImage image(pixels, QImage::Format_RGB32);
    auto* gl = context_.functions();
    gl->glPixelStorei(GL_PACK_ALIGNMENT, 4);
    gl->glReadPixels(0, 0, pixels.width(), pixels.height(), GL_BGRA, GL_UNSIGNED_BYTE,
                     image.bits());
    return std::move(image).mirrored(false, true);  // OpenGL's first row is the lowest
}

}  // namespace lvr
