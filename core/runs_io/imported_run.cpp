#include "core/runs_io/imported_run.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <tuple>

#include "core/error.h"
#include "core/runs_io/event_records.h"
#include "core/runs_io/tensorboard.h"
#include "core/runs_io/trainer_state.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

// The only one of a folder, as TensorBoard and transformers fill them.
fs::path fileIn(const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code failed;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed))
        if (const auto name = at->path().filename().string();
            name == "trainer_state.json" || name.find(".tfevents.") != std::string::npos)
            found.push_back(at->path());
    if (found.size() == 1) return found.front();
    throw Error(folder.string() + " holds " +
                (found.empty() ? "no" : std::to_string(found.size())) +
                " files of a run; name one, events.out.tfevents... or trainer_state.json");
}

fs::path fileAt(const fs::path& given) {
    std::error_code failed;
    const auto file = fs::is_directory(given, failed) ? fileIn(given) : given;
    const auto status = fs::status(file, failed);
    if (!fs::exists(status)) throw Error("there is no file " + file.string());
    if (!fs::is_regular_file(status)) throw Error(file.string() + " is not a regular file");
    return file;
}

bool startsWithBrace(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    char first = 0;
    return in >> first && first == '{';
}

// As a file says them a value may come twice: a training that was resumed repeats steps.
void sortAndKeepLast(std::vector<Metric>& metrics) {
    const auto place = [](const Metric& m) { return std::tie(m.step, m.name); };
    std::stable_sort(metrics.begin(), metrics.end(),
                     [&](const Metric& a, const Metric& b) { return place(a) < place(b); });
    const auto newest =
        std::unique(metrics.rbegin(), metrics.rend(),
                    [&](const Metric& a, const Metric& b) { return place(a) == place(b); });
    metrics.erase(metrics.begin(), newest.base());
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
    const auto file = fileAt(fileOrFolder);
    const bool isEvents = startsWithRecord(file);
    if (!isEvents && !startsWithBrace(file))
        throw Error(file.string() +
                    " is neither a TensorBoard event file nor a trainer_state.json");
    auto read = isEvents ? readEventFile(file) : readTrainerState(file);
    const auto notices = joined(read.notices);
    if (read.metrics.empty())
        throw Error(file.string() + (isEvents ? " holds no scalars" : " has no log_history") +
                    (notices.empty() ? "" : "; " + notices));
    sortAndKeepLast(read.metrics);

    ImportedRun imported{.metrics = std::move(read.metrics)};
    auto& run = imported.run;
    const auto path = fs::absolute(file).lexically_normal().string();
    const nlohmann::ordered_json options{{"file", path},
                                         {"format", isEvents ? "tensorboard" : "trainer_state"}};
    run.info.kind = "import";
    run.info.data = path;
    run.info.options = options.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    run.step = imported.metrics.back().step;
    run.info.steps = read.steps > 0 ? read.steps : run.step;
    run.status = RunStatus::Finished;
    run.message = notices;
    run.started = read.started > 0 ? read.started : modified(file);
    run.heartbeat = run.ended = std::max(read.ended, run.started);
    return imported;
}

}  // namespace lvr
