#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace lvr {

// Lost: its process is gone and never said how it ended.
enum class RunStatus { Running, Finished, Stopped, Failed, Lost };

// What is known of a run when it starts.
struct RunInfo {
    std::string kind;     // "sft", "align"
    std::string command;  // as typed
    std::string options;  // JSON
    std::string parent;   // checkpoint it starts from; empty: none
    std::string data;
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
    std::string message;  // why it ended, for a person
    std::string host;
    std::int64_t pid = 0;
    int step = 0;                       // newest that was recorded, 0 before the first
    double started = 0, heartbeat = 0;  // seconds since 1970
    double ended = 0;                   // 0 while it runs
};

struct Metric {
    std::int64_t seq = 0;  // grows with every row of the store
    int step = 0;
    std::string name;  // "loss/latent"
    double value = 0;  // may be NaN or infinite
};

}  // namespace lvr
