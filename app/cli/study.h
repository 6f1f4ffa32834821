#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace lvr {

// Experiments as lists of lvr commands. Each is shown before it runs and can be repeated by hand;
// what is done already is not done again.

using StudyArguments = std::vector<std::string>;
// All of both, one after the other.
StudyArguments with(StudyArguments all, const StudyArguments& more);
// --count of the data for trainings of so many steps: 24,000, or fewer where they see fewer.
std::string recordsFor(int steps);

// One row of the table: how a model is made from the aligned vision tower, and how it is asked.
struct StudyVariant {
    std::string name, says;
    std::string model;            // folder, before "-SEED"; several variants may share one
    StudyArguments train;         // the command that makes it, without model, data, out and seed
    std::string from = "vision";  // the model it starts from, before "-SEED"
    std::string data = "data";    // folder
    StudyArguments eval = {};     // what is added to a column's
};

// One column: what `lvr eval` is asked, and which row of its answer counts.
struct StudyColumn {
    std::string name;
    StudyArguments eval;
    std::size_t row = 0;
};

struct Study {
    std::string name;  // of the command
    std::filesystem::path out;
    int seeds = 3, steps = 0, count = 0;  // as on the command line
    std::string corner;                   // of the table
    std::vector<StudyColumn> columns;
    std::vector<StudyVariant> variants;
    std::vector<StudyArguments> data;  // commands that make it, the folder as their last argument
    std::string notes;                 // below the table
    bool mean = false;                 // a first column with the mean of the others
    std::string plotTitle;             // of a line for each variant; empty: no plot
};

// Measures what has no result in `out` yet, row by row, so that what is there can be compared, and
// trains what that takes; a result is a small JSON file that may come from another machine. Writes
// out/report.md after each, and what decides the numbers into out/study.json. Throws UsageError
// when `out` was made with other settings, and Error while another study writes there.
void runStudy(const Study& study);

// --out, --seeds, --steps, --count.
void addStudyOptions(CLI::App& command, std::filesystem::path& out, int& seeds, int& steps,
                     int& count);
void addChainStudy(CLI::App& studies);
void addExitStudy(CLI::App& studies);
void addPaperMiniStudy(CLI::App& studies);

}  // namespace lvr
