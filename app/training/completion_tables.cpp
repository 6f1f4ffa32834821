#include "app/training/completion_tables.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "core/error.h"
#include "core/files/json_splice.h"
#include "datasets/parquet.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

// A text, or a chat's messages one after the other.
std::string completionTextOf(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_null()) return {};
    std::string text;
    for (const auto& message : value.is_array() ? value : Json::array()) {
        if (!message.is_object()) continue;
        if (message.contains("content"))
            text += (text.empty() ? "" : "\n") + completionTextOf(message["content"]);
        else if (message.contains("text"))  // a part of a message
            text += completionTextOf(message["text"]);
    }
    return text.empty() ? value.dump(-1, ' ', false, Json::error_handler_t::replace) : text;
}

std::optional<double> numberIn(const Json& row, const std::string& column) {
    const auto found = row.find(column);
    if (found == row.end() || !found->is_number()) return {};
    return found->get<double>();
}

// A step or a group's number; nothing for what none can be.
std::optional<int> countIn(const Json& row, const std::string& column) {
    const auto number = numberIn(row, column);
    if (!number || !(*number >= 0 && *number < 2e9)) return {};
    return static_cast<int>(*number);
}

std::string textIn(const Json& row, const std::string& column) {
    const auto found = row.find(column);
    return found == row.end() ? "" : completionTextOf(*found);
}

constexpr std::array kNoRewards = {"step",   "prompt", "completion", "advantage",
                                   "reward", "group",  "index"};

Rollout rolloutOf(const Json& row) {
    const auto image = row.find("image");  // a file's name; TRL may keep a picture there
    Rollout rollout{
        .image = image != row.end() && image->is_string() ? image->get<std::string>() : "",
        .prompt = textIn(row, "prompt"),
        .expected = textIn(row, "expected"),
        .completion = textIn(row, "completion"),
        .stopped = textIn(row, "stopped")};
    double sum = 0;
    for (const auto& [column, value] : row.items()) {
        if (!value.is_number() || std::ranges::find(kNoRewards, column) != kNoRewards.end())
            continue;
        rollout.rewards[column] = value.get<double>();
        sum += value.get<double>();
    }
    rollout.reward = numberIn(row, "reward").value_or(sum);
    rollout.advantage = numberIn(row, "advantage").value_or(0);
    return rollout;
}

// The last number in a file's name: completions_00010.parquet.
int stepInName(const fs::path& file) {
    const auto name = file.stem().string();
    const auto end = name.find_last_of("0123456789");
    if (end == name.npos) return 0;
    const auto begin = name.find_last_not_of("0123456789", end);
    int step = 0;
    std::from_chars(name.data() + (begin == name.npos ? 0 : begin + 1), name.data() + end + 1,
                    step);
    return step;
}

class RolloutsByStep {
public:
    explicit RolloutsByStep(const fs::path& file) : stepOfFile_(stepInName(file)) {}

    void add(const Json& row) {
        if (!row.is_object() || !row.contains("completion"))
            throw Error("has no column completion");
        auto& rollouts = steps_[countIn(row, "step").value_or(stepOfFile_)];
        auto rollout = rolloutOf(row);
        const auto* before = rollouts.empty() ? nullptr : &rollouts.back();
        if (const auto group = countIn(row, "group"))
            rollout.group = *group;
        else if (before)
            rollout.group = before->group + (before->prompt == rollout.prompt ? 0 : 1);
        rollout.index = before && before->group == rollout.group ? before->index + 1 : 0;
        rollouts.push_back(std::move(rollout));
    }
    // A line that can't be read is left out; the others count.
    void leaveOut(int line, const std::string& why) {
        if (leftOut_++ == 0) firstLeftOut_ = why + " in line " + std::to_string(line);
    }
    std::string problem() const {
        if (leftOut_ < 2) return firstLeftOut_;
        return firstLeftOut_ + "; it and " + std::to_string(leftOut_ - 1) + " more are left out";
    }
    std::map<int, std::vector<Rollout>> take() { return std::move(steps_); }

private:
    int stepOfFile_;
    int leftOut_ = 0;
    std::string firstLeftOut_;
    std::map<int, std::vector<Rollout>> steps_;
};

// As far as its lines are whole.
void readLines(const fs::path& file, RolloutsByStep& rollouts) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream all;
    all << in.rdbuf();
    auto text = all.str();
    text.resize(text.rfind('\n') + 1);
    std::istringstream lines(
        withoutNonFinite(text, [](std::string_view) -> std::string { return "null"; }));
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.find_first_not_of(" \t\r") == line.npos) continue;
        const auto row = Json::parse(line, nullptr, /*allow_exceptions=*/false);
        if (row.is_discarded()) {
            rollouts.leaveOut(number, "isn't JSON");
            continue;
        }
        try {
            rollouts.add(row);
        } catch (const Error& error) {
            rollouts.leaveOut(number, error.what());
        }
    }
}

RolloutsByStep readCompletions(const fs::path& file) {
    RolloutsByStep rollouts(file);
    if (file.extension() == ".parquet")
        forEachRow(file, [&](const FileEntry& entry) { rollouts.add(entry.value); });
    else
        readLines(file, rollouts);
    return rollouts;
}

}  // namespace

std::map<int, CompletionTables::Found> CompletionTables::look(const std::vector<fs::path>& files) {
    std::map<int, Found> found;
    for (const auto& file : files) {
        std::error_code failed;
        const Seen now{.size = fs::file_size(file, failed),
                       .written = fs::last_write_time(file, failed)};
        auto& seen = seen_[file];
        if (failed || (seen.size == now.size && seen.written == now.written)) continue;
        seen = now;
        try {
            auto table = readCompletions(file);
            if (const auto problem = table.problem(); !problem.empty())
                seen.problem = file.filename().string() + ": " + problem;
            for (auto& [step, rollouts] : table.take())
                found[step] = {std::move(rollouts), now.written};
        } catch (const Error& error) {
            seen.problem = file.filename().string() + ": " + error.what();
        }
    }
    return found;
}

std::vector<std::string> CompletionTables::problems() const {
    std::vector<std::string> all;
    for (const auto& [file, seen] : seen_)
        if (!seen.problem.empty()) all.push_back(seen.problem);
    return all;
}

}  // namespace lvr
