#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/training/completion_tables.h"
#include "core/runs_io/logged_scalars.h"
#include "core/runs_io/tensorboard.h"

namespace lvr {

class RunStore;

// A training of another program, by what it leaves in its folder, kept up to date as a run of the
// store: TensorBoard's event files (in the folder or in runs/NAME, where transformers puts them),
// else the newest trainer_state.json (there or in checkpoint-N); and TRL's completions (there or
// in completions/). Nothing is read twice but what was written anew, and nothing is stored twice.
class FollowedTraining {
public:
    // run: one of the store that this process has. What it holds already is known from then on.
    FollowedTraining(const std::filesystem::path& folder, RunStore& store, std::int64_t run);

    // Stores what is new. False: nothing was. Throws Error: the store can't be written, which may
    // be tried again.
    bool look();
    // What it waits for, in one sentence; empty once there was something to follow.
    std::string waitsFor() const;
    // Its newest trainer_state.json says that all steps were done, and no event file says more.
    bool isThrough() const;
    // That state was there long before it was followed: it may be an earlier training's, which is
    // resumed with more steps and still loads its model.
    bool wasThroughBefore() const;
    int step() const;  // newest one; 0: none yet
    std::size_t values() const { return stored_.size(); }
    std::string notices() const;  // what of the files was not taken

private:
    struct State {
        std::filesystem::path file;
        std::filesystem::file_time_type written;
        LoggedScalars read;
    };
    void tryTo(const std::function<void()>& read);
    void lookAtEvents();
    void lookAtState();
    void lookAtCompletions();
    void storePlan();
    void storeMetrics();
    bool storeRollouts();
    bool isUndone(int step, std::filesystem::file_time_type written) const;
    std::vector<Metric> metricsNow() const;

    std::filesystem::path folder_;
    RunStore& store_;
    std::int64_t run_;
    std::filesystem::file_time_type began_ = std::filesystem::file_time_type::clock::now();
    LoggedScalars before_;  // what an earlier process stored; its files may be gone
    std::map<std::filesystem::path, EventFileTail> events_;
    State state_;
    CompletionTables completions_;
    std::map<int, CompletionTables::Found> unstored_;  // by step: read, and not in the store yet
    std::vector<Metric> stored_;                       // by step, then name
    bool isStale_ = true;                              // stored_ is to be read from the store
    bool isUnstored_ = false;  // something was read that the store has not got
    int newestRollouts_ = 0;   // step
    int plan_ = 0;             // steps, as the store has been told
    std::string trouble_;      // of the newest look
};

}  // namespace lvr
