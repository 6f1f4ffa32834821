#include "core/trace/gif_file.h"

#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "core/error.h"

namespace lvr {
namespace {

constexpr int kColours = 256;
constexpr int kLargestSide = 65535;

using Bytes = std::vector<std::uint8_t>;

void check(bool worked) {
    if (!worked) throw Error("the animation can't be encoded; export a smaller one");
}

int append(GifFileType* gif, const GifByteType* bytes, int count) {
    auto& all = *static_cast<Bytes*>(gif->UserData);
    all.insert(all.end(), bytes, bytes + count);
    return count;
}

struct Close {
    void operator()(GifFileType* gif) const {
        int ignored = 0;
        EGifCloseFile(gif, &ignored);
    }
};
using Gif = std::unique_ptr<GifFileType, Close>;

struct FreeMap {
    void operator()(ColorMapObject* map) const { GifFreeMapObject(map); }
};
using Colours = std::unique_ptr<ColorMapObject, FreeMap>;

struct Indexed {
    Colours colours;
    Bytes pixels;
};

Indexed quantise(const Image& image) {
    const std::size_t count = static_cast<std::size_t>(image.width) * image.height;
    std::array<Bytes, 3> planes;
    for (int c = 0; c < 3; ++c) {
        planes[c].resize(count);
        for (std::size_t i = 0; i < count; ++i) planes[c][i] = image.rgb[3 * i + c];
    }
    Indexed out{Colours(GifMakeMapObject(kColours, nullptr)), Bytes(count)};
    check(out.colours != nullptr);
    int used = kColours;
    check(GifQuantizeBuffer(image.width, image.height, &used, planes[0].data(), planes[1].data(),
                            planes[2].data(), out.pixels.data(), out.colours->Colors) == GIF_OK);
    return out;
}

// The extension by which browsers know that it starts again.
void putLoop(GifFileType* gif) {
    const unsigned char forever[] = {1, 0, 0};
    check(EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE) == GIF_OK);
    check(EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0") == GIF_OK);
    check(EGifPutExtensionBlock(gif, sizeof forever, forever) == GIF_OK);
    check(EGifPutExtensionTrailer(gif) == GIF_OK);
}

void putFrame(GifFileType* gif, const Image& image, int milliseconds) {
    Indexed indexed = quantise(image);
    const GraphicsControlBlock control{DISPOSE_DO_NOT, false, std::max(2, milliseconds / 10),
                                       NO_TRANSPARENT_COLOR};
    std::array<GifByteType, 4> block{};
    EGifGCBToExtension(&control, block.data());
    check(EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, block.size(), block.data()) == GIF_OK);
    check(EGifPutImageDesc(gif, 0, 0, image.width, image.height, false, indexed.colours.get()) ==
          GIF_OK);
    for (int y = 0; y < image.height; ++y)
        check(EGifPutLine(gif, indexed.pixels.data() + static_cast<std::size_t>(y) * image.width,
                          image.width) == GIF_OK);
}

}  // namespace

std::vector<std::uint8_t> encodeGif(const Animation& animation,
                                    const std::function<void(int)>& onFrame,
                                    const std::stop_token& stop) {
    Bytes bytes;
    int problem = 0;
    Gif gif(EGifOpen(&bytes, append, &problem));
    check(gif != nullptr);
    EGifSetGifVersion(gif.get(), true);
    for (int i = 0; i < animation.frames; ++i) {
        if (stop.stop_requested()) return {};
        const Image image = animation.frame(i);
        check(image.width <= kLargestSide && image.height <= kLargestSide);
        if (i == 0) {
            check(EGifPutScreenDesc(gif.get(), image.width, image.height, 8, 0, nullptr) == GIF_OK);
            putLoop(gif.get());
        }
        putFrame(gif.get(), image, animation.milliseconds);
        if (onFrame) onFrame(i + 1);
    }
    gif.reset();  // writes the end
    return stop.stop_requested() ? Bytes{} : bytes;
}

}  // namespace lvr
