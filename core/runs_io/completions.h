#pragma once

#include <filesystem>

namespace lvr {

class RunStore;

// A run's rollouts as a parquet table in the manner of TRL's completions: step, prompt, completion,
// one column a reward function (null where it did not score), advantage; then ours: reward (their
// weighted sum), image, group, expected, stopped. Throws Error: the run has none, or the file can't
// be written.
void writeCompletions(const RunStore& store, std::int64_t run, const std::filesystem::path& file);

}  // namespace lvr
