#include "app/compare/sample_sets.h"

#include <algorithm>
#include <memory>

#include "core/files/fingerprint.h"
#include "datasets/record_sample.h"
#include "datasets/scenes/clutter_scenes.h"
#include "datasets/scenes/scenes.h"

namespace lvr {
namespace {

bool isClutter(const std::string& kind) {
    const auto kinds = clutterKinds();
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

Sample clutterSample(std::uint64_t seed, std::uint64_t index, const std::string& kind) {
    const auto picture = clutterWithQuestion(seed, index, kind);
    const auto& asked = picture.questions.front();
    return {"", kind, {{paint(picture.scene)}, asked.text}, asked.answer, asked.rois};
}

SampleSet scenes(const SetChoice& choice) {
    if (isClutter(choice.kind))
        check(ClutterOptions{.kinds = {choice.kind}});
    else
        check(SceneOptions{.kinds = {choice.kind}});
    return {.name = choice.kind + " scenes, seed " + std::to_string(choice.seed),
            .size = choice.count,
            .sample = [choice](int index) {
                Sample sample = isClutter(choice.kind)
                                    ? clutterSample(choice.seed, index, choice.kind)
                                    : sceneSample(choice.seed, index, choice.kind);
                sample.id = choice.kind + " " + std::to_string(index);
                return sample;
            }};
}

SampleSet records(const SetChoice& choice, const std::stop_token& stop) {
    const auto path = [](const std::string& text) {
        return std::filesystem::path(std::u8string(text.begin(), text.end()));
    };
    const auto data = std::make_shared<const Dataset>(readDataset(
        {.data = path(choice.file), .imageRoot = path(choice.imageRoot)}, {.stop = stop}));
    return {.name = choice.file,
            .size = std::min(choice.count, static_cast<int>(data->records.size())),
            .sample = [data](int index) { return readSample(*data, data->records[index]); },
            .hash = fingerprint(
                std::vector<std::filesystem::path>(data->files.begin(), data->files.end()))};
}

}  // namespace

SampleSet openSampleSet(const SetChoice& choice, const std::stop_token& stop) {
    return choice.file.empty() ? scenes(choice) : records(choice, stop);
}

std::vector<std::string> setSceneKinds() {
    auto kinds = sceneKinds();
    for (auto& kind : clutterKinds()) kinds.push_back(std::move(kind));
    return kinds;
}

}  // namespace lvr
