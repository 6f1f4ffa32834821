#include "core/sft/schedule.h"

#include <algorithm>

#include "core/train/optimizer.h"

namespace lvr {

SftOptions withinLimit(SftOptions options) {
    if (options.maxSteps == 0) return options;
    if (options.schedule != Schedule::Goal) {
        options.steps = std::min(options.steps, options.maxSteps);
        return options;
    }
    options.coolDownSteps = std::min(options.coolDownSteps, options.maxSteps / 5);
    options.steps = std::min(options.steps, options.maxSteps - options.coolDownSteps);
    return options;
}

int coolDownOf(const SftOptions& options) {
    return options.schedule == Schedule::Goal ? options.coolDownSteps : 0;
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

}  // namespace lvr
