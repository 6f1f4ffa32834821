#pragma once

#include <cstdint>
#include <vector>

#include "datasets/scenes/scenes.h"

namespace lvr {

// 224x224: a smooth texture that depends on (seed, index), and the objects in their order.
Image paintObjects(const std::vector<SceneObject>& objects, std::uint64_t seed,
                   std::uint64_t index);
// A scene with a jigsaw: the pieces are cut out of the whole picture, texture and all.
Image paintJigsaw(const Scene& scene);

}  // namespace lvr
