#include "core/vision/image_header.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "core/error.h"

namespace lvr {
namespace {

using Bytes = std::span<const std::uint8_t>;
enum class Order { Big, Little };

constexpr std::int64_t kMaxPixels = 200'000'000;
constexpr std::size_t kPngSignature = 8;
constexpr std::uint16_t kTiffWidth = 256, kTiffHeight = 257, kTiffOrientation = 274,
                        kTiffSamples = 277;

// A cursorless view that refuses to read past the end.
class Reader {
public:
    Reader(Bytes bytes, Order order, const std::string& name)
        : bytes_(bytes), order_(order), name_(name) {}

    std::size_t size() const { return bytes_.size(); }
    Bytes part(std::uint64_t at, std::uint64_t length) const {
        if (at > bytes_.size() || length > bytes_.size() - at) failTruncated();
        return bytes_.subspan(at, length);
    }
    std::string_view text(std::uint64_t at, std::size_t length) const {
        const auto found = part(at, length);
        return {reinterpret_cast<const char*>(found.data()), length};
    }
    std::uint32_t number(std::uint64_t at, int length) const {
        std::uint32_t value = 0;
        const auto found = part(at, length);
        for (int i = 0; i < length; ++i)
            value = value << 8 | found[order_ == Order::Big ? i : length - 1 - i];
        return value;
    }
    [[noreturn]] void failTruncated() const {
        throw Error(name_ + " is truncated: the file ends before the picture does; fetch it again");
    }
    [[noreturn]] void failDamaged() const {
        throw Error(name_ + " is damaged: its structure makes no sense; fetch it again");
    }

private:
    Bytes bytes_;
    Order order_;
    const std::string& name_;
};

void requirePixels(const ImageHeader& header, const std::string& name) {
    const auto size = std::to_string(header.width) + " x " + std::to_string(header.height);
    if (header.width < 1 || header.height < 1)
        throw Error(name + " is damaged: it says it has " + size + " pixels");
    if (header.width > kMaxPixels / header.height)
        throw Error(name + " has " + size + " pixels, more than the 200 million that are read; " +
                    "make it smaller first");
}

bool startsWith(Bytes bytes, std::string_view signature, std::size_t at = 0) {
    if (bytes.size() < at + signature.size()) return false;
    const auto start = bytes.subspan(at, signature.size());
    return std::string_view(reinterpret_cast<const char*>(start.data()), start.size()) == signature;
}

std::optional<Order> tiffOrder(Bytes bytes) {
    if (startsWith(bytes, std::string_view("II*\0", 4))) return Order::Little;
    if (startsWith(bytes, std::string_view("MM\0*", 4))) return Order::Big;
    return std::nullopt;
}

// A whole number in the first directory of a TIFF file, or of an EXIF block, which is one.
std::optional<std::uint32_t> tiffField(const Reader& tiff, std::uint16_t tag) {
    const std::uint64_t directory = tiff.number(4, 4);
    const std::uint32_t entries = tiff.number(directory, 2);
    for (std::uint32_t i = 0; i < entries; ++i) {
        const std::uint64_t entry = directory + 2 + 12ULL * i;
        if (tiff.number(entry, 2) != tag) continue;
        const std::uint32_t type = tiff.number(entry + 2, 2);
        if (type == 3) return tiff.number(entry + 8, 2);  // SHORT
        if (type == 4) return tiff.number(entry + 8, 4);  // LONG
    }
    return std::nullopt;
}

// A broken EXIF block does not make the picture unreadable: it counts as upright.
int exifOrientation(Bytes exif, const std::string& name) {
    if (startsWith(exif, std::string_view("Exif\0\0", 6))) exif = exif.subspan(6);
    const auto order = tiffOrder(exif);
    if (!order || exif.size() < 8) return 1;
    const Reader tiff(exif, *order, name);
    const std::uint64_t directory = tiff.number(4, 4);
    if (directory + 2 > exif.size()) return 1;
    if (directory + 2 + 12ULL * tiff.number(directory, 2) > exif.size()) return 1;
    const auto orientation = tiffField(tiff, kTiffOrientation).value_or(1);
    return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
}

constexpr auto kCrcTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
        table[byte] = byte;
        for (int bit = 0; bit < 8; ++bit)
            table[byte] = table[byte] >> 1 ^ (table[byte] & 1 ? 0xEDB88320U : 0U);
    }
    return table;
}();

std::uint32_t crc32(Bytes bytes) {
    std::uint32_t crc = ~0U;
    for (const std::uint8_t byte : bytes) crc = kCrcTable[(crc ^ byte) & 0xFF] ^ crc >> 8;
    return ~crc;
}

