#include "datasets/scenes/scene_objects.h"

#include <algorithm>
#include <numeric>

#include "datasets/scenes/scene_random.h"

namespace lvr {
namespace {

constexpr int kColorJitter = 15;  // of each channel

// In the order of colorWords().
constexpr std::array<Rgb, 12> kBodies{{{225, 35, 35},
                                       {25, 145, 55},
                                       {45, 75, 230},
                                       {240, 220, 40},
                                       {135, 45, 190},
                                       {245, 135, 25},
                                       {45, 210, 225},
                                       {240, 240, 240},
                                       {245, 145, 195},
                                       {125, 75, 35},
                                       {165, 240, 60},
                                       {140, 140, 140}}};
constexpr int kColors = kBodies.size();

int shapeCount() { return static_cast<int>(shapeWords().size()); }

int otherOf(int count, int one, SceneRandom& random) {
    return (one + random.between(1, count - 1)) % count;
}

}  // namespace

std::vector<int> upTo(int count) {
    std::vector<int> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
}

std::vector<int> shuffled(std::vector<int> items, SceneRandom& random) {
    random.shuffle(items);
    return items;
}

Rgb jittered(int color, SceneRandom& random) {
    Rgb body = kBodies[color];
    for (auto& channel : body)
        channel = static_cast<std::uint8_t>(
            std::clamp(channel + random.between(-kColorJitter, kColorJitter), 0, 255));
    return body;
}

int otherColor(int color, SceneRandom& random) { return otherOf(kColors, color, random); }

int otherShape(int shape, SceneRandom& random) { return otherOf(shapeCount(), shape, random); }

void place(SceneObject& object, int cell, SceneRandom& random) {
    object.row = cell / kSceneGrid;
    object.col = cell % kSceneGrid;
    object.x = (object.col + 0.5) * kSceneCell + random.between(-24, 24) / 16.0;
    object.y = (object.row + 0.5) * kSceneCell + random.between(-24, 24) / 16.0;
    object.radius = random.between(11 * 16, 13 * 16) / 16.0;
}

SceneObject drawObject(int cell, int oneDotlessIn, SceneRandom& random) {
    SceneObject object;
    place(object, cell, random);
    object.shape = random.below(shapeCount());
    object.color = random.below(kColors);
    object.body = jittered(object.color, random);
    if (random.below(oneDotlessIn) == 0) return object;
    object.dot = otherColor(object.color, random);
    object.dotBody = jittered(object.dot, random);
    return object;
}

}  // namespace lvr
