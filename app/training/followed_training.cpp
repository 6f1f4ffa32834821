#include "app/training/followed_training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/runs_io/trainer_state.h"
#include "core/store/run_store.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

using IsWanted = std::function<bool(const std::string& name)>;

// In a folder, by name; one that is not there has none.
std::vector<fs::path> filesWith(const fs::path& folder, const IsWanted& isWanted) {
    std::vector<fs::path> found;
    std::error_code failed;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed))
        if (isWanted(at->path().filename().string())) found.push_back(at->path());
    std::ranges::sort(found);
    return found;
}

bool isAny(const std::string&) { return true; }

std::vector<fs::path> eventFilesOf(const fs::path& training) {
    const IsWanted isEvents = [](const std::string& name) {
        return name.find(".tfevents.") != std::string::npos;
    };
    auto found = filesWith(training, isEvents);
    for (const auto& session : filesWith(training / "runs", isAny))
        std::ranges::copy(filesWith(session, isEvents), std::back_inserter(found));
    return found;
}

std::vector<fs::path> stateFilesOf(const fs::path& training) {
    const IsWanted isState = [](const std::string& name) { return name == "trainer_state.json"; };
    auto found = filesWith(training, isState);
    const auto checkpoints = filesWith(
        training, [](const std::string& name) { return name.starts_with("checkpoint-"); });
    for (const auto& checkpoint : checkpoints)
        std::ranges::copy(filesWith(checkpoint, isState), std::back_inserter(found));
    return found;
}

std::vector<fs::path> completionFilesOf(const fs::path& training) {
    const IsWanted isTable = [](const std::string& name) {
        const auto ending = fs::path(name).extension();
        return name.starts_with("completions") && (ending == ".parquet" || ending == ".jsonl");
    };
    auto found = filesWith(training, isTable);
    std::ranges::copy(filesWith(training / "completions", isTable), std::back_inserter(found));
    return found;
}

bool isSame(const Metric& a, const Metric& b) {
    return a.step == b.step && a.name == b.name &&
           (a.value == b.value || (std::isnan(a.value) && std::isnan(b.value)));
}

double secondsOf(fs::file_time_type written) {
    const auto since1970 = fs::file_time_type::clock::to_sys(written).time_since_epoch();
    return std::chrono::duration<double>(since1970).count();
}

// Whether a training goes on that a state says is through: it logged steps beyond, a session that
// has said nothing yet was opened since, or one began that does earlier steps again. What is logged
// of the state's own step was measured at the end.
bool goesOn(const fs::path& events, const LoggedScalars& read, std::int64_t reached,
            fs::file_time_type written) {
    std::error_code failed;
    if (fs::last_write_time(events, failed) < written || failed) return false;
    if (read.metrics.empty()) return true;
    const auto step = read.metrics.back().step;
    return step > reached || (step < reached && read.started > secondsOf(written));
}

}  // namespace

FollowedTraining::FollowedTraining(const fs::path& folder, RunStore& store, std::int64_t run)
    : folder_(folder), store_(store), run_(run) {
    before_.metrics = store.metrics(run);
}

bool FollowedTraining::look() {
    trouble_.clear();
    // All look before anything is stored: what a locked store does not take is not read again.
    lookAtEvents();
    lookAtState();
    lookAtCompletions();
    storePlan();
    const bool grew = isUnstored_;
    if (isUnstored_) storeMetrics();
    isUnstored_ = false;
    return storeRollouts() || grew;
}

// A file that can't be read now may be readable at the next look.
void FollowedTraining::tryTo(const std::function<void()>& read) {
    try {
        read();
    } catch (const Error& error) {
        trouble_ = error.what();
    }
}

void FollowedTraining::lookAtEvents() {
    for (const auto& file : eventFilesOf(folder_))
        tryTo([&] {
            if (events_.try_emplace(file, file).first->second.look()) isUnstored_ = true;
        });
}

// The one that was written last: a trainer that went back to a checkpoint writes fewer steps. One
// that is not whole yet is read again.
void FollowedTraining::lookAtState() {
    State newest;
    for (const auto& file : stateFilesOf(folder_)) {
        std::error_code failed;
        const auto written = fs::last_write_time(file, failed);
        if (!failed && (newest.file.empty() || written >= newest.written))
            newest = {.file = file, .written = written, .read = {}};
    }
    if (newest.file.empty() || (newest.file == state_.file && newest.written == state_.written))
        return;
    newest.read.isWhole = false;
    tryTo([&] { newest.read = readTrainerState(newest.file); });
    if (!newest.read.isWhole) return;
    state_ = std::move(newest);
    isUnstored_ = true;
}