// Calls visit(type, chunk with length and checksum) up to and including the chunk `last`.
template <class Visit>
void forEachPngChunk(const Reader& png, std::string_view last, const Visit& visit) {
    std::string_view type;
    for (std::uint64_t at = kPngSignature; type != last;) {
        const std::uint64_t length = 12ULL + png.number(at, 4);
        type = png.text(at + 4, 4);
        if (type == "IDAT" && last == "IDAT") return;
        visit(type, png.part(at, length));
        at += length;
    }
}

// Chunks that decide the pixels; the rest is profiles, texts and dates.
bool isPixelChunk(std::string_view type) {
    return type == "IHDR" || type == "PLTE" || type == "tRNS" || type == "IDAT" || type == "IEND";
}

void requireChecksum(const Reader& png, Bytes chunk, const std::string& name) {
    const Reader stored(chunk.last(4), Order::Big, name);
    if (stored.number(0, 4) != crc32(chunk.subspan(4, chunk.size() - 8))) png.failDamaged();
}

// How much of a file is there to look at.
enum class Extent { Whole, Beginning };

ImageHeader pngHeader(Bytes bytes, const std::string& name, Extent extent = Extent::Whole) {
    const Reader png(bytes, Order::Big, name);
    if (png.text(12, 4) != "IHDR") png.failDamaged();
    ImageHeader header{ImageFormat::Png, png.number(16, 4), png.number(20, 4)};
    requirePixels(header, name);
    const std::string_view last = extent == Extent::Whole ? "IEND" : "IDAT";
    forEachPngChunk(png, last, [&](std::string_view type, Bytes chunk) {
        requireChecksum(png, chunk, name);
        if (type == "eXIf")
            header.orientation = exifOrientation(chunk.subspan(8, chunk.size() - 12), name);
    });
    return header;
}

bool isJpegFrame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// In the compressed data 0xFF is followed by 0 or a restart marker; anything else ends it.
std::size_t endOfJpegScan(Bytes bytes, std::size_t at) {
    while (at + 1 < bytes.size()) {
        const auto rest = bytes.subspan(at, bytes.size() - 1 - at);
        at += static_cast<std::size_t>(std::find(rest.begin(), rest.end(), 0xFF) - rest.begin());
        if (at + 1 >= bytes.size()) break;
        const int next = bytes[at + 1];
        if (next != 0 && next != 0xFF && !(next >= 0xD0 && next <= 0xD7)) return at;
        at += next == 0xFF ? 1 : 2;
    }
    return bytes.size();
}

// Walks every segment to the end marker, because a JPEG cut short decodes to a half-grey picture.
ImageHeader jpegHeader(Bytes bytes, const std::string& name, Extent extent = Extent::Whole) {
    const Reader jpeg(bytes, Order::Big, name);
    ImageHeader header{ImageFormat::Jpeg};
    for (std::size_t at = 2;;) {
        if (jpeg.number(at, 1) != 0xFF) jpeg.failDamaged();
        const int marker = static_cast<int>(jpeg.number(at + 1, 1));
        if (marker == 0xD9 || (marker == 0xDA && extent == Extent::Beginning)) return header;
        const bool padding = marker == 0xFF, alone = marker == 0x01;
        if (padding || alone) {
            at += padding ? 1 : 2;
            continue;
        }
        const std::uint32_t length = jpeg.number(at + 2, 2);
        const auto segment = jpeg.part(at + 2, std::max(length, 2U)).subspan(2);
        if (isJpegFrame(marker)) {
            header.height = jpeg.number(at + 5, 2);
            header.width = jpeg.number(at + 7, 2);
        }
        if (marker == 0xE1 && startsWith(segment, "Exif"))
            header.orientation = exifOrientation(segment, name);
        at += 2 + std::max(length, 2U);
        if (marker == 0xDA) at = endOfJpegScan(bytes, at);
    }
}

// Where the pixels of an uncompressed BMP end: rows are padded to four bytes.
std::uint64_t bmpEnd(const Reader& bmp, const ImageHeader& header, std::uint32_t bitsPerPixel) {
    const std::uint64_t row = (header.width * bitsPerPixel + 31) / 32 * 4;
    return bmp.number(10, 4) + row * header.height;
}

