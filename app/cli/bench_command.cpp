#include <CLI/CLI.hpp>

#include "app/cli/command.h"

namespace lvr {

void addBenchCommand(CLI::App& app) {
    auto* bench = app.add_subcommand(
        "bench", "Measure speed, shares of what the machine can do, memory and correctness");
    bench->require_subcommand(1);
    addBenchTrainCommand(*bench);
    addBenchMachineCommand(*bench);
    addBenchInferCommand(*bench);
    addBenchImageCommand(*bench);
    addBenchOpenCommand(*bench);
    addBenchUiCommand(*bench);
}

}  // namespace lvr
