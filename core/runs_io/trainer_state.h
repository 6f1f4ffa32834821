#pragma once

#include <filesystem>

#include "core/runs_io/logged_scalars.h"

namespace lvr {

// The numbers in log_history of the trainer_state.json that transformers' Trainer keeps, by their
// names there ("loss", "eval_loss"). NaN and Infinity are read as Python writes them. Reads as far
// as the file is JSON. Throws Error: it can't be read.
LoggedScalars readTrainerState(const std::filesystem::path& file);

}  // namespace lvr
