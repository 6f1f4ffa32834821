#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "datasets/scenes/scene_asking.h"
#include "datasets/scenes/scene_random.h"
#include "datasets/scenes/scenes.h"

namespace lvr {
namespace {

using Objects = std::vector<SceneObject>;
using Questions = std::vector<SceneQuestion>;

const std::string& colorWord(int color) { return colorWords()[color]; }
const std::string& shapeWord(int shape) { return shapeWords()[shape]; }

std::string chainText(const std::string& color) {
    return "Follow the dots from " + color + ". What shape is at the end?";
}
std::string colorToShapeText(const std::string& color) {
    return "What shape is the " + color + " object?";
}
std::string dotToShapeText(const std::string& color) {
    return "What shape has the " + color + " dot?";
}
std::string shapeToColorText(const std::string& shape) {
    return "What color is the " + shape + "?";
}
std::string colorToDotText(const std::string& color) {
    return "What color is the dot on the " + color + " object?";
}
std::string hasDotText(const std::string& color) {
    return "Does the " + color + " object have a dot?";
}
std::string leftRightText(const std::string& a, const std::string& b) {
    return "Is the " + a + " object left or right of the " + b + " object?";
}
std::string aboveBelowText(const std::string& a, const std::string& b) {
    return "Is the " + a + " object above or below the " + b + " object?";
}

Questions allChains(const Scene& scene) {
    Questions all;
    for (const auto& chain : scene.chains)
        for (auto start = chain.begin(); start != chain.end(); ++start)
            all.push_back(makeQuestion(scene, chainText(colorWord(scene.objects[*start].color)),
                                       shapeWord(scene.objects[chain.back()].shape),
                                       {start, chain.end()}));
    return all;
}

Questions allColorToShape(const Scene& scene) {
    return eachObject(scene, [&](const SceneObject& object, int i) {
        return makeQuestion(scene, colorToShapeText(colorWord(object.color)),
                            shapeWord(object.shape), {i});
    });
}

Questions allDotToShape(const Scene& scene) {
    return eachObject(scene, [&](const SceneObject& object, int i) -> std::optional<SceneQuestion> {
        if (object.dot < 0) return {};
        return makeQuestion(scene, dotToShapeText(colorWord(object.dot)), shapeWord(object.shape),
                            {i});
    });
}

Questions allShapeToColor(const Scene& scene) {
    return eachObject(scene, [&](const SceneObject& object, int i) -> std::optional<SceneQuestion> {
        const auto same = [&](const SceneObject& other) { return other.shape == object.shape; };
        if (std::count_if(scene.objects.begin(), scene.objects.end(), same) > 1) return {};
        return makeQuestion(scene, shapeToColorText(shapeWord(object.shape)),
                            colorWord(object.color), {i});
    });
}

Questions allColorToDot(const Scene& scene) {
    return eachObject(scene, [&](const SceneObject& object, int i) -> std::optional<SceneQuestion> {
        if (object.dot < 0) return {};
        return makeQuestion(scene, colorToDotText(colorWord(object.color)), colorWord(object.dot),
                            {i});
    });
}

Questions allHasDot(const Scene& scene) {
    return eachObject(scene, [&](const SceneObject& object, int i) {
        return makeQuestion(scene, hasDotText(colorWord(object.color)),
                            object.dot < 0 ? "no" : "yes", {i});
    });
}

struct Relation {
    int SceneObject::*coordinate;
    std::string (*text)(const std::string&, const std::string&);
    const char* less;  // the answer when the first object's coordinate is the smaller one
    const char* more;
};

Questions allRelations(const Scene& scene, const Relation& relation) {
    Questions all;
    const int count = static_cast<int>(scene.objects.size());
    for (int a = 0; a < count; ++a)
        for (int b = 0; b < count; ++b) {
            const int difference =
                scene.objects[a].*relation.coordinate - scene.objects[b].*relation.coordinate;
            if (difference == 0) continue;
            const std::string first = colorWord(scene.objects[a].color);
            all.push_back(makeQuestion(scene,
                                       relation.text(first, colorWord(scene.objects[b].color)),
                                       difference < 0 ? relation.less : relation.more, {a, b}));
        }
    return all;
}

Questions allLeftRight(const Scene& scene) {
    return allRelations(scene, {&SceneObject::col, leftRightText, "left", "right"});
}

Questions allAboveBelow(const Scene& scene) {
    return allRelations(scene, {&SceneObject::row, aboveBelowText, "above", "below"});
}

const QuestionKinds& kinds() {
    static const QuestionKinds all{
        {"chain", 30, {}, allChains},
        {"color-to-shape", 5, {}, allColorToShape},
        {"dot-to-shape", 7, {}, allDotToShape},
        {"shape-to-color", 8, {}, allShapeToColor},
        {"color-to-dot", 5, {}, allColorToDot},
        {"has-dot", 5, {"yes", "no"}, allHasDot},
        {"left-right", 10, {"left", "right"}, allLeftRight},
        {"above-below", 10, {"above", "below"}, allAboveBelow},
    };
    return all;
}

QuestionWish wishOf(const QuestionKind& kind, SceneRandom& random, const SceneOptions& options) {
    QuestionWish wish = drawWishOf(kind, random);
    if (kind.name == "chain") wish.hops = random.between(options.minHops, options.maxHops);
    return wish;
}

int longestHops(const std::vector<QuestionWish>& wishes) {
    int longest = 0;
    for (const auto& wish : wishes) longest = std::max(longest, wish.hops);
    return longest;
}

ScenePicture sceneWithWish(std::uint64_t seed, std::uint64_t index, const QuestionWish& wish,
                           SceneRandom& random) {
    Scene scene = makeScene(seed, index, wish.hops);
    auto made = ask(scene, wish, random);
    if (!made) throw std::logic_error("a fresh scene lacks a question of kind " + wish.kind);
    return {std::move(scene), {std::move(*made)}};
}

}  // namespace

void check(const SceneOptions& options) {
    for (const auto& kind : options.kinds) findKind(kinds(), kind);
    if (options.minHops < 0 || options.maxHops > kMaxHops || options.minHops > options.maxHops)
        throw Error("hops " + std::to_string(options.minHops) + ":" +
                    std::to_string(options.maxHops) +
                    " are not a range within 0:" + std::to_string(kMaxHops));
    checkPerPicture(options.perPicture);
}

std::vector<std::string> sceneKinds() { return namesOf(kinds()); }

double sceneKindWeight(const std::string& kind) { return findKind(kinds(), kind).weight / 10.0; }

std::vector<SceneQuestion> questionsAbout(const Scene& scene, const std::string& kind) {
    auto all = findKind(kinds(), kind).all(scene);
    for (auto& question : all) question.kind = kind;
    return all;
}

QuestionWish drawWish(SceneRandom& random, const SceneOptions& options) {
    return wishOf(drawKind(kinds(), options.kinds, random), random, options);
}

std::optional<SceneQuestion> ask(const Scene& scene, const QuestionWish& wish, SceneRandom& random,
                                 const std::set<std::string>& asked) {
    return askOne(questionsAbout, scene, wish, random, asked);
}

ScenePicture sceneWithQuestion(std::uint64_t seed, std::uint64_t index, const std::string& kind,
                               const SceneOptions& options) {
    check(options);
    SceneRandom random(seed, index, SceneStream::Question);
    return sceneWithWish(seed, index, wishOf(findKind(kinds(), kind), random, options), random);
}

Sample sceneSample(std::uint64_t seed, std::uint64_t index, const std::string& kind,
                   const SceneOptions& options) {
    return toSample(sceneWithQuestion(seed, index, kind, options), "scenes", index);
}

std::vector<Sample> sceneSamples(std::uint64_t seed, std::uint64_t firstIndex, int count,
                                 const SceneOptions& options) {
    check(options);
    std::vector<Sample> samples;
    for (int i = 0; i < count; ++i) {
        SceneRandom random(seed, firstIndex + i, SceneStream::Plan);
        const auto wish = drawWish(random, options);
        samples.push_back(
            toSample(sceneWithWish(seed, firstIndex + i, wish, random), "scenes", firstIndex + i));
    }
    return samples;
}

std::vector<ScenePicture> scenePictures(std::uint64_t seed, int questions,
                                        const SceneOptions& options, const std::stop_token& stop) {
    check(options);
    std::vector<ScenePicture> pictures;
    std::vector<QuestionWish> wishes;
    for (std::uint64_t index = 0; questions > 0; ++index) {
        if (stop.stop_requested()) throw Cancelled();
        SceneRandom random(seed, index, SceneStream::Plan);
        while (static_cast<int>(wishes.size()) < std::min(options.perPicture, questions))
            wishes.push_back(drawWish(random, options));
        Scene scene = makeScene(seed, index, longestHops(wishes));
        auto asked = askAll(questionsAbout, scene, wishes, random);
        questions -= static_cast<int>(asked.size());
        pictures.push_back({std::move(scene), std::move(asked)});
    }
    return pictures;
}

}  // namespace lvr
