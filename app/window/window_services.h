#pragma once

#include <filesystem>

#include "app/compare/compare_services.h"
#include "app/engine/ask_engine.h"
#include "app/runs/new_run.h"

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

}  // namespace lvr
