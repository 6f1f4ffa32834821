#include "core/vision/image_file.h"

#include <cerrno>
#include <fstream>
#include <limits>
#include <new>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <system_error>

#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/vision/image_header.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kMaxFile = 512'000'000;  // bytes

// Checked before opening: opening a pipe would wait for somebody to write into it.
void requireReadableFile(const fs::path& file) {
    std::error_code failure;
    const auto status = fs::status(file, failure);
    if (status.type() == fs::file_type::not_found) throw Error("there is no file " + file.string());
    if (status.type() == fs::file_type::none)
        throw Error("cannot read " + file.string() + ": " + failure.message());
    if (fs::is_directory(status))
        throw Error(file.string() + " is a folder; choose a picture in it");
    if (!fs::is_regular_file(status))
        throw Error(file.string() + " is not a regular file; choose a picture file");
}

void requireSize(std::uintmax_t bytes, const std::string& name) {
    if (bytes == 0) throw Error(name + " is empty; fetch it again");
    if (bytes > kMaxFile)
        throw Error(name + " is larger than 512 MB, which no picture file should be");
}

// The whole file, or `most` bytes of it.
std::vector<std::uint8_t> readBytes(
    const fs::path& file, std::streamoff most = std::numeric_limits<std::streamoff>::max()) {
    requireReadableFile(file);
    std::ifstream stream(file, std::ios::binary | std::ios::ate);
    if (!stream)
        throw Error("cannot read " + file.string() + ": " + std::generic_category().message(errno));
    const std::streamoff whole = stream.tellg(), size = std::min(whole, most);
    requireSize(static_cast<std::uintmax_t>(std::max<std::streamoff>(whole, 0)), file.string());
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
    stream.seekg(0);
    stream.read(reinterpret_cast<char*>(bytes.data()), size);
    if (stream.gcount() != size) throw Error("cannot read all of " + file.string() + "; try again");
    return bytes;
}

// Problems are told by exceptions; OpenCV's own lines on stderr would only repeat them.
void silenceOpenCv() {
    static const auto before =
        cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    static_cast<void>(before);
}

// Empty when OpenCV cannot make a picture of the bytes.
cv::Mat decodePixels(std::span<const std::uint8_t> bytes, int flags) {
    silenceOpenCv();
    const cv::Mat raw(1, static_cast<int>(bytes.size()), CV_8U,
                      const_cast<std::uint8_t*>(bytes.data()));
    try {
        return cv::imdecode(raw, flags);
    } catch (const cv::Exception& e) {
        if (e.code == cv::Error::StsNoMem) throw std::bad_alloc();
        return {};
    }
}

// `flags` are those of OpenCV for a JPEG.
cv::Mat decodeFormat(std::span<const std::uint8_t> bytes, const ImageHeader& header,
                     const std::string& name, int flags) {
    // A BMP's fourth byte is padding more often than it is alpha.
    if (header.format == ImageFormat::Bmp) return decodePixels(bytes, cv::IMREAD_COLOR);
    if (header.format != ImageFormat::Png) return decodePixels(bytes, flags);
    return decodePixels(pngWithoutExtras(bytes, name), cv::IMREAD_UNCHANGED);
}

// A JPEG's scale is chosen so that at least `side` pixels are left.
int reducedFlag(const ImageHeader& header, int side) {
    if (header.format != ImageFormat::Jpeg) return cv::IMREAD_UNCHANGED;
    const auto longer = std::max(header.width, header.height);
    const int flag = longer >= 8 * side   ? cv::IMREAD_REDUCED_COLOR_8
                     : longer >= 4 * side ? cv::IMREAD_REDUCED_COLOR_4
                     : longer >= 2 * side ? cv::IMREAD_REDUCED_COLOR_2
                                          : cv::IMREAD_COLOR;
    return flag | cv::IMREAD_IGNORE_ORIENTATION;
}

// The high byte of 16-bit values.
cv::Mat toEightBits(const cv::Mat& pixels) {
    if (pixels.depth() == CV_8U) return pixels;
    cv::Mat bytes(pixels.size(), CV_8UC(pixels.channels()));
    for (int y = 0; y < pixels.rows; ++y) {
        const auto* from = pixels.ptr<std::uint16_t>(y);
        auto* to = bytes.ptr<std::uint8_t>(y);
        for (int i = 0; i < pixels.cols * pixels.channels(); ++i)
            to[i] = static_cast<std::uint8_t>(from[i] >> 8);
    }
    return bytes;
}

// `premultiplied`: the colours are weighed with alpha already.
cv::Mat onWhite(const cv::Mat& bgra, bool premultiplied) {
    cv::Mat rgb(bgra.size(), CV_8UC3);
    for (int y = 0; y < bgra.rows; ++y) {
        const auto* from = bgra.ptr<cv::Vec4b>(y);
        auto* to = rgb.ptr<cv::Vec3b>(y);
        for (int x = 0; x < bgra.cols; ++x) {
            const int alpha = from[x][3];
            for (int c = 0; c < 3; ++c) {
                const int color = from[x][2 - c] * (premultiplied ? 255 : alpha);
                to[x][c] =
                    cv::saturate_cast<std::uint8_t>((color + 255 * (255 - alpha) + 127) / 255);
            }
        }
    }
    return rgb;
}

