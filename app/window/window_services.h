#pragma once

#include <QString>
#include <filesystem>
#include <optional>

#include "app/compare/sample_sets.h"
#include "app/engine/ask_engine.h"
#include "app/runs/train_places.h"

namespace lvr {

// What the window needs from outside, so that it can be tested without a model.
struct WindowServices {
    EngineFactory openEngine;
    std::vector<std::string> sceneKinds;                          // first: shown at start
    std::function<Sample(const std::string& kind)> newScene;      // throws Error
    std::function<std::vector<std::string>()> cachedCheckpoints;  // throws Error; any thread
    std::filesystem::path history = {};  // folder of the conversations; empty: none are kept
    std::vector<std::string> libraries;  // named in About, with versions
    TrainPlaces places;                  // no store: there are no runs
    CompareServices compare;             // the window adds engine and store
};

struct Here {
    std::optional<QString> store;   // run store; absent: that of this machine
    std::filesystem::path history;  // folder of the conversations; empty: none are kept
    bool reproducible = false;      // the same scenes each time, instead of fresh ones
};

// What the program itself gives its window: the real model, scenes, data files and places of this
// machine.
WindowServices servicesHere(const Here& here);

}  // namespace lvr
