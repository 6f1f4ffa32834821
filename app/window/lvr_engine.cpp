#include "app/window/lvr_engine.h"

#include <torch/version.h>

#include <filesystem>

#include "app/tiny_model.h"
#include "core/checkpoint/hf_folder.h"
#include "core/decode/recent_visual_tokens.h"
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
        Timings timings;
        const auto images = recent_.encode(checkpoint_, question.images, timings);
        auto encoded =
            encodeQuestion(checkpoint_, images, question.text, PromptKind::Chat, options.spanStart);
        encoded.timings = timings;
        if (hooks.onGrids) hooks.onGrids(encoded.grids);
        return decodeEncoded(checkpoint_, question, encoded, options, {.stop = stop}, hooks.onStep);
    }

private:
    LvrCheckpoint checkpoint_;
    RecentVisualTokens recent_;
    ModelInfo info_;
};

std::string details(const LvrModel& model, const Placement& placement) {
    double parameters = 0;
    for (const auto& [name, tensor] : model.parameters())
        parameters += static_cast<double>(tensor.numel());
    char text[32];
    std::snprintf(text, sizeof text, "%.1f M parameters, ", parameters / 1e6);
    return text + toText(placement);
}

}  // namespace

std::unique_ptr<AskEngine> openLvrEngine(const std::string& folderOrRepoId,
                                         const OnLoadProgress& onProgress,
                                         const std::stop_token& stop) {
    const bool tiny = folderOrRepoId.empty();
    try {
        const auto name = tiny ? tinyModelFolder() : folderOrRepoId;
        const auto placement = placeHere({}, findCheckpoint(name));
        auto checkpoint =
            LvrCheckpoint::open(name, {.dtype = placement.dtype,
                                       .device = placement.device,
                                       .onProgress =
                                           [&](double fraction) {
                                               onProgress({fraction, "reading weights"});
                                           },
                                       .stop = stop});
        fitThreads(checkpoint.model);
        const bool scenes = checkpoint.provenance && checkpoint.provenance->data == "scenes";
        ModelInfo info{tiny ? "tiny model" : folderOrRepoId, details(checkpoint.model, placement),
                       checkpoint.decoding().options, tiny || scenes, checkpoint.preprocess};
        info.warnings = checkpoint.warnings;
        return std::make_unique<LvrEngine>(std::move(checkpoint), std::move(info));
    } catch (const Cancelled&) {
        return nullptr;
    }
}

std::string torchVersion() { return "LibTorch " TORCH_VERSION; }

}  // namespace lvr
