#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "app/cli/command.h"
#include "app/cli/passes.h"
#include "core/error.h"
#include "datasets/scenes/clutter_scenes.h"

namespace lvr {
namespace {

struct MakeDataArguments {
    std::string set = "chains";
    std::filesystem::path out;
    int count = 0;
    std::uint64_t seed = 0;
    std::string hops = "0:6";
    bool hopsGiven = false;
    SceneOptions options;
};

SceneFolder write(MakeDataArguments& a, const SceneProgress& report) {
    if (a.set == "chains") {
        parseHops(a.hops, a.options);
        return writeScenes(a.out, a.count, a.seed, a.options, report, interruption());
    }
    if (a.hopsGiven) throw UsageError("--hops is about chains, which --set clutter does not have");
    const ClutterOptions options{.kinds = a.options.kinds, .thought = a.options.thought};
    return writeClutter(a.out, a.count, a.seed, options, report, interruption());
}

void makeScenes(MakeDataArguments& arguments) {
    const auto report = [](int done, int total) {
        if (done % std::clamp(total / 20, 1, 5000) == 0 || done == total)
            std::cout << "records " << done << "/" << total << std::endl;
    };
    switch (write(arguments, report)) {
        case SceneFolder::Written:
            std::cout << "wrote " << arguments.out.string() << "\n";
            return;
        case SceneFolder::AlreadyThere:
            std::cout << arguments.out.string() << " holds this data already\n";
            return;
    }
}

}  // namespace

void parseHops(const std::string& text, SceneOptions& options) {
    int low = 0, high = 0;
    char colon = 0, rest = 0;
    std::istringstream in(text);
    if (!(in >> low >> colon >> high) || colon != ':' || (in >> rest))
        throw UsageError("--hops takes LO:HI, such as 0:6, not \"" + text + "\"");
    options.minHops = low;
    options.maxHops = high;
}

void addMakeDataCommand(CLI::App& app) {
    auto* command = app.add_subcommand("make-data", "Generate data with known answers and boxes");
    command->require_subcommand(1);
    auto arguments = std::make_shared<MakeDataArguments>();
    auto* scenes = command->add_subcommand("scenes", "Drawn scenes in the LVR JSON format");
    scenes
        ->add_option("--set", arguments->set,
                     "chains: dots to follow; clutter: questions that one look answers")
        ->check(CLI::IsMember({"chains", "clutter"}))
        ->capture_default_str();
    scenes->add_option("--out", arguments->out, "Folder to write data.json and images/ to")
        ->required();
    scenes->add_option("--count", arguments->count, "Records; several share a picture")
        ->required()
        ->check(wholeFrom(1));
    scenes->add_option("--seed", arguments->seed, "The same seed gives the same data")
        ->capture_default_str();
    scenes
        ->add_option("--kinds", arguments->options.kinds, "Question kinds, a,b,... (default: all)")
        ->delimiter(',');
    auto* hops = scenes->add_option("--hops", arguments->hops, "Length of chains, LO:HI");
    hops->capture_default_str();
    scenes->add_flag_callback(
        "--words", [arguments] { arguments->options.thought = SceneThought::Words; },
        "Think in words: the colours of the objects on the way, as text, instead of <lvr>");
    scenes->add_flag_callback(
        "--words-too", [arguments] { arguments->options.thought = SceneThought::LatentsAndWords; },
        "Think in both: <lvr>, then the colours of the objects on the way");
    scenes->footer("Example: lvr make-data scenes --out build/scenes --count 48000 --seed 1");
    scenes->callback([arguments, hops] {
        arguments->hopsGiven = hops->count() > 0;
        makeScenes(*arguments);
    });
}

}  // namespace lvr
