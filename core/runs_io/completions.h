#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/values/run.h"

namespace lvr {

class RunStore;

// A run's rollouts as a table in the manner of TRL's completions: step, prompt, completion, one
// column a reward function (null where it did not score), advantage; then ours: reward (their
// weighted sum), image, group, expected, stopped. In the format that the file's ending says:
// .parquet, .jsonl, .json or .csv. Throws Error: another ending, the run has none, or the file
// can't be written.
void writeCompletions(const RunStore& store, std::int64_t run, const std::filesystem::path& file);

// The same of one rollout, with its `index` in the group; and of a probe's answer.
nlohmann::ordered_json toJson(int step, const Rollout& rollout);
nlohmann::ordered_json toJson(int step, const SampleRow& sample);

}  // namespace lvr
