#include "datasets/diagnosis/diagnose_sets.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "core/error.h"
#include "datasets/benchmarks/benchmark_reader.h"
#include "datasets/scenes/scenes.h"

namespace lvr {
namespace {

constexpr const char* kScenes = "scenes";

std::vector<std::string> kindsIn(const std::string& data) {
    std::vector<std::string> kinds;
    const auto colon = data.find(':');
    for (auto from = colon; from != data.npos;) {
        const auto comma = data.find(',', from + 1);
        kinds.push_back(data.substr(from + 1, comma - from - 1));
        from = comma;
    }
    check(SceneOptions{.kinds = kinds});
    return kinds.empty() ? sceneKinds() : kinds;
}

// What there is to see of an object.
std::vector<std::pair<std::string, std::string>> attributesOf(const SceneObject& object) {
    return {{"shape", shapeWords()[object.shape]},
            {"colour", colorWords()[object.color]},
            {"dot", object.dot < 0 ? "none" : colorWords()[object.dot]},
            {"row", std::to_string(object.row + 1)},
            {"column", std::to_string(object.col + 1)}};
}

// Every second question of a picture has another answer than this one; one of those is lent.
std::optional<std::string> otherQuestionOn(const ScenePicture& picture, std::size_t index) {
    const auto& asked = picture.questions.front();
    std::vector<std::string> others;
    for (const auto& other : questionsAbout(picture.scene, asked.kind))
        if (other.answer != asked.answer) others.push_back(other.text);
    if (others.empty()) return std::nullopt;
    return others[index % others.size()];
}

struct SceneDraw {
    std::uint64_t seed = 0;
    std::vector<std::string> kinds;
    std::map<std::string, std::vector<std::string>> answers;  // by kind

    const std::string& kind(std::size_t i) const { return kinds[i % kinds.size()]; }
    ScenePicture picture(std::size_t i) const {
        return sceneWithQuestion(seed, i / kinds.size(), kind(i));
    }
    CausalSetItem item(std::size_t i) const {
        const auto drawn = picture(i);
        const auto& asked = drawn.questions.front();
        const auto id = kind(i) + "-" + std::to_string(i / kinds.size());
        CausalSetItem item{.cluster = id,
                           .sample = {id,
                                      asked.kind,
                                      {{paint(drawn.scene)}, asked.text},
                                      asked.answer,
                                      asked.rois},
                           .otherQuestion = otherQuestionOn(drawn, i),
                           .chain = asked.kind == "chain",
                           .candidates = answers.at(asked.kind)};
        for (const int target : asked.targets)
            item.looked.push_back(attributesOf(drawn.scene.objects[target]));
        return item;
    }
};

DiagnoseSet sceneDraw(const std::string& data, int count, std::uint64_t seed) {
    if (count == 0) throw UsageError("scenes have no end; say how many with --count");
    auto draw = std::make_shared<SceneDraw>(SceneDraw{.seed = seed, .kinds = kindsIn(data)});
    std::map<std::string, std::set<std::string>> answers;
    for (int i = 0; i < count; ++i)
        answers[draw->kind(i)].insert(draw->picture(i).questions.front().answer);
    std::string kinds;
    for (const auto& [kind, said] : answers) draw->answers[kind] = {said.begin(), said.end()};
    for (const auto& kind : draw->kinds) kinds += (kinds.empty() ? "" : ", ") + kind;
    return {{static_cast<std::size_t>(count), [draw](std::size_t i) { return draw->item(i); }},
            "scenes of seed " + std::to_string(seed) + ": " + kinds,
            "seed:" + std::to_string(seed)};
}

std::vector<std::string> answersOf(const BenchmarkSet& set, const BenchmarkItem& asked) {
    constexpr std::size_t kMost = 12;
    std::set<std::string> answers;
    if (asked.options.empty())
        for (const auto& item : set.items)
            if (item.category == asked.category && answers.size() < kMost)
                answers.insert(item.gold);
    return {answers.begin(), answers.end()};
}

// Another question of the set about the same pictures.
std::optional<std::string> otherQuestionIn(const BenchmarkSet& set, const BenchmarkItem& asked) {
    for (const auto& other : set.items)
        if (other.images == asked.images && other.question != asked.question)
            return readSample(other, PromptStyle::Lvr).question.text;
    return std::nullopt;
}

// So many of them, at equal distances.
void keep(BenchmarkSet& set, int count) {
    if (count == 0 || count >= std::ssize(set.items)) return;
    std::vector<BenchmarkItem> kept;
    for (int i = 0; i < count; ++i)
        kept.push_back(set.items[static_cast<std::size_t>(i) * set.items.size() / count]);
    set.items = std::move(kept);
}

DiagnoseSet benchmarkSet(const std::string& data, int count, const std::stop_token& stop) {
    auto set =
        std::make_shared<BenchmarkSet>(readBenchmark(parseBenchmarkSource(data), {.stop = stop}));
    keep(*set, count);
    const auto item = [set](std::size_t i) {
        const auto& asked = set->items[i];
        return CausalSetItem{.cluster = asked.cluster,
                             .sample = readSample(asked, PromptStyle::Lvr),
                             .otherQuestion = otherQuestionIn(*set, asked),
                             .candidates = answersOf(*set, asked)};
    };
    return {{set->items.size(), item}, set->title + ", " + set->source, set->hash, set->leftOut};
}

}  // namespace

DiagnoseSet diagnoseSet(const std::string& data, int count, std::uint64_t seed,
                        const std::stop_token& stop) {
    const auto isScenes = data == kScenes || data.starts_with(std::string(kScenes) + ":");
    return isScenes ? sceneDraw(data, count, seed) : benchmarkSet(data, count, stop);
}

}  // namespace lvr
