#include "app/compare/export_files.h"

#include <QBuffer>

#include "core/files/atomic_file.h"

namespace lvr {

void writeTextFile(const QString& file, const std::string& text) {
    writeFileAtomically(file.toStdU16String(), text);
}

void writePictureFile(const QString& file, const QImage& picture) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    picture.save(&buffer, "PNG");
    writeTextFile(file, bytes.toStdString());
}

}  // namespace lvr
