#include <CLI/CLI.hpp>
#include <iostream>

#include "app/command.h"
#include "core/error.h"
#include "datasets/scenes.h"

namespace lvr {
namespace {

struct MakeDataArguments {
    std::filesystem::path out;
    int count = 0;
    std::uint64_t seed = 0;
    std::string hops = "0:6";
    SceneOptions options;
};

void makeScenes(MakeDataArguments& arguments) {
    parseHops(arguments.hops, arguments.options);
    const auto report = [](int done, int total) {
        if (done % 5000 == 0 || done == total)
            std::cout << "records " << done << "/" << total << std::endl;
    };
    switch (writeScenes(arguments.out, arguments.count, arguments.seed, arguments.options, report,
                        interruption())) {
        case SceneFolder::Written:
            std::cout << "wrote " << arguments.out.string() << "\n";
            return;
        case SceneFolder::AlreadyThere:
            std::cout << arguments.out.string() << " holds this data already\n";
            return;
        case SceneFolder::Stopped:
            throw Cancelled();
    }
}

}  // namespace

void parseHops(const std::string& text, SceneOptions& options) {
    int low = 0, high = 0;
    char colon = 0, rest = 0;
    std::istringstream in(text);
    if (!(in >> low >> colon >> high) || colon != ':' || (in >> rest))
        throw Error("--hops takes LO:HI, such as 0:6, not \"" + text + "\"");
    options.minHops = low;
    options.maxHops = high;
}

void addMakeDataCommand(CLI::App& app) {
    auto* command = app.add_subcommand("make-data", "Generate data with known answers and boxes");
    command->require_subcommand(1);
    auto arguments = std::make_shared<MakeDataArguments>();
    auto* scenes = command->add_subcommand("scenes", "Drawn scenes in the LVR JSON format");
    scenes->add_option("--out", arguments->out, "Folder to write data.json and images/ to")
        ->required();
    scenes->add_option("--count", arguments->count, "Records; several share a picture")
        ->required()
        ->check(CLI::PositiveNumber);
    scenes->add_option("--seed", arguments->seed, "The same seed gives the same data")
        ->capture_default_str();
    scenes
        ->add_option("--kinds", arguments->options.kinds, "Question kinds, a,b,... (default: all)")
        ->delimiter(',');
    scenes->add_option("--hops", arguments->hops, "Length of chains, LO:HI")->capture_default_str();
    scenes->add_flag_callback(
        "--words", [arguments] { arguments->options.thought = SceneThought::Words; },
        "Think in words: the colours of the objects on the way, as text, instead of <lvr>");
    scenes->footer("Example: lvr make-data scenes --out build/scenes --count 48000 --seed 1");
    scenes->callback([arguments] { makeScenes(*arguments); });
}

}  // namespace lvr
