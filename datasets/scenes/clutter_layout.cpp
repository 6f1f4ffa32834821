#include "datasets/scenes/clutter_layout.h"

#include <algorithm>

#include "datasets/scenes/scene_objects.h"
#include "datasets/scenes/scene_random.h"

namespace lvr {
namespace {

constexpr int kOneDotlessIn = 2;
constexpr int kBottomRow = kSceneGrid - 1;

int drawObjectCount(SceneRandom& random) {
    const int percent = random.below(100);
    if (percent < 12) return random.between(2, 4);
    if (percent < 42) return random.between(3, 8);
    return random.between(8, 14);
}

int wordIndex(const std::vector<std::string>& words, const std::string& word) {
    return static_cast<int>(std::find(words.begin(), words.end(), word) - words.begin());
}

// Fewer could not hold the question, or would leave nothing to choose from.
int leastObjects(const QuestionWish& wish) {
    if (wish.kind == "two-hop") return 3;
    return wish.kind == "count" ? wordIndex(numberWords(), wish.answer) + 1 : 2;
}

std::vector<int> shuffledCells(SceneRandom& random) {
    return shuffled(upTo(kSceneGrid * kSceneGrid), random);
}

std::vector<SceneObject> drawObjects(int count, std::vector<int> cells, SceneRandom& random) {
    cells.resize(count);
    std::vector<SceneObject> objects;
    objects.reserve(cells.size());
    for (int cell : cells) objects.push_back(drawObject(cell, kOneDotlessIn, random));
    return objects;
}

// Waiting for five of a kind to turn up would take thousands of scenes.
void makeCount(int wanted, std::vector<SceneObject>& objects, SceneRandom& random) {
    const int shape = random.below(static_cast<int>(shapeWords().size()));
    for (int i = 0; i < static_cast<int>(objects.size()); ++i) {
        if (i < wanted)
            objects[i].shape = shape;
        else if (objects[i].shape == shape)
            objects[i].shape = otherShape(shape, random);
    }
}

bool canAsk(const Scene& scene, const QuestionWish& wish) {
    const auto all = clutterQuestionsAbout(scene, wish.kind);
    return std::any_of(all.begin(), all.end(), [&](const SceneQuestion& question) {
        return wish.answer.empty() || question.answer == wish.answer;
    });
}

// The number of objects is drawn once: waiting for a scene must not favour the easy ones.
Scene makeOrdinary(std::uint64_t seed, std::uint64_t index, const QuestionWish& wish) {
    SceneRandom random(seed, index, SceneStream::Clutter);
    const int count = std::max(drawObjectCount(random), leastObjects(wish));
    Scene scene{.seed = seed, .index = index};
    do {
        scene.objects = drawObjects(count, shuffledCells(random), random);
        if (wish.kind == "count")
            makeCount(wordIndex(numberWords(), wish.answer) + 1, scene.objects, random);
    } while (!canAsk(scene, wish));
    return scene;
}

// Everything is drawn from the even index, so that both pictures differ in the dot alone.
Scene makePaired(std::uint64_t seed, std::uint64_t index) {
    const std::uint64_t first = index - index % 2;
    SceneRandom random(seed, first, SceneStream::Clutter);
    const int count = drawObjectCount(random);
    Scene scene{.seed = seed, .index = first};
    std::vector<int> candidates;
    while (candidates.empty()) {
        scene.objects = drawObjects(count, shuffledCells(random), random);
        candidates = uniqueObjects(scene, &SceneObject::color);
    }
    scene.pairedObject = candidates[random.below(static_cast<int>(candidates.size()))];
    auto& object = scene.objects[*scene.pairedObject];
    object.dot = otherColor(object.color, random);
    object.dotBody = jittered(object.dot, random);
    const bool firstHasDot = random.below(2) == 0;
    if (firstHasDot == (index == first)) return scene;
    object.dot = -1;
    object.dotBody = {};
    return scene;
}

// On the border of its cell and the next.
SceneObject drawCut(SceneRandom& random) {
    const int row = random.below(kBottomRow - 1), col = random.below(kSceneGrid - 1);
    SceneObject cut = drawObject(row * kSceneGrid + col, kOneDotlessIn, random);
    cut.x = (col + 1.0) * kSceneCell;
    cut.y = (row + 0.5) * kSceneCell;
    cut.radius = random.between(11 * 16, 11 * 16 + 8) / 16.0;  // larger ones leave the two cells
    return cut;
}

SceneObject pieceOf(const SceneObject& cut, int col) {
    SceneObject piece = cut;
    piece.row = kBottomRow;
    piece.col = col;
    piece.x = static_cast<double>(col) * kSceneCell;
    piece.y = (kBottomRow + 0.5) * kSceneCell;
    return piece;
}

// Another shape or another colour, not both: one glance at either is not always enough.
void makeUnfit(SceneObject& piece, SceneRandom& random) {
    if (random.below(2) == 0) {
        piece.shape = otherShape(piece.shape, random);
        return;
    }
    const int color = piece.color;
    while (piece.color == color || piece.color == piece.dot)
        piece.color = otherColor(color, random);
    piece.body = jittered(piece.color, random);
}

// Where the rest may lie: neither in the cut object's two cells nor among the pieces.
std::vector<int> cellsBeside(const SceneObject& cut, SceneRandom& random) {
    auto cells = shuffledCells(random);
    std::erase_if(cells, [&](int cell) {
        const int row = cell / kSceneGrid, right = cell % kSceneGrid - cut.col;
        return row == kBottomRow || (row == cut.row && (right == 0 || right == 1));
    });
    return cells;
}

Scene makeJigsaw(std::uint64_t seed, std::uint64_t index, const std::string& answer) {
    SceneRandom random(seed, index, SceneStream::Clutter);
    const int others = drawObjectCount(random) - 1;
    const SceneObject cut = drawCut(random);
    Scene scene{.seed = seed, .index = index};
    scene.objects = drawObjects(others, cellsBeside(cut, random), random);
    auto cols = shuffled(upTo(kSceneGrid), random);
    std::sort(cols.begin(), cols.begin() + 2);
    scene.objects.insert(scene.objects.end(), {cut, pieceOf(cut, cols[0]), pieceOf(cut, cols[1])});
    scene.jigsaw = {
        .cut = others, .pieces = {others + 1, others + 2}, .fitting = answer == "first" ? 0 : 1};
    makeUnfit(scene.objects[scene.jigsaw->pieces[1 - scene.jigsaw->fitting]], random);
    return scene;
}

}  // namespace

const std::vector<std::string>& numberWords() {
    static const std::vector<std::string> words{"one", "two", "three", "four", "five"};
    return words;
}

std::vector<int> uniqueObjects(const Scene& scene, int SceneObject::*value) {
    std::vector<int> unique;
    for (int i = 0; i < static_cast<int>(scene.objects.size()); ++i) {
        const auto same = [&](const SceneObject& other) {
            return other.*value == scene.objects[i].*value;
        };
        if (std::count_if(scene.objects.begin(), scene.objects.end(), same) == 1)
            unique.push_back(i);
    }
    return unique;
}

Scene makeClutter(std::uint64_t seed, std::uint64_t index, const QuestionWish& wish) {
    if (wish.kind == "dot-pair") return makePaired(seed, index);
    if (wish.kind == "jigsaw") return makeJigsaw(seed, index, wish.answer);
    return makeOrdinary(seed, index, wish);
}

}  // namespace lvr
