#pragma once

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <latch>
#include <memory>
#include <utility>

#include "app/window/window_services.h"
#include "core/error.h"

// A model of a few lines, and a window's services around it.
namespace lvr {

constexpr int kLooks = 4;
constexpr int kPatches = 6;

// Shared with the inference thread.
struct Script {
    std::atomic<int> asked = 0, loaded = 0;
    std::atomic<bool> waitsForStop = false;  // after its second look
    std::atomic<bool> loadWaitsForStop = false;
    std::atomic<bool> fails = false;
    std::atomic<bool> lacksRoom = false;  // for two models
    std::atomic<bool> opensNoMore = false;
    std::atomic<int> open = 0, mostOpen = 0;  // models at once
};

// Waits without polling until a stop is requested.
inline void waitForStop(const std::stop_token& stop) {
    std::latch stopped(1);
    const std::stop_callback release(stop, [&] { stopped.count_down(); });
    stopped.wait();
}

// Looks at patches 0, 1, 2, 3 and answers "moon".
class ScriptedEngine : public AskEngine {
public:
    ScriptedEngine(Script& script, std::string name) : script_(script), name_(std::move(name)) {
        script_.mostOpen = std::max(script_.mostOpen.load(), ++script_.open);
    }
    ~ScriptedEngine() override { --script_.open; }
    ModelInfo info() const override {
        ModelInfo info{.name = name_, .drawnScenesOnly = name_ == "tiny"};
        if (name_ == "odd") info.warnings = {"odd holds a tensor that is left out"};
        return info;
    }
    Trace ask(const Question& question, const DecodeOptions& options, const AskHooks& hooks,
              const std::stop_token& stop) override {
        ++script_.asked;
        Trace trace{.model = name_, .question = question, .grids = {{2, 3}}, .options = options};
        if (stop.stop_requested()) return cancelled(std::move(trace));
        if (hooks.onGrids) hooks.onGrids(trace.grids);
        trace.hiddenSize = 2;
        trace.imageTokens.resize(2 * kPatches);
        for (int i = 0; i < kLooks && !stop.stop_requested(); ++i) {
            look(trace, i, hooks);
            if (i == 1 && script_.fails) throw Error("The engine broke; try another question.");
            if (i == 1 && script_.waitsForStop) waitForStop(stop);
        }
        if (stop.stop_requested()) return cancelled(std::move(trace));
        trace.steps.push_back({.position = kLooks, .text = "moon", .what = TextStep{0.75f}});
        if (hooks.onStep) hooks.onStep(trace.steps.back());
        trace.answer = trace.text = "moon";
        return trace;
    }

    // Zeros make it say "sun", whatever else is fed "moon"; the right regions are not known.
    CausalPanel panel(const PanelRequest& request, const PanelHooks& hooks,
                      const std::stop_token& stop) override {
        ++script_.asked;
        CausalPanel panel = untouched(request);
        if (stop.stop_requested()) throw Cancelled();
        if (hooks.onUntouched) hooks.onUntouched(panel);
        for (const Intervention& each : request.interventions) {
            if (stop.stop_requested()) throw Cancelled();
            panel.outcomes.push_back(outcome(each));
            if (hooks.onOutcome) hooks.onOutcome(panel.outcomes.back());
            if (script_.fails) throw Error("The engine broke; try another question.");
            if (script_.waitsForStop && panel.outcomes.size() == 2) waitForStop(stop);
        }
        if (stop.stop_requested()) throw Cancelled();
        return panel;
    }

