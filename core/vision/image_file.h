#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "core/values/image.h"

namespace lvr {

// Reads PNG, JPEG, BMP, WebP and TIFF to RGB: EXIF orientation applied, alpha composited on white,
// the high byte of 16 bits, grey repeated. Structure and size are checked before anything is
// decoded. Throws Error naming the file: missing, a directory, not a regular file, unreadable, not
// a picture, truncated, an animated WebP, floating point, above 512 MB or 200 megapixels.
Image readImage(const std::filesystem::path& file);
// The same for bytes already in memory; `name` is what an error calls them.
Image decodeImage(std::span<const std::uint8_t> bytes, const std::string& name);

// The same made smaller until no side is longer than `side`: for lists of many. Large JPEGs are not
// decoded in full.
Image readSmallImage(const std::filesystem::path& file, int side);

// Size of the picture as readImage returns it, without decoding. Throws Error as readImage.
struct PictureSize {
    int width = 0, height = 0;  // pixels
};
PictureSize readPictureSize(const std::filesystem::path& file);  // from its beginning if possible
PictureSize readWholePictureSize(const std::filesystem::path& file);  // and that it is whole

std::vector<std::uint8_t> encodePng(const Image& image);
// Atomic: a temporary file beside it, then renamed. Throws Error.
void writePng(const Image& image, const std::filesystem::path& file);

}  // namespace lvr
