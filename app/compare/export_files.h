#pragma once

#include <QImage>
#include <QString>
#include <string>

namespace lvr {

// The file holds all of it or what it held before. Any thread. Throw Error naming the file.
void writeTextFile(const QString& file, const std::string& text);
void writePictureFile(const QString& file, const QImage& picture);  // PNG

}  // namespace lvr
