#include "core/sft/schedule.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/train/optimizer.h"

namespace lvr {

void checkSchedule(const SftOptions& options) {
    if (const int falling = coolDownOf(options); falling > options.steps)
        throw UsageError("--cool-down " + std::to_string(falling) + " is longer than --steps " +
                         std::to_string(options.steps) +
                         ", whose last part it is; give a share, such as 0.2");
}

int coolDownOf(const SftOptions& options) {
    if (options.schedule != Schedule::Goal) return 0;
    const double share = options.coolDown < 1 ? options.steps : 1;
    return static_cast<int>(std::lround(options.coolDown * share));
}

bool reachesFullRate(const SftOptions& options) {
    return warmupSteps(options.warmup, options.steps) <= options.steps - coolDownOf(options);
}

double learningRateAt(int step, int held, const SftOptions& options) {
    const double peak = options.learningRate;
    const int warmUp = warmupSteps(options.warmup, options.steps);
    switch (options.schedule) {
        case Schedule::Goal:
            return step < held
                       ? peak * std::min(1.0, (step + 1.0) / warmUp)
                       : cosineSchedule(step - held, coolDownOf(options), 0, peak, options.minRate);
        case Schedule::Cosine:
            return cosineSchedule(step, options.steps, warmUp, peak, options.minRate);
        case Schedule::Linear:
            return linearSchedule(step, options.steps, warmUp, peak, 0);
        case Schedule::Constant:
            return peak * std::min(1.0, (step + 1.0) / warmUp);
    }
    return peak;
}

std::string lengthen(SftOptions& options, int steps, int done, bool hasFallen) {
    if (options.schedule == Schedule::Goal && hasFallen)
        throw Error(
            "with --schedule goal there are no more steps once the learning rate has fallen; start "
            "a new run from its --out as --model");
    options.warmup = warmupSteps(options.warmup, options.steps);
    options.steps = steps;
    checkSchedule(options);
    const bool isPlanned =
        options.schedule == Schedule::Cosine || options.schedule == Schedule::Linear;
    return isPlanned ? replannedRate(learningRateAt(done, done, options), steps, done) : "";
}

}  // namespace lvr
