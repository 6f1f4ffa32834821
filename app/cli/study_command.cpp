#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/passes.h"
#include "app/cli/study.h"

namespace lvr {

void addStudyOptions(CLI::App& command, std::filesystem::path& out, int& seeds, int& steps,
                     int& count) {
    const auto number = [&](const char* name, int& value, const char* help) {
        command.add_option(name, value, help)->check(wholeFrom(1))->capture_default_str();
    };
    command.add_option("--out", out, "Folder for data, models and report.md")->required();
    number("--seeds", seeds, "How many, from 0");
    number("--steps", steps, "Of every training");
    number("--count", count, "Questions a column and seed");
}

void addStudyCommand(CLI::App& app) {
    auto* study = app.add_subcommand(
        "study", "Experiments as lists of lvr commands, resumable, with a table at the end");
    study->require_subcommand(1);
    addChainStudy(*study);
    addExitStudy(*study);
    addPaperMiniStudy(*study);
}

}  // namespace lvr
