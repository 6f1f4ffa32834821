#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "core/values/run.h"

namespace lvr {

// What a trainer's completions say, as TRL writes them: a Parquet file a step, or an object a line.
// Columns: step (else the number in the file's name), prompt, completion, advantage; every other
// column of numbers is a reward. Rows of one prompt that follow each other are a group. Ours are
// read too: reward, image, group, expected, stopped.
class CompletionTables {
public:
    struct Found {
        std::vector<Rollout> rollouts;
        std::filesystem::file_time_type written;  // their file
    };
    // The rollouts of steps that are new, or more, since the last look. A file that isn't whole yet
    // is looked at again.
    std::map<int, Found> look(const std::vector<std::filesystem::path>& files);
    void lookAgain() { seen_.clear(); }  // at all of them
    // One sentence for each file that can't be read as it is now.
    std::vector<std::string> problems() const;

private:
    struct Seen {
        std::uintmax_t size = 0;
        std::filesystem::file_time_type written;
        std::string problem;
        bool operator==(const Seen&) const = default;
    };
    std::map<std::filesystem::path, Seen> seen_;
};

}  // namespace lvr
