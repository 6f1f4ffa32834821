#pragma once

namespace CLI {
class App;
}

namespace lvr {

struct TrainArguments;
struct TrainingCommand;

// The flags of every training.
void addTrainOptions(CLI::App& command, TrainArguments& arguments);
// Starts or resumes it; without --resume the flags that say what and where must be there.
void runTraining(TrainArguments& arguments, const TrainingCommand& command);

}  // namespace lvr
