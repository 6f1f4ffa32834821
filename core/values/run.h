#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/values/image.h"

namespace lvr {

// Paused: its process is held (SIGSTOP) and can go on, or waits for what its message says. Lost:
// its process is gone and never said how it ended.
enum class RunStatus { Running, Paused, Finished, Stopped, Failed, Lost };
// There is a process that has it.
inline bool isAlive(RunStatus status) {
    return status == RunStatus::Running || status == RunStatus::Paused;
}

// Of a run that another program trains, while this one reads along.
inline constexpr const char* kFollowKind = "follow";

// What is known of a run when it starts.
struct RunInfo {
    std::string kind;        // "sft", "align"
    std::string command;     // as typed
    std::string options;     // JSON
    std::string parent;      // checkpoint it starts from; empty: none
    std::string parentHash;  // of its config and weights (fingerprint)
    std::string data;
    std::string dataHash;
    std::string out;  // folder it writes its checkpoint to, absolute
    std::uint64_t seed = 0;
    std::string codeVersion;
    int steps = 0;  // as planned
    bool operator==(const RunInfo&) const = default;
};

struct Run {
    std::int64_t id = 0;
    RunInfo info;
    RunStatus status = RunStatus::Running;
    std::string message;            // why it ended, for a person
    std::string name;               // what somebody calls it; empty: nothing yet
    std::vector<std::string> tags;  // what somebody put on it to find it by
    std::string notes;              // what somebody wrote about it
    std::string host;
    std::int64_t pid = 0;
    std::int64_t pidStarted = 0;        // as processStart() tells; 0: unknown
    int step = 0;                       // newest that was recorded, 0 before the first
    double started = 0, heartbeat = 0;  // seconds since 1970
    double ended = 0;                   // 0 while it runs
    bool operator==(const Run&) const = default;
};

struct Metric {
    std::int64_t seq = 0;  // grows with every row of the store
    int step = 0;
    std::string name;  // "loss/latent"
    double value = 0;  // may be NaN or infinite
};

// Something a person should know of a step.
struct Alert {
    int step = 0;
    std::string message;
    bool operator==(const Alert&) const = default;
};

// One metric of a run, ascending by step.
struct MetricColumn {
    std::string name;
    std::vector<int> steps;
    std::vector<double> values;  // [steps.size()], may be NaN or infinite
    bool operator==(const MetricColumn&) const = default;
};

// One generated position of a rollout.
struct RolloutToken {
    std::int64_t id = 0;
    std::string text;          // the token alone; of a latent: its shadow token
    float logProbability = 0;  // at the rollout's temperature
    bool isLatent = false;     // a vector was fed here
    bool operator==(const RolloutToken&) const = default;
};

// One completion of GRPO, with what its reward and its loss came from.
struct Rollout {
    int group = 0, index = 0;  // of the step; within the group
    std::string image;         // first one's file
    std::string prompt, expected, completion;
    std::map<std::string, double> rewards;  // by function
    double reward = 0, advantage = 0;
    std::string stopped;  // "end_of_text", "max_new_tokens"
    std::vector<RolloutToken> tokens;
    PatchGrid grid;  // of the first image
    // [latents, grid.count()] cosine to each visual token of the first image, -1..1 as -127..127.
    std::vector<std::int8_t> heat;
    bool operator==(const Rollout&) const = default;
};

// A folder that holds the run's model as it was after a step.
struct CheckpointRow {
    int step = 0;
    std::string folder;          // absolute
    std::optional<double> loss;  // of validation at this step, when it is a number
    bool kept = true;            // false: it was removed or written over since
    bool operator==(const CheckpointRow&) const = default;
};

// A run as a list of runs shows it.
struct RunSummary {
    Run run;
    std::map<std::string, double> newest;  // newest value of each metric
    std::vector<Alert> alerts;             // by step
    bool hasRollouts = false;
    std::vector<CheckpointRow> checkpoints;  // that are kept, by step
    std::vector<int> steps;  // with rollouts, probe answers or a checkpoint, ascending
};

// A probe question as the run's model answered it after a step.
struct SampleRow {
    std::string record;  // its id in the data
    std::string image;   // first one's file
    std::string question, expected;
    std::string answer;          // inside <answer>, as it is compared
    std::string completion;      // as generated, special tokens kept
    std::optional<bool> right;   // nothing: it was not compared
    std::optional<double> loss;  // of its expected answer, when it is a number
    std::string stopped;         // "end_of_text", "max_new_tokens"
    std::vector<RolloutToken> tokens;
    PatchGrid grid;                 // of the first image
    std::vector<std::int8_t> heat;  // as a rollout's
    bool operator==(const SampleRow&) const = default;
};

// One cell of a table with a row an item and a column a way to ask: what came of it, as JSON.
struct ItemResult {
    std::string item;    // "vstar/12"
    std::string column;  // "fixed:8"
    std::string result;  // JSON
    bool operator==(const ItemResult&) const = default;
};

// How a run's model answered its probe questions after a step.
struct SampleSummary {
    int step = 0;
    int count = 0, compared = 0, right = 0;  // samples; those with an answer to compare; right ones
    std::optional<double> loss;              // mean of those that have one
    bool operator==(const SampleSummary&) const = default;
};

}  // namespace lvr
