#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/values/causal_report.h"
#include "core/values/causal_set.h"
#include "core/values/trace.h"
#include "core/vision/picture_plan.h"

namespace lvr {

// What the window shows about an open model.
struct ModelInfo {
    std::string name;  // "tiny model", a folder's name or a repo id
    // "1.2 M parameters, float32 on cpu, thinks as Monet", or "..., plain"
    std::string details;
    DecodeOptions decoding = {};   // as its own files say
    bool drawnScenesOnly = false;  // it knows generated scenes and nothing else
    // How it cuts pictures into visual tokens, so that they can be seen before it is asked.
    std::optional<PreprocessConfig> pixels;
    int positions = 0;  // it reads at once: question, pictures, thoughts and answer; 0: not known
    std::vector<std::string> warnings;  // what its folder holds and is not used, a sentence each
    bool operator==(const ModelInfo&) const = default;
};

// How far a question has been read: its pictures, then all of it.
struct ReadingProgress {
    PicturePlan pictures;
    enum class What { Pictures, Prompt } what = What::Pictures;
    double fraction = 0;  // of that
};

struct AskHooks {  // called on the engine's own thread
    // From before anything is encoded until the first step; the last may be any fraction.
    std::function<void(const ReadingProgress&)> onReading;
    // Once, before the first step: one grid per image, so that heat can be drawn while it streams.
    std::function<void(const std::vector<PatchGrid>&)> onGrids;
    std::function<void(const DecodeStep&)> onStep;
};

// One question under interventions. The other samples are asked first, for the latents they lend;
// where one is absent, what needs it says so.
struct PanelRequest {
    CausalQuestion question;
    std::optional<Sample> otherPicture, otherQuestion;
    DecodeOptions options;
    std::vector<Intervention> interventions;
    bool looks = true;  // also early answers, neighbours, influence, projection
};
struct PanelHooks {                                       // called on the engine's own thread
    std::function<void(const CausalPanel&)> onUntouched;  // its own answer, before any outcome
    std::function<void(const InterventionOutcome&)> onOutcome;
};

// A model that answers questions. Lives on the inference thread and is called by nobody else.
class AskEngine {
public:
    virtual ~AskEngine() = default;
    virtual ModelInfo info() const = 0;
    // The trace's model is info().name. Throws Error. A requested stop is no error, and is looked
    // at while the question is read, too: the trace so far, stopped = Cancelled.
    virtual Trace ask(const Question& question, const DecodeOptions& options, const AskHooks& hooks,
                      const std::stop_token& stop) = 0;
    // The outcomes are in the order asked, and were all reported. Throws Error, and Cancelled when
    // a stop was requested.
    virtual CausalPanel panel(const PanelRequest& request, const PanelHooks& hooks,
                              const std::stop_token& stop) = 0;
    // Asks a question of a set once, for what it lends to others. Throws Error, and Cancelled when
    // a stop was requested.
    virtual SetLook look(const CausalSetItem& item, const DecodeOptions& options,
                         const std::stop_token& stop) = 0;
    // What linear probes read from the latents and answers of a set.
    virtual std::vector<ProbeRow> probes(const SetLooks& looks, std::uint64_t seed) = 0;
};

// What a job finds on the inference thread.
struct EngineDesk {
    AskEngine* engine = nullptr;  // the model that is open; null while there is none
    std::function<void(std::function<void()>)> report;  // runs something on the GUI thread
    std::stop_token ending;                             // the window is closing
};
using EngineJob = std::function<void(const EngineDesk&)>;
// Has a job done on the inference thread, after what waits there; what it throws comes to `failed`
// as a sentence. Called on the GUI thread, where `failed` is called too.
using RunOnEngine =
    std::function<void(EngineJob job, std::function<void(const std::string&)> failed)>;

struct LoadProgress {
    double fraction = -1;  // 0..1; below 0: unknown
    std::string what;      // "reading shard 2 of 4"
    bool operator==(const LoadProgress&) const = default;
};

// Where a model is computed and in which numbers, as PlacementWish has them.
struct ModelPlace {
    std::string dtype = "auto", device = "auto";
    bool operator==(const ModelPlace&) const = default;
};
struct ModelWish {
    std::string name;  // a folder or a cached repo id; empty: the shipped tiny model
    ModelPlace place = {};
    std::string dialect = {};  // how it thinks; empty: as its files say
};
struct LoadHooks {  // called on the engine's own thread; each may be empty
    std::function<void(const LoadProgress&)> onProgress;
    // Closes the model that is open. Called before anything is read where memory lacks for both.
    std::function<void()> makeRoom;
};

// Throws Error; null when stopped.
using EngineFactory = std::function<std::unique_ptr<AskEngine>(
    const ModelWish& wish, const LoadHooks& hooks, const std::stop_token& stop)>;

}  // namespace lvr
