#include "app/window/window_services.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QRandomGenerator>
#include <algorithm>

#include "app/causal/causal_sets.h"
#include "app/compare/sample_sets.h"
#include "app/engine/lvr_engine.h"
#include "app/engine/tiny_model.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/files/fingerprint.h"
#include "core/store/run_store.h"
#include "datasets/scenes/scenes.h"

namespace lvr {
namespace {

constexpr int kFirstHops = 4;  // the first sample's chain is long enough to see the heat hop

// Those of a person are always fresh.
std::uint64_t sceneSeed(bool reproducible) {
    return reproducible ? 1 : QRandomGenerator::system()->generate64();
}

// Of every kind a set can be made of.
std::function<Sample(const std::string&)> sceneSource(bool reproducible) {
    return [seed = sceneSeed(reproducible),
            index = std::uint64_t{0}](const std::string& kind) mutable {
        const auto chains = sceneKinds();
        if (std::ranges::find(chains, kind) != chains.end()) {
            const SceneOptions options{.minHops = index == 0 ? kFirstHops : 0};
            return sceneSample(seed, index++, kind, options);
        }
        const auto at = static_cast<int>(index++);
        return openSampleSet({.kind = kind, .count = at + 1, .seed = seed}).sample(at);
    };
}

// What is missing stays empty: Train says so where it matters.
template <class Find>
QString placeOf(Find find) {
    try {
        return QString::fromStdU16String(std::filesystem::path(find()).u16string());
    } catch (const Error&) {
        return {};
    }
}

// Of a model by the name it has in the window.
std::string hashOf(const std::string& model) {
    const bool isTiny = model == kTinyModelName;
    return checkpointFingerprint(findCheckpoint(isTiny ? tinyModelFolder() : model));
}

TrainPlaces places(const std::optional<QString>& given) {
    const QString store = given.value_or(placeOf(defaultStore));
    return {.store = store,
            .program = QCoreApplication::applicationDirPath() + "/lvr",
            .tinyModel = placeOf(tinyModelFolder),
            .runsFolder = QFileInfo(store).path() + "/runs"};
}

}  // namespace

WindowServices servicesHere(const Here& here) {
    return {.openEngine = openLvrEngine,
            .sceneKinds = setSceneKinds(),
            .newScene = sceneSource(here.reproducible),
            .cachedCheckpoints = cachedCheckpoints,
            .history = here.history,
            .libraries = {torchVersion()},
            .places = places(here.store),
            .compare = {.openEngine = openLvrEngine,
                        .sceneKinds = setSceneKinds(),
                        .openSet = openSampleSet,
                        .openCausalSet = openCausalSet,
                        .modelHash = hashOf,
                        .codeVersion = LVR_VERSION}};
}

}  // namespace lvr