ImageHeader bmpHeader(Bytes bytes, const std::string& name) {
    constexpr std::uint32_t kCoreHeader = 12, kRle8 = 1, kRle4 = 2;
    const Reader bmp(bytes, Order::Little, name);
    const bool core = bmp.number(14, 4) == kCoreHeader;
    ImageHeader header{ImageFormat::Bmp};
    header.width = static_cast<std::int32_t>(bmp.number(18, core ? 2 : 4));
    // Negative: the rows are stored from the top.
    header.height =
        std::abs(std::int64_t{static_cast<std::int32_t>(bmp.number(core ? 20 : 22, core ? 2 : 4))});
    const auto packing = core ? 0 : bmp.number(30, 4);
    requirePixels(header, name);
    if (packing == kRle8 || packing == kRle4) return header;
    if (bmpEnd(bmp, header, bmp.number(core ? 24 : 28, 2)) > bmp.size()) bmp.failTruncated();
    return header;
}

// One chunk of a WebP file; `at` is where its content starts.
void readWebPChunk(const Reader& webp, std::string_view type, Bytes content, std::uint64_t at,
                   const std::string& name, ImageHeader& header) {
    constexpr std::uint32_t kAnimated = 2, kSide = (1 << 14) - 1;
    if (type == "VP8X") {
        if (webp.number(at, 1) & kAnimated)
            throw Error(name + " is an animation; save one frame of it as PNG");
        header.width = webp.number(at + 4, 3) + 1;
        header.height = webp.number(at + 7, 3) + 1;
    } else if (type == "VP8 " && header.width == 0) {
        header.width = webp.number(at + 6, 2) & kSide;
        header.height = webp.number(at + 8, 2) & kSide;
    } else if (type == "VP8L" && header.width == 0) {
        header.width = (webp.number(at + 1, 4) & kSide) + 1;
        header.height = (webp.number(at + 1, 4) >> 14 & kSide) + 1;
    } else if (type == "EXIF") {
        header.orientation = exifOrientation(content, name);
    }
}

ImageHeader webpHeader(Bytes bytes, const std::string& name) {
    const Reader webp(bytes, Order::Little, name);
    ImageHeader header{ImageFormat::WebP};
    const std::uint64_t end = 8ULL + webp.number(4, 4);
    for (std::uint64_t at = 12; at + 8 <= end;) {
        const std::uint64_t length = webp.number(at + 4, 4);
        readWebPChunk(webp, webp.text(at, 4), webp.part(at + 8, length), at + 8, name, header);
        at += 8 + length + length % 2;
    }
    return header;
}

// OpenCV turns a TIFF upright itself, so its orientation is not reported.
ImageHeader tiffHeader(Bytes bytes, Order order, const std::string& name) {
    const Reader tiff(bytes, order, name);
    const auto width = tiffField(tiff, kTiffWidth), height = tiffField(tiff, kTiffHeight);
    if (!width || !height) tiff.failDamaged();
    // OpenCV would drop the second sample, alpha, without a word.
    if (tiffField(tiff, kTiffSamples) == 2U)
        throw Error(name + " is a grey TIFF with transparency; save it as PNG");
    return {ImageFormat::Tiff, *width, *height};
}

ImageHeader headerOf(Bytes bytes, const std::string& name) {
    if (startsWith(bytes, "\x89PNG\r\n\x1a\n")) return pngHeader(bytes, name);
    if (startsWith(bytes, "\xff\xd8\xff")) return jpegHeader(bytes, name);
    if (startsWith(bytes, "BM")) return bmpHeader(bytes, name);
    if (startsWith(bytes, "RIFF") && startsWith(bytes, "WEBP", 8)) return webpHeader(bytes, name);
    if (const auto order = tiffOrder(bytes)) return tiffHeader(bytes, *order, name);
    throw Error(name +
                " is not a PNG, JPEG, BMP, WebP or TIFF picture; convert it to one of these");
}

}  // namespace

ImageHeader readImageHeader(Bytes bytes, const std::string& name) {
    const auto header = headerOf(bytes, name);
    requirePixels(header, name);
    return header;
}

std::optional<ImageHeader> readImageBeginning(Bytes bytes) {
    const std::string name = "picture";
    try {
        if (startsWith(bytes, "\x89PNG\r\n\x1a\n"))
            return pngHeader(bytes, name, Extent::Beginning);
        if (startsWith(bytes, "\xff\xd8\xff")) return jpegHeader(bytes, name, Extent::Beginning);
    } catch (const Error&) {  // cut before its pixels, or damaged: only the whole file can tell
    }
    return std::nullopt;
}

std::vector<std::uint8_t> pngWithoutExtras(Bytes bytes, const std::string& name) {
    std::vector<std::uint8_t> kept(bytes.begin(), bytes.begin() + kPngSignature);
    kept.reserve(bytes.size());
    forEachPngChunk(Reader(bytes, Order::Big, name), "IEND",
                    [&](std::string_view type, Bytes chunk) {
                        if (isPixelChunk(type)) kept.insert(kept.end(), chunk.begin(), chunk.end());
                    });
    return kept;
}

}  // namespace lvr
