#include "app/runs/small_picture.h"

#include <filesystem>

#include "core/vision/image_file.h"
#include "widgets/qt_image.h"

namespace lvr {
namespace {

constexpr int kLargestSide = 1024;  // pixels

}  // namespace

QImage readSmallPicture(const QString& file) {
    const auto path = std::filesystem::path(file.toStdU16String());
    return toQImage(shrunkTo(readImage(path), kLargestSide));
}

}  // namespace lvr
