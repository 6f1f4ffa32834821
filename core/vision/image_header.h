#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lvr {

enum class ImageFormat { Png, Jpeg, Bmp, WebP, Tiff };

// What a picture file says about itself, read without decoding a pixel.
struct ImageHeader {
    ImageFormat format = ImageFormat::Png;
    std::int64_t width = 0;  // as stored, before turning
    std::int64_t height = 0;
    int orientation = 1;  // EXIF: 1 upright, 2..8 mirrored and turned
};

// Throws Error when the bytes are none of these formats, when the file ends before its format says
// so, and above 200 megapixels. Bytes after the end are tolerated. `name` is what the error calls
// the picture.
ImageHeader readImageHeader(std::span<const std::uint8_t> bytes, const std::string& name);
// The same for the first bytes of a PNG or JPEG file, up to its compressed pixels: what comes after
// them is not looked at. None when they are of another format or don't reach as far.
std::optional<ImageHeader> readImageBeginning(std::span<const std::uint8_t> bytes);

// The chunks that hold pixels and transparency, and no others: colour profiles and texts, which
// decoders warn about on stderr, stay out.
std::vector<std::uint8_t> pngWithoutExtras(std::span<const std::uint8_t> png,
                                           const std::string& name);

}  // namespace lvr
