#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace lvr {

// What a generator's numbers are for; streams of one (seed, index) are independent.
enum class SceneStream : std::uint64_t {
    Layout = 1,
    Texture,
    Question,
    Plan,
    Align,
    Clutter,
    ClutterQuestion,
    ClutterPlan
};

// SplitMix64 with draws of its own: the distributions of <random> differ between libraries, and
// scenes must be the same on every machine.
class SceneRandom {
public:
    SceneRandom(std::uint64_t seed, std::uint64_t index, SceneStream stream)
        : state_(mix(mix(mix(seed) + index) + static_cast<std::uint64_t>(stream))) {}

    std::uint64_t next() { return mix(state_ += 0x9E3779B97F4A7C15ULL); }

    // Uniform in 0 .. count - 1; count > 0.
    int below(int count) {
        const auto n = static_cast<std::uint64_t>(count);
        const std::uint64_t uneven = (0 - n) % n;  // 2^64 mod n values would be drawn too often
        std::uint64_t drawn = next();
        while (drawn < uneven) drawn = next();
        return static_cast<int>(drawn % n);
    }
    // Uniform in low .. high, both included.
    int between(int low, int high) { return low + below(high - low + 1); }

    template <class T>
    void shuffle(std::vector<T>& items) {
        for (int i = static_cast<int>(items.size()) - 1; i > 0; --i)
            std::swap(items[i], items[below(i + 1)]);
    }

private:
    static std::uint64_t mix(std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }
    std::uint64_t state_;
};

}  // namespace lvr