    // Thinks two latents of two numbers, that follow from the width of its picture.
    SetLook look(const CausalSetItem& item, const DecodeOptions&,
                 const std::stop_token& stop) override {
        if (stop.stop_requested()) throw Cancelled();
        const auto& images = item.sample.question.images;
        const auto width = images.empty() ? 0.0f : static_cast<float>(images[0].width);
        return {.cluster = item.sample.id,
                .thought = {item.sample.id, item.sample.answer, {width, 1, width, 3}, 2},
                .picture = static_cast<std::uint64_t>(width)};
    }
    std::vector<ProbeRow> probes(const SetLooks& looks, std::uint64_t) override {
        const auto count = static_cast<int>(std::ranges::count_if(
            looks, [](const std::optional<SetLook>& look) { return look.has_value(); }));
        return {{.of = "answer",
                 .at = "last latent",
                 .trained = count / 2,
                 .tested = count / 2,
                 .classes = 2,
                 .accuracy = {0.75, 0.5, 0.875},
                 .chance = 0.5}};
    }

private:
    static Trace cancelled(Trace trace) {
        trace.stopped = StopReason::Cancelled;
        return trace;
    }
    void look(Trace& trace, int index, const AskHooks& hooks) {
        LatentStep latent{
            .index = index, .norm = 2, .endProbability = index == kLooks - 1 ? 0.9f : 0.1f};
        latent.cosine.assign(kPatches, 0.1f);
        latent.cosine[index] = 0.9f;
        latent.l2.assign(kPatches, 1.0f);
        trace.latents.insert(trace.latents.end(), {1.0f, 2.0f});
        trace.steps.push_back({.position = index, .text = "<|lvr|>", .what = latent});
        if (hooks.onStep) hooks.onStep(trace.steps.back());
    }
    static CausalPanel untouched(const PanelRequest& request) {
        CausalPanel panel{.question = request.question.question.text,
                          .expected = request.question.expected,
                          .grid = {2, 3},
                          .text = "moon",
                          .answer = "moon",
                          .latents = kLooks,
                          .margin = 2,
                          .candidates = {"moon", "sun"},
                          .probabilities = {0.9, 0.1},
                          .heat = std::vector<float>(kPatches, 0.1f),
                          .decodes = 1.5};
        for (int i = 0; request.looks && i <= kLooks; ++i)
            panel.early.push_back({.latents = i,
                                   .answer = i < 2 ? "sun" : "moon",
                                   .probabilities = {0.2 * i, 1 - 0.2 * i},
                                   .entropy = 0.5});
        panel.steps.resize(request.looks ? kLooks : 0,
                           {.words = {"moon"}, .probabilities = {0.5}, .patches = {1, 0}});
        panel.influence.resize(request.looks ? kLooks * kLooks : 0, 0.25);
        panel.cosine.resize(request.looks ? kLooks * kLooks : 0, 0.5);
        for (int i = 0; request.looks && i < 2 * kLooks; ++i)
            panel.projection.push_back(0.1f * static_cast<float>(i));
        for (int i = 0; request.looks && i < 2 * kPatches; ++i)
            panel.tokenProjection.push_back(0.2f * static_cast<float>(i % 5));
        return panel;
    }
    static InterventionOutcome outcome(const Intervention& intervention) {
        InterventionOutcome outcome{
            .intervention = intervention, .answer = "moon", .latents = kLooks, .margin = 2};
        outcome.heat.assign(kPatches, 0.2f);
        if (intervention.kind == InterventionKind::Oracle)
            return {.intervention = intervention, .impossible = "The right regions are not known."};
        if (intervention.kind != InterventionKind::Zero) return outcome;
        outcome.answer = "sun";
        outcome.flipped = true;
        outcome.originalChange = -1.5;
        outcome.goldChange = -1.5;
        outcome.divergence = 0.75;
        outcome.margin = -1;
        return outcome;
    }
    Script& script_;
    std::string name_;
};

inline Image picture(int width, int height) {
    return {.width = width,
            .height = height,
            .rgb = std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3, 90)};
}

// history: the folder of the conversations; empty: none are kept.
inline WindowServices servicesOf(Script& script, const std::filesystem::path& history = {}) {
    return {.openEngine = [&script](const ModelWish& wish, const LoadHooks& hooks,
                                    const std::stop_token& stop) -> std::unique_ptr<AskEngine> {
                ++script.loaded;
                const std::string& name = wish.name;
                if (hooks.onProgress) hooks.onProgress({.fraction = 0.5, .what = "reading"});
                if (script.lacksRoom && hooks.makeRoom) hooks.makeRoom();
                if (script.opensNoMore) throw Error("The disk is gone; look at its cable.");
                if (name == "broken") throw Error("broken has no config.json; choose another.");
                if (script.loadWaitsForStop) waitForStop(stop);
                if (stop.stop_requested()) return nullptr;
                return std::make_unique<ScriptedEngine>(script, name.empty() ? "tiny" : name);
            },
            .sceneKinds = {"chain", "has-dot"},
            .newScene =
                [](const std::string& kind) {
                    if (kind == "nonsense") throw Error("There is no kind nonsense; use chain.");
                    return Sample{
                        .kind = kind,
                        .question = {.images = {picture(84, 56)}, .text = "What? " + kind},
                        .answer = "moon",
                        .rois = {{0, 0, 0.3, 0.5}, {0.4, 0, 0.6, 0.5}}};
                },
            .cachedCheckpoints = [] { return std::vector<std::string>{"Qwen/Some-Model"}; },
            .history = history};
}

}  // namespace lvr
