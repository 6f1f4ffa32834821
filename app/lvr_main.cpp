// lvr: everything the window does, without a window.

#include <c10/util/Exception.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "app/command.h"
#include "core/error.h"

namespace lvr {
namespace {

constexpr int kExitError = 1;  // something outside the program is wrong
constexpr int kExitUsage = 2;  // the command line is
constexpr int kExitInterrupted = 130;

std::stop_source& stopSource() {
    static std::stop_source source;
    return source;
}

// The second Ctrl-C ends the program at once.
void onSignal(int signal) {
    stopSource().request_stop();
    std::signal(signal, SIG_DFL);
}

std::string& typed() {
    static std::string text;
    return text;
}

void addCommands(CLI::App& app) {
    addAskCommand(app);
    addEvalCommand(app);
    addMakeDataCommand(app);
    addAlignCommand(app);
    addSftCommands(app);
    addModelCommand(app);
    addTokenizeCommand(app);
    addTraceCommand(app);
}

std::size_t editDistance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const auto above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row.back();
}

const CLI::App& chosenCommand(const CLI::App& app) {
    const auto parsed = app.get_subcommands();
    return parsed.empty() ? app : chosenCommand(*parsed.front());
}

// The flag or subcommand of `app` closest to what was typed, as a hint; empty when nothing is near.
std::string nearestName(const CLI::App& app, const std::string& typedName) {
    std::string best;
    std::size_t least = 4;  // further away it is a guess, not a typo
    const auto consider = [&](const std::string& name) {
        const auto distance = editDistance(name, typedName.substr(0, typedName.find('=')));
        if (distance < least) {
            least = distance;
            best = name;
        }
    };
    for (const auto* option : app.get_options())
        for (const auto& name : option->get_lnames()) consider("--" + name);
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
        consider(command->get_name());
    return best;
}

int usageError(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    std::cerr << "lvr: " << error.what();
    const auto& command = chosenCommand(app);
    for (const auto& extra : app.remaining(/*recurse=*/true))
        if (const auto near = nearestName(command, extra); !near.empty())
            std::cerr << " Did you mean " << near << "?";
    std::cerr << " (lvr " << (&command == &app ? "" : command.get_name() + " ")
              << "--help lists what is valid)\n";
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

std::stop_token interruption() { return stopSource().get_token(); }
const std::string& commandLine() { return typed(); }

}  // namespace lvr

int main(int argc, char** argv) {
    std::signal(SIGINT, lvr::onSignal);
    std::signal(SIGTERM, lvr::onSignal);
    std::signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < argc; ++i)
        lvr::typed() += (i ? " " : "") + std::string(i ? argv[i] : "lvr");
    try {
        return lvr::run(argc, argv);
    } catch (const lvr::Cancelled&) {
        return lvr::kExitInterrupted;
    } catch (const c10::Error& error) {
        std::cerr << "lvr: " << error.what_without_backtrace() << "\n";
        return lvr::kExitError;
    } catch (const std::exception& error) {
        std::cerr << "lvr: " << error.what() << "\n";
        return lvr::kExitError;
    }
}
