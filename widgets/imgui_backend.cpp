#include "widgets/imgui_backend.h"

#include <QFont>
#include <QGuiApplication>
#include <QOpenGLFramebufferObject>
#include <QOpenGLFunctions>
#include <QRawFont>
#include <QtEndian>
#include <algorithm>
#include <utility>
#include <vector>

namespace lvr {
namespace {

// What stb_truetype reads, in the alphabetical order the format asks for.
constexpr const char* kTables[] = {"CFF ", "GPOS", "cmap", "glyf", "head", "hhea",
                                   "hmtx", "kern", "loca", "maxp", "name", "post"};

template <class Number>
void append(QByteArray& bytes, Number number) {
    const Number big = qToBigEndian(number);
    bytes.append(reinterpret_cast<const char*>(&big), sizeof big);
}

QByteArray assemble(const std::vector<std::pair<const char*, QByteArray>>& tables,
                    quint32 version) {
    QByteArray directory, data;
    append<quint32>(directory, version);
    append<quint16>(directory, static_cast<quint16>(tables.size()));
    directory.append(6, '\0');  // search hints, which no modern reader uses
    const qsizetype start = 12 + 16 * static_cast<qsizetype>(tables.size());
    for (const auto& [tag, table] : tables) {
        directory.append(tag, 4);
        append<quint32>(directory, 0);  // checksum: not checked
        append<quint32>(directory, static_cast<quint32>(start + data.size()));
        append<quint32>(directory, static_cast<quint32>(table.size()));
        data.append(table).append((4 - table.size() % 4) % 4, '\0');
    }
    return directory + data;
}

QSurfaceFormat coreFormat() {
    QSurfaceFormat format;
    format.setVersion(3, 2);
    format.setProfile(QSurfaceFormat::CoreProfile);
    return format;
}

}  // namespace

QByteArray fontFile(const QFont& font) {
    const QRawFont raw = QRawFont::fromFont(font);
    std::vector<std::pair<const char*, QByteArray>> tables;
    for (const char* tag : kTables)
        if (const QByteArray table = raw.fontTable(tag); !table.isEmpty())
            tables.emplace_back(tag, table);
    const auto has = [&](const QByteArray& tag) {
        return std::ranges::any_of(tables, [&](const auto& table) { return tag == table.first; });
    };
    if (!has("cmap") || !has("head") || !has("hhea") || !has("hmtx") || !has("maxp")) return {};
    if (has("glyf") && has("loca")) return assemble(tables, 0x00010000);
    if (has("CFF ")) return assemble(tables, 0x4f54544f);  // "OTTO"
    return {};
}

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
