#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "app/cli/command.h"
#include "app/cli/passes.h"
#include "app/cli/place_flags.h"
#include "app/training/followed_training.h"
#include "core/error.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using namespace std::chrono_literals;

constexpr auto kBetweenLooks = 500ms;
constexpr int kRests = 20;            // a look may take so small a part of the time
constexpr auto kBetweenBeats = 30s;   // of a training that is silent
constexpr Seconds kAfterTheEnd = 5s;  // what comes after the last step: measurements, a table
constexpr Seconds kToResume = 10min;  // a training that was through, and loads its model

struct FollowArguments {
    fs::path store, folder;
    std::string name;
    double untilIdle = 0;  // s; 0: for ever
};

fs::path folderOf(const FollowArguments& a) {
    std::error_code failed;
    const auto status = fs::status(a.folder, failed);
    if (!fs::exists(status))
        throw Error("there is no folder " + a.folder.string() +
                    "; name the one that a training writes to");
    if (!fs::is_directory(status))
        throw Error(a.folder.string() + " is a file; name the folder it is in");
    auto path = fs::absolute(a.folder).lexically_normal();
    return path.has_filename() ? path : path.parent_path();
}

// The run of an earlier follow of this folder goes on.
std::int64_t openRun(RunStore& store, const fs::path& folder) {
    const nlohmann::ordered_json options{{"folder", folder.string()}};
    for (const auto& run : store.runs()) {
        if (run.info.kind != kFollowKind || run.info.out != folder.string()) continue;
        store.resume(run.id, run.step);
        return run.id;
    }
    return store.start(
        {.kind = kFollowKind,
         .command = commandLine(),
         .options = options.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
         .data = folder.string(),
         .out = folder.string()});
}

// Looks until the training is over or somebody says so. Why it ended.
class Following {
public:
    Following(RunStore& store, std::int64_t run, const fs::path& folder)
        : store_(store), run_(run), training_(folder, store, run) {}

    std::string watch(double untilIdle) {
        for (;;) {
            const auto begun = Clock::now();
            if (look()) lastNews_ = Clock::now();
            const Seconds idle = Clock::now() - lastNews_;
            const auto more = training_.wasThroughBefore() ? kToResume : kAfterTheEnd;
            if (training_.isThrough() &&
                idle >= (untilIdle > 0 ? std::min(more, Seconds(untilIdle)) : more))
                return "all of its steps were done";
            if (untilIdle > 0 && idle.count() >= untilIdle)
                return "nothing came for " + std::to_string(std::lround(untilIdle)) + " s";
            rest(std::max<Clock::duration>(kBetweenLooks, (Clock::now() - begun) * kRests));
        }
    }
    std::string notices() const { return training_.notices(); }

private:
    bool look() {
        try {
            const bool grew = training_.look();
            if (grew) tell();
            const auto waitsFor = training_.waitsFor();
            if (waitsFor != said_) {
                store_.setWaiting(run_, waitsFor);  // again at the next look when it is locked
                said_ = waitsFor;
                if (!waitsFor.empty()) std::cerr << waitsFor << "\n";
            }
            if (grew) lastBeat_ = Clock::now();
            if (Clock::now() - lastBeat_ > kBetweenBeats) {
                store_.appendAll(run_, {});
                lastBeat_ = Clock::now();
            }
            return grew;
        } catch (const StoreIsLocked&) {
            return false;  // tried again at the next look
        }
    }
    void tell() {
        const std::pair now(training_.step(), training_.values());
        if (now == std::exchange(told_, now)) return;
        std::cout << "step " << training_.step() << ": " << training_.values() << " values"
                  << std::endl;
    }
    static void rest(Clock::duration length) {
        for (const auto until = Clock::now() + length; Clock::now() < until;) {
            if (interruption().stop_requested()) throw Cancelled();
            std::this_thread::sleep_for(50ms);
        }
    }

    RunStore& store_;
    std::int64_t run_;
    FollowedTraining training_;
    std::string said_;  // what it waits for
    std::pair<int, std::size_t> told_;
    Clock::time_point lastNews_ = Clock::now(), lastBeat_ = lastNews_;
};

void end(RunStore& store, std::int64_t run, RunStatus status, std::string why,
         const std::string& notices) {
    if (!notices.empty()) why += "; " + notices;
    store.end(run, status, why);
    std::cout << "run " << run << " " << toText(status) << ": " << why << "\n";
}

void follow(const FollowArguments& a) {
    const auto folder = folderOf(a);
    RunStore store(a.store.empty() ? defaultStore() : a.store, RunStore::Access::Write);
    const auto run = openRun(store, folder);
    if (!a.name.empty()) store.setName(run, a.name);
    std::cout << "run " << run << ": follows " << folder.string() << std::endl;
    Following following(store, run, folder);
    try {
        const auto why = following.watch(a.untilIdle);
        end(store, run, RunStatus::Finished, why, following.notices());
    } catch (const Cancelled&) {
        end(store, run, RunStatus::Stopped, "no longer followed; lvr runs follow goes on with it",
            following.notices());
        throw;
    } catch (const Error& error) {
        store.end(run, RunStatus::Failed, error.what());
        throw;
    }
}

}  // namespace

void addFollowCommand(CLI::App& runs) {
    auto a = std::make_shared<FollowArguments>();
    auto* command = runs.add_subcommand(
        "follow", "Read along with a training of another program, until it is over or Ctrl+C");
    command
        ->add_option("folder", a->folder,
                     "Where it writes TensorBoard's event files, trainer_state.json or TRL's "
                     "completions")
        ->required();
    command->add_option("--name", a->name, "What to call the run");
    command->add_option("--until-idle", a->untilIdle, "End after so many seconds without news")
        ->check(CLI::Range(1.0, 1e9));
    addStoreOption(*command, a->store);
    command->footer("Example: lvr runs follow out/grpo --name theirs --until-idle 600");
    command->callback([a] { follow(*a); });
}

}  // namespace lvr
