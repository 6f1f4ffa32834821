// lvr: everything the window does, without a window.

#include <c10/util/Exception.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "app/cli/command.h"
#include "app/cli/nearest_option.h"
#include "app/cli/passes.h"
#include "core/error.h"
#include "core/values/nearest_name.h"

namespace lvr {
namespace {

constexpr int kExitError = 1;  // something outside the program is wrong
constexpr int kExitUsage = 2;  // the command line is
constexpr int kExitInterrupted = 130;

std::stop_source& stopSource() {
    static std::stop_source source;
    return source;
}

constexpr unsigned kPatience = 1;  // seconds that work with nothing to keep is waited for

volatile std::sig_atomic_t nothingToKeep = 0;  // how many say so

// The second Ctrl-C ends the program at once.
void onSignal(int signal) {
    stopSource().request_stop();
    std::signal(signal, SIG_DFL);
    if (nothingToKeep > 0) alarm(kPatience);
}

void onAlarm(int) { _exit(kExitInterrupted); }

std::string& typed() {
    static std::string text;
    return text;
}

void addCommands(CLI::App& app) {
    // Of what is said twice the last counts, as everywhere else.
    app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    addAskCommand(app);
    addEvalCommand(app);
    addDiagnoseCommand(app);
    addMakeDataCommand(app);
    addDataCommand(app);
    addAlignCommand(app);
    addSftCommands(app);
    addGrpoCommand(app);
    addScoreCommand(app);
    addRunsCommand(app);
    addModelCommand(app);
    addTokenizeCommand(app);
    addTraceCommand(app);
    addStudyCommand(app);
    addBenchCommand(app);
    checkNumbers(app);
}

const CLI::App& chosenCommand(const CLI::App& app) {
    const auto parsed = app.get_subcommands();
    return parsed.empty() ? app : chosenCommand(*parsed.front());
}

// The flag or subcommand of `app` that was meant; empty when nothing is near.
std::string nearestTo(const CLI::App& app, const std::string& typedName) {
    if (typedName.starts_with('-')) return nearestOption(app, typedName);
    std::vector<std::string> names;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(command->get_name());
    const auto best = nearestName(names, typedName, 3);
    return best < names.size() ? names[best] : "";
}

// "lvr make-data scenes"
std::string spelled(const CLI::App& command) {
    const auto* parent = command.get_parent();
    return (parent ? spelled(*parent) + " " : "") + command.get_name();
}

// What of the command line no command took, in the order it was typed in.
std::string whyNotTaken(const CLI::App& command, const std::vector<std::string>& rest) {
    const auto& first = rest.front();
    if (first.starts_with('-'))
        return spelled(command) + " has no option \"" + first.substr(0, first.find('=')) + "\"";
    if (command.get_require_subcommand_min() > 0) return "there is no command \"" + first + "\"";
    return spelled(command) + " does not know what \"" + first + "\" is for";
}

int usageError(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    const auto rest = app.remaining(/*recurse=*/true);
    std::string sentence = error.what();
    const auto& command = chosenCommand(app);
    const bool isNoCommand = command.get_require_subcommand_min() > 0 && !rest.empty();
    if (dynamic_cast<const CLI::ExtrasError*>(&error) || isNoCommand)
        sentence = whyNotTaken(command, rest);
    const bool ended = sentence.ends_with('.') || sentence.ends_with('?');
    std::cerr << "lvr: " << sentence << (ended ? "" : ".");
    for (const auto& extra : rest)
        if (const auto near = nearestTo(command, extra); !near.empty())
            std::cerr << " Did you mean " << near << "?";
    std::cerr << " (" << spelled(command) << " --help lists what is valid)\n";
    return kExitUsage;
}

int run(int argc, char** argv) {
    CLI::App app("Latent Visual Reasoning: ask, look, train, test.", "lvr");
    app.require_subcommand(1);
    app.set_version_flag("--version", LVR_VERSION);
    app.footer(
        "Exit codes: 0 done, 1 an input, file or checkpoint is wrong, 2 the command line is "
        "wrong,\n"
        "130 interrupted. Each command has its own --help with examples.");
    addCommands(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return usageError(app, error);
    }
    return interruption().stop_requested() ? kExitInterrupted : 0;
}

}  // namespace

void runCommand(const std::vector<std::string>& arguments) {
    const std::string outer = typed();
    struct Restore {
        const std::string& before;
        ~Restore() { typed() = before; }
    } restore{outer};
    typed() = "lvr";
    for (const auto& argument : arguments) typed() += " " + argument;
    CLI::App app("", "lvr");
    app.require_subcommand(1);
    addCommands(app);
    try {
        std::vector<std::string> lastFirst(arguments.rbegin(), arguments.rend());
        app.parse(std::move(lastFirst));
    } catch (const CLI::ParseError& error) {
        throw Error(typed() + ": " + error.what());
    }
}

std::stop_token interruption() { return stopSource().get_token(); }

NothingToKeep::NothingToKeep() {
    nothingToKeep = nothingToKeep + 1;
    if (interruption().stop_requested()) alarm(kPatience);
}
NothingToKeep::~NothingToKeep() {
    nothingToKeep = nothingToKeep - 1;
    if (nothingToKeep == 0) alarm(0);
}

const std::string& commandLine() { return typed(); }

}  // namespace lvr

// A reader that has seen enough, such as head, is no failure.
bool readerIsGone() {
    pollfd out{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
    return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

// What stands in the output's file is cut off where that could not be written.
int withOutput(int code) {
    std::cout.flush();
    const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
    if (written || code != 0 || readerIsGone()) return code;
    std::cerr << "lvr: what it printed could not be written whole; is the disk full?\n";
    return lvr::kExitError;
}

int main(int argc, char** argv) {
    std::signal(SIGINT, lvr::onSignal);
    std::signal(SIGTERM, lvr::onSignal);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGALRM, lvr::onAlarm);
    for (int i = 0; i < argc; ++i)
        lvr::typed() += (i ? " " : "") + std::string(i ? argv[i] : "lvr");
    try {
        return withOutput(lvr::run(argc, argv));
    } catch (const lvr::Cancelled&) {
        return lvr::kExitInterrupted;
    } catch (const lvr::UsageError& error) {
        std::cerr << "lvr: " << error.what() << "\n";
        return lvr::kExitUsage;
    } catch (const c10::Error& error) {
        std::cerr << "lvr: " << error.what_without_backtrace() << "\n";
        return lvr::kExitError;
    } catch (const std::filesystem::filesystem_error& error) {
        std::cerr << "lvr: " << error.path1().string() << ": " << error.code().message() << "\n";
        return lvr::kExitError;
    } catch (const std::exception& error) {
        std::cerr << "lvr: " << error.what() << "\n";
        return lvr::kExitError;
    }
}
