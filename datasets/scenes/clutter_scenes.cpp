#include "datasets/scenes/clutter_scenes.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "core/error.h"
#include "datasets/scenes/clutter_layout.h"
#include "datasets/scenes/scene_asking.h"
#include "datasets/scenes/scene_random.h"

namespace lvr {
namespace {

using Questions = std::vector<SceneQuestion>;

std::string objectOf(const SceneObject& object) {
    return "the " + colorWords()[object.color] + " object";
}

// The chain scenes' question of `kind`, about some of the objects only. Same words, so that what
// was learnt there helps here.
Questions askedAbout(const Scene& scene, const std::string& kind, const std::vector<int>& objects) {
    auto all = questionsAbout(scene, kind);
    std::erase_if(all, [&](const SceneQuestion& question) {
        return std::find(objects.begin(), objects.end(), question.targets[0]) == objects.end();
    });
    return all;
}

Questions allAttrColor(const Scene& scene) {
    return askedAbout(scene, "shape-to-color", uniqueObjects(scene, &SceneObject::shape));
}

Questions allAttrShape(const Scene& scene) {
    return askedAbout(scene, "color-to-shape", uniqueObjects(scene, &SceneObject::color));
}

Questions allDotPair(const Scene& scene) {
    if (!scene.pairedObject) return {};
    return askedAbout(scene, "has-dot", {*scene.pairedObject});
}

// What `add(a, b, questions)` knows about each ordered pair of objects that a colour names.
template <class Add>
Questions eachPair(const Scene& scene, Add add) {
    Questions all;
    const auto named = uniqueObjects(scene, &SceneObject::color);
    for (int a : named)
        for (int b : named)
            if (a != b) add(a, b, all);
    return all;
}

// Where `a` is, seen from `b`. Between the directions there is no answer: one axis must be at least
// twice the other, as it is for objects of one row or column.
std::optional<std::string> direction(const SceneObject& a, const SceneObject& b) {
    const int right = a.col - b.col, down = a.row - b.row;
    if (std::abs(right) >= 2 * std::abs(down)) return right < 0 ? "left" : "right";
    if (std::abs(down) >= 2 * std::abs(right)) return down < 0 ? "above" : "below";
    return {};
}

Questions allRelpos(const Scene& scene) {
    return eachPair(scene, [&](int a, int b, Questions& all) {
        const auto &first = scene.objects[a], &second = scene.objects[b];
        const auto answer = direction(first, second);
        if (!answer) return;
        all.push_back(makeQuestion(
            scene, "Where is " + objectOf(first) + " relative to " + objectOf(second) + "?",
            *answer, {a, b}));
    });
}

struct Relation {
    const char* words;
    int SceneObject::*coordinate;
    int sign;  // of the first object's coordinate less the second's when the answer is yes
};
constexpr Relation kRelations[]{{"left of", &SceneObject::col, -1},
                                {"right of", &SceneObject::col, 1},
                                {"above", &SceneObject::row, -1},
                                {"below", &SceneObject::row, 1}};

Questions allSpatial(const Scene& scene) {
    return eachPair(scene, [&](int a, int b, Questions& all) {
        const auto &first = scene.objects[a], &second = scene.objects[b];
        for (const auto& relation : kRelations) {
            const int difference = first.*relation.coordinate - second.*relation.coordinate;
            if (difference == 0) continue;  // the jitter would decide
            all.push_back(makeQuestion(
                scene,
                "Is " + objectOf(first) + " " + relation.words + " " + objectOf(second) + "?",
                difference * relation.sign > 0 ? "yes" : "no", {a, b}));
        }
    });
}

// In reading order.
std::vector<int> objectsOfShape(const Scene& scene, int shape) {
    std::vector<int> found;
    for (int i = 0; i < static_cast<int>(scene.objects.size()); ++i)
        if (scene.objects[i].shape == shape) found.push_back(i);
    std::sort(found.begin(), found.end(), [&](int a, int b) {
        const auto &first = scene.objects[a], &second = scene.objects[b];
        return std::pair(first.row, first.col) < std::pair(second.row, second.col);
    });
    return found;
}

Questions allCount(const Scene& scene) {
    Questions all;
    for (int shape = 0; shape < static_cast<int>(shapeWords().size()); ++shape) {
        const auto found = objectsOfShape(scene, shape);
        if (found.empty() || found.size() > numberWords().size()) continue;
        all.push_back(makeQuestion(scene, "How many " + shapeWords()[shape] + " objects are there?",
                                   numberWords()[found.size() - 1], found));
    }
    return all;
}

std::vector<int> othersOfColor(const Scene& scene, int object) {
    std::vector<int> others;
    for (int i = 0; i < static_cast<int>(scene.objects.size()); ++i)
        if (i != object && scene.objects[i].color == scene.objects[object].color)
            others.push_back(i);
    return others;
}

Questions allTwoHop(const Scene& scene) {
    Questions all;
    for (int i : uniqueObjects(scene, &SceneObject::shape)) {
        const auto others = othersOfColor(scene, i);
        if (others.size() != 1) continue;
        const auto& start = shapeWords()[scene.objects[i].shape];
        all.push_back(makeQuestion(scene, "What shape has the same color as the " + start + "?",
                                   shapeWords()[scene.objects[others[0]].shape], {i, others[0]}));
    }
    return all;
}

Questions allJigsaw(const Scene& scene) {
    if (!scene.jigsaw) return {};
    const auto& [cut, pieces, fitting] = *scene.jigsaw;
    return {makeQuestion(scene, "Which piece fits, first or second?",
                         fitting == 0 ? "first" : "second", {cut, pieces[fitting]})};
}

// A wish for a dot-pair makes two records, so its weight is half of what it is meant to be.
const QuestionKinds& kinds() {
    static const QuestionKinds all{
        {"attr-color", 40, {}, allAttrColor},
        {"attr-shape", 40, {}, allAttrShape},
        {"relpos", 50, {"left", "right", "above", "below"}, allRelpos},
        {"spatial", 20, {"yes", "no"}, allSpatial},
        {"count", 20, numberWords(), allCount},
        {"dot-pair", 10, {}, allDotPair},
        {"two-hop", 20, {}, allTwoHop},
        {"jigsaw", 20, {"first", "second"}, allJigsaw},
    };
    return all;
}

// Half an object and its pieces are neither counted nor placed; and the two pictures of a pair must
// not be told apart by what else they are asked.
bool mayAsk(const Scene& scene, const std::string& kind) {
    if (scene.jigsaw) return kind == "jigsaw";
    return !scene.pairedObject || kind == "dot-pair";
}

ScenePicture pictureWith(std::uint64_t seed, std::uint64_t index, const QuestionWish& wish,
                         SceneRandom& random) {
    Scene scene = makeClutter(seed, index, wish);
    auto made = askOne(clutterQuestionsAbout, scene, wish, random);
    if (!made) throw std::logic_error("a fresh scene lacks a question of kind " + wish.kind);
    return {std::move(scene), {std::move(*made)}};
}

// From the next even index on; leaves `index` at the second picture of the pair.
void addPair(std::uint64_t seed, std::uint64_t& index, int most,
             std::vector<ScenePicture>& pictures) {
    index += index % 2;
    pictures.push_back(clutterWithQuestion(seed, index, "dot-pair"));
    ++index;
    if (most > 1) pictures.push_back(clutterWithQuestion(seed, index, "dot-pair"));
}

}  // namespace

void check(const ClutterOptions& options) {
    for (const auto& kind : options.kinds) findKind(kinds(), kind);
    checkPerPicture(options.perPicture);
}

std::vector<std::string> clutterKinds() { return namesOf(kinds()); }

double clutterKindWeight(const std::string& kind) { return findKind(kinds(), kind).weight / 10.0; }

std::vector<SceneQuestion> clutterQuestionsAbout(const Scene& scene, const std::string& kind) {
    const auto& found = findKind(kinds(), kind);
    if (!mayAsk(scene, kind)) return {};
    auto all = found.all(scene);
    for (auto& question : all) question.kind = kind;
    return all;
}

ScenePicture clutterWithQuestion(std::uint64_t seed, std::uint64_t index, const std::string& kind) {
    SceneRandom random(seed, index, SceneStream::ClutterQuestion);
    return pictureWith(seed, index, drawWishOf(findKind(kinds(), kind), random), random);
}

std::vector<Sample> clutterSamples(std::uint64_t seed, std::uint64_t firstIndex, int count,
                                   const std::string& kind) {
    std::vector<Sample> samples;
    for (int i = 0; i < count; ++i) {
        const auto picture = clutterWithQuestion(seed, firstIndex + i, kind);
        samples.push_back(toSample(picture, "clutter", firstIndex + i));
    }
    return samples;
}

std::vector<ScenePicture> clutterPictures(std::uint64_t seed, int questions,
                                          const ClutterOptions& options,
                                          const std::stop_token& stop) {
    check(options);
    std::vector<ScenePicture> pictures;
    std::vector<QuestionWish> wishes;
    for (std::uint64_t index = 0; questions > 0; ++index) {
        if (stop.stop_requested()) throw Cancelled();
        SceneRandom random(seed, index, SceneStream::ClutterPlan);
        const auto most = static_cast<std::size_t>(std::min(options.perPicture, questions));
        wishes.resize(std::min(wishes.size(), most));  // a pair answers one wish twice
        while (wishes.size() < most)
            wishes.push_back(drawWishOf(drawKind(kinds(), options.kinds, random), random));
        const auto before = pictures.size();
        if (wishes.front().kind == "dot-pair") {
            addPair(seed, index, questions, pictures);
            wishes.erase(wishes.begin());
        } else {
            Scene scene = makeClutter(seed, index, wishes.front());
            auto asked = askAll(clutterQuestionsAbout, scene, wishes, random);
            pictures.push_back({std::move(scene), std::move(asked)});
        }
        for (auto p = before; p < pictures.size(); ++p)
            questions -= static_cast<int>(pictures[p].questions.size());
    }
    return pictures;
}

}  // namespace lvr
