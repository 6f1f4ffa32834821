#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "app/training/training_session.h"
#include "core/values/lora_options.h"

namespace lvr {

// A kind of training, as the command line starts it.
struct TrainingCommand {
    std::string kind;  // "sft"
    std::function<std::string()> optionsJson;
    std::function<void(const std::string& json)> readOptions;  // when resuming
    std::function<std::pair<std::uint64_t, int>()> seedAndSteps;
    LoraOptions lora;  // of a new one: how much of the model is trained decides where it fits
    std::function<std::string(TrainingSession&)> train;  // returns how it ended, in one sentence
};
// Starts a new run, or goes on with arguments.resume: everything it was started with is as it was,
// but for what may change and was told. Throws Error: what was told contradicts it, or it is not
// there any more.
void startOrResume(TrainArguments& arguments, const TrainingCommand& command);

}  // namespace lvr
