#pragma once

namespace CLI {
class App;
}

namespace lvr {

struct LoraOptions;
struct TrainArguments;
struct TrainingCommand;

// The flags of every training.
void addTrainOptions(CLI::App& command, TrainArguments& arguments);
// Starts or resumes it; without --resume the flags that say what and where must be there. lora:
// what of the model is trained decides how much memory that takes.
void runTraining(TrainArguments& arguments, const TrainingCommand& command,
                 const LoraOptions& lora);

}  // namespace lvr
