#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/training/kept_checkpoints.h"
#include "app/training/pixel_limits.h"
#include "app/training/validation.h"
#include "core/train/distributed.h"
#include "datasets/data_mix.h"

namespace lvr {

// What every training is told.
struct TrainArguments {
    std::string model, resume;
    std::string dialect;  // how the model thinks; empty: as its files say
    DataMix source;
    PixelLimits pixels;
    std::filesystem::path out, store, featureCache;
    std::string dtype = "auto", device = "auto";  // settled when a new training starts
    std::string computation;                      // what they were settled to, and why
    bool recompute = false;
    int threads = 1, saveEvery = 200, logEvery = 10, rankTimeout = 600;
    ValidationArguments validation;
    KeepOptions keep;
    // Names of the flags that were typed or stand in --config, options of its kind too.
    std::vector<std::string> told;
    Ranks ranks;              // set when the training starts
    std::string commandLine;  // as typed
    std::stop_token stop;
};

// What a run that goes on may be told anew.
enum class WhenResumed {
    AsStarted,  // its numbers, or what its curves mean, depend on it
    MayChange
};

// What belongs to a run, each once, by the flag that says it: visit(name, field, WhenResumed). The
// state of a run that is not over holds all of it. Left out are --store and --resume, which say
// where the run is found, and --config, which says others of them.
template <class Visit>
void forEachField(TrainArguments& a, const Visit& visit) {
    using enum WhenResumed;
    visit("model", a.model, AsStarted);
    visit("dialect", a.dialect, AsStarted);
    visit("data", a.source.data, AsStarted);
    visit("data-weights", a.source.weights, AsStarted);
    visit("image-root", a.source.imageRoots, AsStarted);
    visit("remap", a.source.remap, AsStarted);
    visit("min-pixels", a.pixels.min, AsStarted);
    visit("max-pixels", a.pixels.max, AsStarted);
    visit("out", a.out, AsStarted);
    visit("dtype", a.dtype, AsStarted);
    visit("device", a.device, AsStarted);
    visit("threads", a.threads, AsStarted);
    visit("activation-checkpointing", a.recompute, MayChange);
    visit("feature-cache", a.featureCache, MayChange);
    visit("rank-timeout", a.rankTimeout, MayChange);
    visit("save-every", a.saveEvery, MayChange);
    visit("log-every", a.logEvery, MayChange);
    visit("validation-data", a.validation.source.data, AsStarted);
    visit("validation-image-root", a.validation.source.imageRoots, AsStarted);
    visit("validate-every", a.validation.every, AsStarted);
    visit("probes", a.validation.probes, AsStarted);
    visit("early-stopping", a.validation.earlyStopping, MayChange);
    visit("keep-last", a.keep.last, MayChange);
    visit("keep-best", a.keep.best, MayChange);
}

// All of the above as one JSON object, paths absolute: a run may go on from another folder.
std::string toJsonText(const TrainArguments& arguments);
// Every option with its value as `lvr KIND --config` reads them, a name a line; optionsJson: those
// of the run's kind. What says nothing (a text that is empty) is left out.
std::string toConfigText(const std::string& kind, const TrainArguments& arguments,
                         const std::string& optionsJson);
// `arguments` become those that `json` keeps, but for what was told and may change. run: "run 3".
// Throws Error when something was told that contradicts them.
void goOnAs(const std::string& json, const std::string& run, TrainArguments& arguments);
// Of the options of a run's kind, by flag: the one that says how many steps, which may be raised,
// and those that may be told anew.
struct ChangingOptions {
    std::string steps;
    std::vector<std::string> mayChange;
};
struct OptionsToGoOnWith {
    std::string json;          // without another number of steps
    std::optional<int> steps;  // when they are raised
};
// The same check for the options of the run's kind, both as JSON objects by flag.
OptionsToGoOnWith optionsToGoOnWith(const std::string& started, const std::string& now,
                                    const ChangingOptions& changing, const std::string& run,
                                    const TrainArguments& arguments);

}  // namespace lvr