void FollowedTraining::lookAtCompletions() {
    for (auto& [step, found] : completions_.look(completionFilesOf(folder_)))
        unstored_.insert_or_assign(step, std::move(found));
}

void FollowedTraining::storePlan() {
    if (state_.read.steps == 0 || state_.read.steps == plan_) return;
    if (const auto run = store_.find(run_))
        store_.setPlan(run_, state_.read.steps, run->info.options);
    plan_ = state_.read.steps;
}

bool FollowedTraining::storeRollouts() {
    bool grew = false;
    while (!unstored_.empty()) {
        const auto& [step, found] = *unstored_.begin();
        if (!isUndone(step, found.written)) {
            if (store_.rollouts(run_, step) != found.rollouts) {
                store_.putRollouts(run_, step, found.rollouts);
                grew = true;
            }
            newestRollouts_ = std::max(newestRollouts_, step);
        }
        unstored_.erase(unstored_.begin());
    }
    return grew;
}

// A step that the newest session has not come to, in a table from before it began: the training
// went back, and writes the table anew when it gets there.
bool FollowedTraining::isUndone(int step, fs::file_time_type written) const {
    if (stored_.empty() || step <= stored_.back().step) return false;
    double began = 0;  // s since 1970
    for (const auto& [file, tail] : events_) began = std::max(began, tail.read().started);
    return secondsOf(written) < began;
}

// Event files and a state say the same under other names: the files, which say more, count.
std::vector<Metric> FollowedTraining::metricsNow() const {
    std::vector<LoggedScalars> logs{before_};
    for (const auto& [file, tail] : events_)
        if (!tail.read().metrics.empty()) logs.push_back(tail.read());
    if (logs.size() == 1) logs.push_back(state_.read);
    auto metrics = joined(std::move(logs)).metrics;
    sortAndKeepLast(metrics);
    return metrics;
}

// What is new at the end is added. Where something differs, all from that step on is stored anew:
// whoever reads along takes a step that is not above the last one for a training that went back.
void FollowedTraining::storeMetrics() {
    if (isStale_) stored_ = store_.metrics(run_);
    isStale_ = true;  // until all of it is stored
    auto now = metricsNow();
    if (now.empty()) return;  // a file that begins anew and has said nothing yet
    const auto [old, fresh] = std::ranges::mismatch(stored_, now, isSame);
    if (old == stored_.end()) {
        if (fresh != now.end()) store_.appendAll(run_, {fresh, now.end()});
    } else {
        // From the newest step that is there and not beyond the first that isn't.
        const int gone = fresh == now.end() ? old->step : std::min(old->step, fresh->step);
        const auto beyond = std::ranges::upper_bound(now, gone, {}, &Metric::step);
        const int from = beyond == now.begin() ? gone : std::prev(beyond)->step;
        const auto first = std::ranges::lower_bound(now, from, {}, &Metric::step);
        store_.appendAll(run_, {first, now.end()}, from - 1);
        if (now.back().step < stored_.back().step) {  // and lost its rollouts beyond
            newestRollouts_ = std::min(newestRollouts_, now.back().step);
            completions_.lookAgain();
        }
    }
    stored_ = std::move(now);
    isStale_ = false;
}

std::string FollowedTraining::waitsFor() const {
    if (!stored_.empty() || newestRollouts_ > 0) return {};
    std::error_code failed;
    if (!fs::is_directory(folder_, failed)) return "waits for the folder, which is gone";
    return "waits for event files of TensorBoard, a trainer_state.json or TRL's completions in the "
           "folder, its runs, checkpoint-... or completions";
}

bool FollowedTraining::isThrough() const {
    if (state_.read.steps == 0 || state_.read.reached < state_.read.steps) return false;
    return std::ranges::none_of(events_, [&](const auto& events) {
        return goesOn(events.first, events.second.read(), state_.read.reached, state_.written);
    });
}

bool FollowedTraining::wasThroughBefore() const {
    return isThrough() && state_.written < began_ - std::chrono::minutes(1);
}

int FollowedTraining::step() const {
    return std::max(stored_.empty() ? 0 : stored_.back().step, newestRollouts_);
}

std::string FollowedTraining::notices() const {
    std::string text;
    const auto add = [&](const std::string& notice) {
        text += (text.empty() ? "" : "; ") + notice;
    };
    for (const auto& [file, tail] : events_)
        for (const auto& notice : tail.read().notices)
            add(file.filename().string() + ": " + notice);
    for (const auto& notice : state_.read.notices) add(notice);
    for (const auto& problem : completions_.problems()) add(problem);
    if (!trouble_.empty()) add(trouble_);
    return text;
}

}  // namespace lvr
