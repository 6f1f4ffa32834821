#include "core/runs_io/imported_run.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/json_file.h"
#include "core/runs_io/event_records.h"
#include "core/runs_io/tensorboard.h"
#include "core/runs_io/trainer_state.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

bool isEventFile(const fs::path& file) {
    return file.filename().string().find(".tfevents.") != std::string::npos;
}

// Those of a folder, as TensorBoard and transformers fill it: one trainer_state.json, or event
// files, which are several when the run was resumed.
std::vector<fs::path> filesIn(const fs::path& folder) {
    std::vector<fs::path> events, states;
    std::error_code failed;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed))
        if (const auto name = at->path().filename().string(); name == "trainer_state.json")
            states.push_back(at->path());
        else if (isEventFile(at->path()))
            events.push_back(at->path());
    if (!events.empty() && !states.empty())
        throw Error(folder.string() + " holds event files and a trainer_state.json; name one");
    if (events.empty() && states.empty())
        throw Error(folder.string() +
                    " holds no files of a run; name one, events.out.tfevents... or "
                    "trainer_state.json");
    return events.empty() ? states : events;
}

std::vector<fs::path> filesAt(const fs::path& given) {
    std::error_code failed;
    if (fs::is_directory(given, failed)) return filesIn(given);
    const auto status = fs::status(given, failed);
    if (!fs::exists(status)) throw Error("there is no file " + given.string());
    if (!fs::is_regular_file(status)) throw Error(given.string() + " is not a regular file");
    return {given};
}

// SummaryWriter.add_scalars and add_hparams make a folder each, which is a run of its own.
std::string runsBelow(const fs::path& folder) {
    std::string names;
    std::error_code failed;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end;
         at.increment(failed)) {
        std::error_code unreadable;
        const fs::directory_iterator inside(at->path(), unreadable);
        if (!unreadable && std::any_of(begin(inside), fs::end(inside),
                                       [](const auto& file) { return isEventFile(file); }))
            names += (names.empty() ? "" : ", ") + at->path().filename().string();
    }
    return names;
}

bool startsWithBrace(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    skipByteOrderMark(in);
    char first = 0;
    return in >> first && first == '{';
}

LoggedScalars readFile(const fs::path& file) {
    const bool isEvents = startsWithRecord(file);
    if (!isEvents && !startsWithBrace(file))
        throw Error(file.string() +
                    " is neither a TensorBoard event file nor a trainer_state.json");
    auto read = isEvents ? readEventFile(file) : readTrainerState(file);
    if (read.metrics.empty() && read.notices.empty())
        read.notices.push_back(file.filename().string() +
                               (isEvents ? " holds no scalars" : " has no log_history"));
    return read;
}

LoggedScalars readFiles(const std::vector<fs::path>& files) {
    std::vector<LoggedScalars> logs;
    for (const auto& file : files) logs.push_back(readFile(file));
    return joined(std::move(logs));
}

double modified(const fs::path& file) {
    std::error_code failed;
    const auto time = fs::last_write_time(file, failed);
    if (failed) return 0;
    using namespace std::chrono;
    return duration<double>(file_clock::to_sys(time).time_since_epoch()).count();
}

std::string joined(const std::vector<std::string>& notices) {
    std::string text;
    for (const auto& notice : notices) text += (text.empty() ? "" : "; ") + notice;
    return text;
}

}  // namespace

ImportedRun readRunFile(const fs::path& fileOrFolder) {
    auto files = filesAt(fileOrFolder);
    std::ranges::sort(files);
    auto read = readFiles(files);
    if (const auto below = runsBelow(fileOrFolder); !below.empty())
        read.notices.push_back("folders below it were not read, import each by itself: " + below);
    const auto notices = joined(read.notices);
    const auto& source = files.size() == 1 ? files.front() : fileOrFolder;
    if (read.metrics.empty()) throw Error(source.string() + " gives no run: " + notices);
    sortAndKeepLast(read.metrics);

    ImportedRun imported{.metrics = std::move(read.metrics)};
    auto& run = imported.run;
    const auto path = fs::absolute(source).lexically_normal().string();
    const bool isEvents = startsWithRecord(files.front());
    const nlohmann::ordered_json options{{"file", path},
                                         {"format", isEvents ? "tensorboard" : "trainer_state"}};
    run.info.kind = "import";
    run.info.data = run.info.out = path;
    run.info.options = options.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    run.step = imported.metrics.back().step;
    run.info.steps = read.steps > 0 ? read.steps : run.step;
    run.status = RunStatus::Finished;
    run.message = notices;
    run.started = read.started > 0 ? read.started : modified(files.back());
    run.heartbeat = run.ended = std::max(read.ended, run.started);
    return imported;
}

}  // namespace lvr
