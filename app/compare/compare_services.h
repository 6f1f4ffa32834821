#pragma once

#include <filesystem>

#include "app/engine/ask_engine.h"
#include "core/values/comparison.h"

namespace lvr {

// Questions with known answers, each read when it is asked for.
struct SampleSet {
    std::string name;
    int size = 0;
    std::function<Sample(int index)> sample;  // throws Error; any thread, several at a time
    std::string hash = {};                    // of the files it is read from; empty: of none
};

// What the comparison needs from outside, so that it can be tested without a model.
struct CompareServices {
    RunOnEngine runOnEngine;
    EngineFactory openEngine;  // for strategies with a model of their own
    std::vector<std::string> sceneKinds;
    std::function<Sample(const std::string& kind)> newScene;  // throws Error
    // Throws Error, and Cancelled when stopped; any thread.
    std::function<SampleSet(const SetChoice& choice, const std::stop_token& stop)> openSet;
    // What a model is made of, by the name that it has in the window. Throws Error; any thread.
    std::function<std::string(const std::string& model)> modelHash = {};
    std::filesystem::path store = {};  // where comparisons are kept; empty: nowhere
    std::string codeVersion = {};
};

}  // namespace lvr
