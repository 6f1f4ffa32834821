#include <CLI/CLI.hpp>
#include <iostream>

#include "app/cli/command.h"
#include "app/cli/trace_json.h"
#include "core/checkpoint/trace_file.h"

namespace lvr {

void addTraceCommand(CLI::App& app) {
    struct Arguments {
        std::filesystem::path file;
        bool json = false;
    };
    auto a = std::make_shared<Arguments>();
    auto* command = app.add_subcommand("trace", "Look at a saved .lvrtrace");
    command->require_subcommand(1);
    auto* show =
        command->add_subcommand("show", "Print its answer and latent steps; needs no model");
    show->add_option("file", a->file, "F.lvrtrace")->required();
    show->add_flag("--json", a->json, "Print one JSON object");
    show->footer("Example: lvr trace show answer.lvrtrace");
    show->callback([a] {
        const auto trace = readTrace(a->file);
        if (a->json)
            std::cout << toJson(trace).dump(2) << "\n";
        else
            std::cout << "question: " << trace.question.text << "\n" << toReadableText(trace);
    });
}

}  // namespace lvr
