#pragma once

#include <stop_token>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace lvr {

struct SceneOptions;

// Each subcommand adds itself to the command line; its callback does the work and throws Error.
void addAlignCommand(CLI::App& app);
void addSftCommands(CLI::App& app);  // sft, pretrain
void addGrpoCommand(CLI::App& app);
void addMakeDataCommand(CLI::App& app);
void addDataCommand(CLI::App& app);
void addDataListCommand(CLI::App& data);  // a subcommand of it
void addAskCommand(CLI::App& app);
void addEvalCommand(CLI::App& app);
void addEvalDataCommand(CLI::App& eval);    // a subcommand of it
void addEvalImportCommand(CLI::App& eval);  // a subcommand of it
void addRescoreCommand(CLI::App& eval);     // a subcommand of it
void addScoreCommand(CLI::App& app);
void addDiagnoseCommand(CLI::App& app);
void addRunsCommand(CLI::App& app);
void addFollowCommand(CLI::App& runs);  // a subcommand of it
void addModelCommand(CLI::App& app);
void addRandomModelCommand(CLI::App& model);   // a subcommand of it
void addQuantizeCommand(CLI::App& model);      // a subcommand of it
void addModelCompareCommand(CLI::App& model);  // a subcommand of it
void addTokenizeCommand(CLI::App& app);
void addTraceCommand(CLI::App& app);
void addStudyCommand(CLI::App& app);
void addBenchCommand(CLI::App& app);
void addBenchTrainCommand(CLI::App& bench);  // each a subcommand of it
void addBenchMachineCommand(CLI::App& bench);
void addBenchInferCommand(CLI::App& bench);
void addBenchImageCommand(CLI::App& bench);
void addBenchOpenCommand(CLI::App& bench);
void addBenchUiCommand(CLI::App& bench);

// The text itself, the contents of FILE for "@FILE", or "@TEXT" for "@@TEXT". Throws Error:
// unreadable or empty.
std::string questionText(const std::string& given);
// "LO:HI" into options.minHops and maxHops. Throws Error.
void parseHops(const std::string& text, SceneOptions& options);

// Requested by Ctrl-C or SIGTERM.
std::stop_token interruption();
// While one lives, an interruption ends the program within a second, whatever is being computed or
// read: for work that leaves nothing behind. What saves or tidies up looks at interruption().
class NothingToKeep {
public:
    NothingToKeep();
    ~NothingToKeep();
    NothingToKeep(const NothingToKeep&) = delete;
    NothingToKeep& operator=(const NothingToKeep&) = delete;
};
// What `lvr ARGUMENTS...` does, in this process. Throws as its command does.
void runCommand(const std::vector<std::string>& arguments);
// The command line as typed, for what remembers how it was made.
const std::string& commandLine();

}  // namespace lvr