cv::Mat toRgb(const cv::Mat& pixels, bool premultiplied) {
    cv::Mat rgb;
    if (pixels.channels() == 4) return onWhite(pixels, premultiplied);
    cv::cvtColor(pixels, rgb, pixels.channels() == 1 ? cv::COLOR_GRAY2RGB : cv::COLOR_BGR2RGB);
    return rgb;
}

// EXIF orientations 5..8 are 1..4 of the transposed picture.
cv::Mat upright(const cv::Mat& rgb, int orientation) {
    if (orientation == 1) return rgb;
    cv::Mat turned = rgb;
    if (orientation >= 5) cv::transpose(rgb, turned);
    constexpr int kAcross = 1, kDown = 0, kBoth = -1;
    switch (orientation) {
        case 2:
        case 6:
            cv::flip(turned, turned, kAcross);
            break;
        case 3:
        case 7:
            cv::flip(turned, turned, kBoth);
            break;
        case 4:
        case 8:
            cv::flip(turned, turned, kDown);
            break;
    }
    return turned;
}

cv::Mat decodeUpright(std::span<const std::uint8_t> bytes, const ImageHeader& header,
                      const std::string& name, int flags) {
    const auto pixels = decodeFormat(bytes, header, name, flags);
    if (pixels.empty())
        throw Error(name + " is damaged or of a kind that cannot be read; save it again as PNG");
    if ((pixels.depth() != CV_8U && pixels.depth() != CV_16U) || pixels.channels() == 2 ||
        pixels.channels() > 4)
        throw Error(name + " is not an 8-bit or 16-bit grey, RGB or RGBA picture; save it as PNG");
    // OpenCV has libtiff premultiply 8-bit pictures, and only these.
    const bool premultiplied = header.format == ImageFormat::Tiff && pixels.depth() == CV_8U;
    return upright(toRgb(toEightBits(pixels), premultiplied), header.orientation);
}

Image toImage(const cv::Mat& rgb) {
    return {rgb.cols, rgb.rows, {rgb.data, rgb.data + rgb.total() * rgb.elemSize()}};
}

PictureSize upright(const ImageHeader& header) {
    const auto width = static_cast<int>(header.width), height = static_cast<int>(header.height);
    const bool turned = header.orientation >= 5;
    return turned ? PictureSize{height, width} : PictureSize{width, height};
}

}  // namespace

Image readImage(const fs::path& file) { return decodeImage(readBytes(file), file.string()); }

Image decodeImage(std::span<const std::uint8_t> bytes, const std::string& name) {
    requireSize(bytes.size(), name);
    return toImage(decodeUpright(bytes, readImageHeader(bytes, name), name, cv::IMREAD_UNCHANGED));
}

Image readSmallImage(const fs::path& file, int side) {
    const auto bytes = readBytes(file);
    const auto header = readImageHeader(bytes, file.string());
    const cv::Mat whole = decodeUpright(bytes, header, file.string(), reducedFlag(header, side));
    const double fit = double(side) / std::max(whole.cols, whole.rows);
    if (fit >= 1) return toImage(whole);
    cv::Mat small;
    const auto fitted = [&](int length) { return std::max(1, static_cast<int>(length * fit)); };
    cv::resize(whole, small, {fitted(whole.cols), fitted(whole.rows)}, 0, 0, cv::INTER_AREA);
    return toImage(small);
}

PictureSize readPictureSize(const fs::path& file) {
    constexpr std::streamoff kBeginning = 128 << 10;
    const auto header = readImageBeginning(readBytes(file, kBeginning));
    return header ? upright(*header) : readWholePictureSize(file);
}

PictureSize readWholePictureSize(const fs::path& file) {
    return upright(readImageHeader(readBytes(file), file.string()));
}

std::vector<std::uint8_t> encodePng(const Image& image) {
    if (image.width < 1 || image.height < 1 ||
        image.rgb.size() != 3 * static_cast<std::size_t>(image.width) * image.height)
        throw Error("cannot write a picture of " + std::to_string(image.width) + " x " +
                    std::to_string(image.height) + " pixels as PNG: it is empty or incomplete");
    const cv::Mat rgb(image.height, image.width, CV_8UC3,
                      const_cast<std::uint8_t*>(image.rgb.data()));
    cv::Mat bgr;
    cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
    std::vector<std::uint8_t> png;
    cv::imencode(".png", bgr, png);
    return png;
}

void writePng(const Image& image, const fs::path& file) {
    const auto png = encodePng(image);
    writeFileAtomically(file, {std::as_bytes(std::span(png))});
}

}  // namespace lvr
