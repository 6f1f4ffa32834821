#include "app/training/kept_checkpoints.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <set>
#include <string_view>

#include "app/training/run_log.h"
#include "core/error.h"
#include "core/model/save_checkpoint.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolders = ".checkpoints";
constexpr const char* kName = "checkpoint-";

fs::path folderOf(const fs::path& out, int step) {
    return fs::path(out.string() + kFolders) / (kName + std::to_string(step));
}

// Whole or not at all.
void link(const fs::path& from, const fs::path& to) {
    const fs::path fresh = to.string() + ".new";
    fs::remove_all(fresh);
    fs::create_directories(fresh);
    for (const auto& file : fs::directory_iterator(from)) {
        if (!file.is_regular_file()) continue;
        const auto target = fresh / file.path().filename();
        std::error_code cannotLink;
        fs::create_hard_link(file, target, cannotLink);
        if (cannotLink) fs::copy_file(file, target);
    }
    replaceFolder(to, fresh);
}

// Steps of what lies there, ascending.
std::set<int> stepsThere(const fs::path& out) {
    std::set<int> steps;
    std::error_code isNotThere;
    for (const auto& folder : fs::directory_iterator(out.string() + kFolders, isNotThere)) {
        const auto name = folder.path().filename().string();
        const std::string_view prefix = kName;
        int step = 0;
        if (!name.starts_with(prefix)) continue;
        const auto* const end = name.data() + name.size();
        if (std::from_chars(name.data() + prefix.size(), end, step).ptr == end) steps.insert(step);
    }
    return steps;
}

std::string named(const std::set<int>& steps) {
    std::string names;
    for (const int step : steps)
        names += (names.empty() ? "" : ", ") + (kName + std::to_string(step));
    return names;
}

std::set<int> stepsToKeep(const std::vector<CheckpointRow>& kept, const KeepOptions& options) {
    std::set<int> steps;
    for (auto row = kept.rbegin();
         row != kept.rend() && static_cast<int>(steps.size()) < options.last; ++row)
        steps.insert(row->step);
    const CheckpointRow* best = nullptr;
    for (const auto& row : kept)
        if (row.loss && (!best || *row.loss < *best->loss)) best = &row;
    if (options.best && best) steps.insert(best->step);
    const bool isUnjudged = options.best && !kept.empty() && !kept.back().loss;
    if (isUnjudged) steps.insert(kept.back().step);
    return steps;
}

void dropOthers(const fs::path& out, const KeepOptions& options, RunLog& log) {
    auto kept = log.checkpoints();
    std::erase_if(kept, [](const CheckpointRow& row) { return !row.kept; });
    const auto steps = stepsToKeep(kept, options);
    for (const auto& row : kept) {
        if (steps.contains(row.step)) continue;
        fs::remove_all(folderOf(out, row.step));
        log.forgetCheckpoint(row.step);
    }
}

// What a full disk does to hard links is small, and what failed can be read in one sentence.
template <class Keep>
void keeping(const fs::path& out, const Keep& keep) {
    try {
        keep();
    } catch (const fs::filesystem_error& e) {
        throw Error("cannot keep checkpoints in " + out.string() + kFolders + ": " +
                    e.code().message() + "; what was saved in " + out.string() + " is whole");
    }
}

}  // namespace

void keepCheckpoint(const fs::path& out, int step, std::optional<double> loss,
                    const KeepOptions& options, RunLog& log) {
    const auto whole = fs::absolute(out).lexically_normal();
    if (!options.any()) return log.addCheckpoint({step, whole.string(), loss});
    keeping(whole, [&] {
        const auto folder = folderOf(whole, step);
        link(whole, folder);
        log.addCheckpoint({step, folder.string(), loss});
        dropOthers(whole, options, log);
    });
}

void judgeCheckpoint(const fs::path& out, int step, double loss, const KeepOptions& options,
                     RunLog& log) {
    const auto whole = fs::absolute(out).lexically_normal();
    for (auto row : log.checkpoints()) {
        if (row.step != step || !row.kept) continue;
        row.loss = loss;
        log.addCheckpoint(row);
        if (options.any()) keeping(whole, [&] { dropOthers(whole, options, log); });
    }
}

fs::path outOfKept(const fs::path& folder) {
    const auto whole = fs::absolute(folder / "").lexically_normal().parent_path();
    const auto folders = whole.parent_path().string();
    if (!folders.ends_with(kFolders) || !whole.filename().string().starts_with(kName)) return {};
    return folders.substr(0, folders.size() - std::strlen(kFolders));
}

std::string keptNames(const fs::path& out) { return named(stepsThere(out)); }

std::string goBackTo(const fs::path& out, int step) {
    auto later = stepsThere(out);
    later.erase(later.begin(), later.upper_bound(step));
    keeping(out, [&] {
        link(folderOf(out, step), out);
        for (const int other : later) fs::remove_all(folderOf(out, other));
    });
    return named(later);
}

}  // namespace lvr
