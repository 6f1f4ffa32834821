#include "datasets/scenes/scenes.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "datasets/scenes/scene_objects.h"
#include "datasets/scenes/scene_painter.h"
#include "datasets/scenes/scene_random.h"

namespace lvr {
namespace {

constexpr int kUniqueShapes = 4;

// Cuts the objects into `chains` parts, every way equally likely.
std::vector<int> randomParts(int chains, SceneRandom& random) {
    std::vector<int> cuts = shuffled(upTo(kSceneObjects - 1), random);  // c: after object c
    cuts.resize(chains - 1);
    std::sort(cuts.begin(), cuts.end());
    cuts.push_back(kSceneObjects - 1);
    std::vector<int> sizes;
    int previous = -1;
    sizes.reserve(chains);
    for (int cut : cuts) sizes.push_back(cut - std::exchange(previous, cut));
    return sizes;
}

std::vector<int> chainSizes(int longest, SceneRandom& random) {
    const int most = std::max(longest, kMaxTrainedHops);
    const int least = longest > kMaxTrainedHops ? most : longest;
    for (;;) {
        auto sizes = randomParts(random.between(3, 4), random);
        const int hops = *std::max_element(sizes.begin(), sizes.end()) - 1;
        if (hops >= least && hops <= most) return sizes;
    }
}

std::vector<std::vector<int>> consecutiveChains(const std::vector<int>& sizes) {
    std::vector<std::vector<int>> chains;
    int next = 0;
    for (int size : sizes) {
        chains.emplace_back(size);
        std::iota(chains.back().begin(), chains.back().end(), next);
        next += size;
    }
    return chains;
}

bool endsDiffer(const std::vector<int>& shapes, const std::vector<std::vector<int>>& chains) {
    std::set<int> ends;
    for (const auto& chain : chains) ends.insert(shapes[chain.back()]);
    return ends.size() == chains.size();
}

// 4 shapes once and 4 twice fill the 12 objects.
std::vector<int> drawShapes(const std::vector<std::vector<int>>& chains, SceneRandom& random) {
    std::vector<int> shapes = shuffled(upTo(static_cast<int>(shapeWords().size())), random);
    shapes.insert(shapes.end(), shapes.begin() + kUniqueShapes, shapes.begin() + 8);
    do random.shuffle(shapes);
    while (!endsDiffer(shapes, chains));
    return shapes;
}

void dotChain(const std::vector<int>& chain, std::vector<SceneObject>& objects) {
    for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
        objects[chain[i]].dot = objects[chain[i + 1]].color;
        objects[chain[i]].dotBody = objects[chain[i + 1]].body;
    }
}

}  // namespace

const std::vector<std::string>& shapeWords() {
    static const std::vector<std::string> words{"circle", "square",  "triangle", "star",
                                                "cross",  "diamond", "moon",     "heart"};
    return words;
}

const std::vector<std::string>& colorWords() {
    static const std::vector<std::string> words{"red",    "green",  "blue", "yellow",
                                                "purple", "orange", "cyan", "white",
                                                "pink",   "brown",  "lime", "gray"};
    return words;
}

Scene makeScene(std::uint64_t seed, std::uint64_t index, int longest) {
    if (longest < 0 || longest > kMaxHops)
        throw Error("a scene can't have a chain of " + std::to_string(longest) +
                    " hops; give 0 to " + std::to_string(kMaxHops));
    SceneRandom random(seed, index, SceneStream::Layout);
    Scene scene{.seed = seed, .index = index};
    scene.chains = consecutiveChains(chainSizes(longest, random));
    const auto shapes = drawShapes(scene.chains, random);
    const auto colors = shuffled(upTo(kSceneObjects), random);
    const auto cells = shuffled(upTo(kSceneGrid * kSceneGrid), random);
    for (int i = 0; i < kSceneObjects; ++i) {
        SceneObject object{.shape = shapes[i], .color = colors[i]};
        object.body = jittered(object.color, random);
        place(object, cells[i], random);
        scene.objects.push_back(object);
    }
    for (const auto& chain : scene.chains) dotChain(chain, scene.objects);
    return scene;
}

Image paint(const Scene& scene) {
    if (scene.jigsaw) return paintJigsaw(scene);
    return paintObjects(scene.objects, scene.seed, scene.index);
}

AlignPicture alignPicture(std::uint64_t seed, std::uint64_t index) {
    SceneRandom random(seed, index, SceneStream::Align);
    auto cells = shuffled(upTo(kSceneGrid * kSceneGrid), random);
    cells.resize(random.between(8, 50));
    std::vector<SceneObject> objects;
    AlignPicture picture{.cells = std::vector<CellLabel>(std::size_t{kSceneGrid} * kSceneGrid)};
    for (int cell : cells) {
        const SceneObject object = drawObject(cell, 10, random);
        picture.cells[cell] = {object.shape, object.color, object.dot};
        objects.push_back(object);
    }
    picture.image = paintObjects(objects, random.next(), index);
    return picture;
}

}  // namespace lvr
