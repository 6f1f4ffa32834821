#pragma once

#include "app/window/ask_engine.h"

namespace lvr {

// Which questions a set is made of.
struct SetChoice {
    std::string file;              // a data file, or a folder that holds data.json; empty: scenes
    std::string imageRoot;         // of its relative image paths; empty: the file's folder
    std::string kind;              // of scenes
    int count = 100;               // at most
    std::uint64_t seed = 1000000;  // of scenes; as `lvr eval` has it, never one trained on
    bool operator==(const SetChoice&) const = default;
};

// Questions with known answers, each read when it is asked for.
struct SampleSet {
    std::string name;
    int size = 0;
    std::function<Sample(int index)> sample;  // throws Error; any thread, several at a time
};

// What the comparison needs from outside, so that it can be tested without a model.
struct CompareServices {
    RunOnEngine runOnEngine;
    EngineFactory openEngine;  // for strategies with a model of their own
    std::vector<std::string> sceneKinds;
    std::function<Sample(const std::string& kind)> newScene;    // throws Error
    std::function<SampleSet(const SetChoice& choice)> openSet;  // throws Error; any thread
};

}  // namespace lvr
