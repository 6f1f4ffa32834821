#pragma once

#include <vector>

#include "datasets/scenes/scenes.h"

namespace lvr {

// How every picture's objects are drawn, whatever is asked about it.

std::vector<int> upTo(int count);  // 0 .. count - 1
std::vector<int> shuffled(std::vector<int> items, SceneRandom& random);

// The colour's paint, each channel a little off.
Rgb jittered(int color, SceneRandom& random);
int otherColor(int color, SceneRandom& random);
int otherShape(int shape, SceneRandom& random);

// Into a cell of the grid (row-major), a little off its centre.
void place(SceneObject& object, int cell, SceneRandom& random);
// Of any shape and colour, with a dot of any other colour; one in `oneDotlessIn` has none.
SceneObject drawObject(int cell, int oneDotlessIn, SceneRandom& random);

}  // namespace lvr
