#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "app/training/kept_checkpoints.h"
#include "app/training/pixel_limits.h"
#include "app/training/validation.h"
#include "core/train/distributed.h"
#include "datasets/dataset.h"

namespace lvr {

// What every training is told.
struct TrainArguments {
    std::string model, resume;
    DataSource source;
    PixelLimits pixels;
    std::filesystem::path out, store, featureCache;
    std::string dtype = "auto", device = "auto";  // settled when a new training starts
    std::string computation;                      // what they were settled to, and why
    bool recompute = false;
    int threads = 1, saveEvery = 200, rankTimeout = 600;
    ValidationArguments validation;
    KeepOptions keep;
    Ranks ranks;              // set when the training starts
    std::string commandLine;  // as typed
    std::stop_token stop;
};

}  // namespace lvr
