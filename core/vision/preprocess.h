#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/values/image.h"

namespace lvr {

struct Backbone;

// What a checkpoint folder says of Qwen2-VL's image processor, with that class's defaults. Qwen3-VL
// has the same one with other numbers.
struct PreprocessConfig {
    int patchSize = 14;
    int temporalPatchSize = 2;
    int mergeSize = 2;
    std::int64_t minPixels = 3136;
    std::int64_t maxPixels = 1003520;
    std::array<double, 3> mean{0.48145466, 0.4578275, 0.40821073};
    std::array<double, 3> std{0.26862954, 0.26130258, 0.27577711};
    double rescaleFactor = 1.0 / 255.0;

    // As transformers reads it: `image_processor` in processor_config.json, as transformers 5 saves
    // it, before preprocessor_config.json; limits in `size`, or beside it. An adapter without
    // either file has its base's. Throws Error naming file and field for what would make other
    // patches: another class or resampling, a step that is turned off, a size that is no limit.
    // Without either file: as its backbone's are.
    static PreprocessConfig open(const std::filesystem::path& folder);
    static PreprocessConfig of(const Backbone& backbone);
    // A sentence each: the folder has no such file, or two that disagree.
    static std::vector<std::string> warnings(const std::filesystem::path& folder);
    bool operator==(const PreprocessConfig&) const = default;
};

// Memory for much that is overwritten at once: a large piece lies in large pages where the system
// gives them, because 50 MB in small ones take longer to get than to fill.
void* takeMemory(std::size_t bytes);  // throws std::bad_alloc
void giveMemory(void* memory);

// Has a vector take such memory and leave it as it is until it is written.
template <class T>
struct Uncleared {
    using value_type = T;
    Uncleared() = default;
    template <class U>
    explicit Uncleared(const Uncleared<U>&) {}
    T* allocate(std::size_t count) { return static_cast<T*>(takeMemory(count * sizeof(T))); }
    void deallocate(T* memory, std::size_t) { giveMemory(memory); }
    template <class U>
    void construct(U* at) {
        ::new (static_cast<void*>(at)) U;
    }
    template <class U, class... Arguments>
    void construct(U* at, Arguments&&... arguments) {
        ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
    }
    bool operator==(const Uncleared&) const = default;
};

// Patches of one or more images, ready for the vision encoder.
struct Pixels {
    std::vector<float, Uncleared<float>> values;       // [patches, 3 * temporal * patch * patch]
    std::vector<std::array<std::int64_t, 3>> gridThw;  // per image, in patches before merging
    std::vector<PatchGrid> grids;                      // per image, after merging
};

struct Size {
    int height = 0;
    int width = 0;
    bool operator==(const Size&) const = default;
};

// transformers' smart_resize: multiples of patch * merge within the pixel limits, ties to even.
// Throws Error when the aspect ratio exceeds 200.
Size smartResize(Size original, const PreprocessConfig& config);
// The visual tokens of a picture of that size. Throws as smartResize.
PatchGrid tokenGrid(Size original, const PreprocessConfig& config);
// The variant of qwen-vl-utils that the official LVR loader applies (lvr-spec 2.5, 9 C13). As
// there, a thin picture that must shrink can get a side of 0.
Size smartResizeLoader(Size original, const PreprocessConfig& config);

// Antialiased bicubic that equals Pillow's on 8-bit channels byte for byte (13.0; older versions
// differ by a few levels where the height shrinks much more than the width). Throws Error when a
// side of either is 0.
Image resizeBicubic(const Image& image, Size size);

// smartResize, resizeBicubic and patchify.
Pixels preprocess(const std::vector<Image>& images, const PreprocessConfig& config);
// The same to sizes that are known: one per image, multiples of patch * merge.
Pixels preprocess(const std::vector<Image>& images, const std::vector<Size>& sizes,
                  const PreprocessConfig& config);
// Normalises and cuts up pictures whose sides are multiples of patch * merge already; throws Error
// when they are not. Rows are ordered visual token by visual token.
Pixels patchify(const std::vector<Image>& images, const PreprocessConfig& config);

}  // namespace lvr
