#include "app/engine/lvr_engine.h"

#include <torch/version.h>

#include <algorithm>
#include <filesystem>

#include "app/engine/tiny_model.h"
#include "core/causal/causal_panel.h"
#include "core/causal/causal_set.h"
#include "core/checkpoint/hf_folder.h"
#include "core/decode/recent_prompts.h"
#include "core/error.h"
#include "core/model/device.h"
#include "core/model/placement.h"

namespace lvr {
namespace {

class LvrEngine : public AskEngine {
public:
    LvrEngine(LvrCheckpoint checkpoint, ModelInfo info)
        : checkpoint_(std::move(checkpoint)), info_(std::move(info)) {}

    ModelInfo info() const override { return info_; }

    Trace ask(const Question& question, const DecodeOptions& options, const AskHooks& hooks,
              const std::stop_token& stop) override {
        ReadingProgress reading;
        const auto tell = [&](ReadingProgress::What what, double fraction) {
            reading.what = what;
            reading.fraction = fraction;
            if (hooks.onReading) hooks.onReading(reading);
        };
        const auto ofPictures = [&](double done) { tell(ReadingProgress::What::Pictures, done); };
        const auto encoded = encodeQuestion(checkpoint_, question, options,
                                            {.onPlan =
                                                 [&](const PicturePlan& plan) {
                                                     reading.pictures = plan;
                                                     ofPictures(0);
                                                 },
                                             .watch = {.onProgress = ofPictures, .stop = stop},
                                             .recent = &recent_});
        if (hooks.onGrids && !stop.stop_requested()) hooks.onGrids(encoded.pictures.grids);
        const auto ofPrompt = [&](double done) { tell(ReadingProgress::What::Prompt, done); };
        auto trace =
            decodeEncoded(checkpoint_, question, encoded, options,
                          {.recent = &recent_, .onReading = ofPrompt, .stop = stop}, hooks.onStep);
        trace.model = info_.name;
        return trace;
    }

    CausalPanel panel(const PanelRequest& request, const PanelHooks& hooks,
                      const std::stop_token& stop) override {
        CausalQuestion question = request.question;
        const auto lend = [&](const std::optional<Sample>& other, std::optional<CausalDonor>& donor,
                              const char* from) {
            if (other) donor = lentBy(*other, request.options, from, stop);
        };
        const auto asks = [&](auto... kinds) {
            return std::ranges::any_of(request.interventions, [&](const Intervention& each) {
                return ((each.kind == kinds) || ...);
            });
        };
        using enum InterventionKind;
        if (asks(OtherPicture))
            lend(request.otherPicture, question.otherPicture, "another picture");
        if (asks(OtherQuestion, Transplant))
            lend(request.otherQuestion, question.otherQuestion, "another question");
        return causalPanel(checkpoint_, question, request.options, request.interventions,
                           {.onUntouched = hooks.onUntouched,
                            .onOutcome = hooks.onOutcome,
                            .stop = stop,
                            .looks = request.looks,
                            .recent = &recent_});
    }

    SetLook look(const CausalSetItem& item, const DecodeOptions& options,
                 const std::stop_token& stop) override {
        return lookAt(checkpoint_, item, options, stop, &recent_);
    }

    std::vector<ProbeRow> probes(const SetLooks& looks, std::uint64_t seed) override {
        return probesOf(looks, seed);
    }

private:
    // One that did not think lends nothing.
    std::optional<CausalDonor> lentBy(const Sample& other, const DecodeOptions& options,
                                      const char* from, const std::stop_token& stop) {
        try {
            return donorFrom(checkpoint_, other.question, options,
                             std::string(from) + ": " + other.question.text, stop, &recent_);
        } catch (const Cancelled&) {
            throw;
        } catch (const Error&) {
            return std::nullopt;
        }
    }

    LvrCheckpoint checkpoint_;
    RecentPrompts recent_;
    ModelInfo info_;
};

std::string details(const LvrCheckpoint& checkpoint, const Placement& placement) {
    const auto parameters = static_cast<double>(checkpoint.model.parameterCount());
    const auto& dialect = checkpoint.rules.dialect;
    char text[32];
    std::snprintf(text, sizeof text, "%.1f M parameters, ", parameters / 1e6);
    return (dialect.name == "plain" ? "plain, " : "thinks as " + dialect.method + ", ") + text +
           toText(placement);
}

// Where the wish leads to; what is open makes room where both don't fit.
Placement placementFor(const ModelWish& wish, const std::string& name, const LoadHooks& hooks) {
    const PlacementWish placed{.dtype = wish.place.dtype, .device = wish.place.device};
    const auto folder = findCheckpoint(name);
    if (hooks.makeRoom && lacksRoom(placed, folder)) {
        hooks.makeRoom();
        releaseMemory();
    }
    return placeHere(placed, folder);
}

LoadOptions loadOptions(const Placement& placement, const LoadHooks& hooks,
                        const std::stop_token& stop) {
    return {.dtype = placement.dtype,
            .device = placement.device,
            .onProgress =
                [&hooks](double fraction) {
                    if (hooks.onProgress) hooks.onProgress({fraction, "reading weights"});
                },
            .stop = stop};
}

}  // namespace

std::unique_ptr<AskEngine> openLvrEngine(const ModelWish& wish, const LoadHooks& hooks,
                                         const std::stop_token& stop) {
    const bool tiny = wish.name.empty();
    try {
        const auto name = tiny ? tinyModelFolder() : wish.name;
        const auto placement = placementFor(wish, name, hooks);
        auto checkpoint =
            LvrCheckpoint::open(name, loadOptions(placement, hooks, stop), wish.dialect);
        fitThreads(checkpoint.model);
        const bool scenes = checkpoint.provenance && checkpoint.provenance->data == "scenes";
        ModelInfo info{tiny ? kTinyModelName : wish.name, details(checkpoint, placement),
                       checkpoint.decoding().options, tiny || scenes, checkpoint.preprocess};
        info.positions = checkpoint.model.config().text.maxPositionEmbeddings;
        info.warnings = checkpoint.warnings;
        // LVR's own way is what everybody expects.
        const auto& dialect = checkpoint.rules.dialect;
        if (dialect.name != "lvr")
            info.warnings.insert(info.warnings.begin(),
                                 (dialect.name == "plain" ? "it is a plain model"
                                                          : "it thinks as " + dialect.method) +
                                     " (" + checkpoint.dialectChoice.reason + ")");
        return std::make_unique<LvrEngine>(std::move(checkpoint), std::move(info));
    } catch (const Cancelled&) {
        return nullptr;
    }
}

std::string torchVersion() { return "LibTorch " TORCH_VERSION; }

}  // namespace lvr
