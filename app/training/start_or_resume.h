#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "app/training/training_session.h"
#include "core/values/lora_options.h"

namespace lvr {

// How far a training got that is to go on.
struct Progress {
    int done = 0;            // steps
    bool hasFallen = false;  // it is over, or its learning rate has begun to fall
};

// A kind of training, as the command line starts it.
struct TrainingCommand {
    std::string kind;  // "sft"
    std::function<std::string()> optionsJson;
    std::function<void(const std::string& json)> readOptions;  // when resuming
    std::vector<std::string> mayChange = {};  // options that a run that goes on may be told anew
    // Before a run is opened: what is wrong with the data opens none. Returns the files it is in.
    std::function<std::vector<std::string>()> readData;
    std::function<std::pair<std::uint64_t, int>()> seedAndSteps;  // once the data was read
    std::string steps;  // names the option that says how many
    // Plans for more steps; what that means, in one sentence, or nothing. Throws Error.
    std::function<std::string(int steps, const Progress&)> lengthen;
    LoraOptions lora;  // of a new one: how much of the model is trained decides where it fits
    std::function<std::string(TrainingSession&)> train;  // returns how it ended, in one sentence
};
// Starts a new run, or goes on with arguments.resume (a run's number, its folder, or what was kept
// of it after some step): everything it was started with is as it was, but for what may change and
// was told. Throws Error: what was told contradicts it, or it is not there any more; Cancelled,
// when it has said how to go on.
void startOrResume(TrainArguments& arguments, const TrainingCommand& command);

}  // namespace lvr
