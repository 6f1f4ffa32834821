#include <CLI/CLI.hpp>
#include <iostream>
#include <span>

#include "app/cli/command.h"
#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/trace/trace_export.h"
#include "core/trace/trace_file.h"
#include "core/trace/trace_json.h"

namespace lvr {
namespace {

void addShow(CLI::App& command) {
    struct Arguments {
        std::filesystem::path file;
        bool json = false;
    };
    auto a = std::make_shared<Arguments>();
    auto* show =
        command.add_subcommand("show", "Print its answer and latent steps; needs no model");
    show->add_option("file", a->file, "F.lvrtrace")->required();
    show->add_flag("--json", a->json, "Print one JSON object");
    show->footer("Example: lvr trace show answer.lvrtrace");
    show->callback([a] {
        const NothingToKeep stopsAtOnce;
        const auto trace = readTrace(a->file);
        if (a->json)
            std::cout << toJsonText(trace);
        else
            std::cout << "question: " << trace.question.text << "\n" << toReadableText(trace);
    });
}

const std::map<std::string, HeatMode> kModes{
    {"cosine", HeatMode::Cosine},   {"l2", HeatMode::Distance}, {"dot", HeatMode::Dot},
    {"softmax", HeatMode::Softmax}, {"top", HeatMode::TopK},    {"relative", HeatMode::Relative},
    {"mean", HeatMode::Mean}};
const std::map<std::string, ColourMap> kColours{
    {"viridis", ColourMap::Viridis}, {"magma", ColourMap::Magma}, {"cividis", ColourMap::Cividis}};
const std::map<std::string, HeatCover> kCovers{{"by-heat", HeatCover::Opacity},
                                               {"veil", HeatCover::Veil},
                                               {"spotlight", HeatCover::Spotlight}};

struct ExportArguments {
    std::filesystem::path file, to;
    TraceExport choice;
    int step = 0, image = 1;  // as people count; step 0: the last
    bool noRois = false;
};

std::vector<std::uint8_t> encoded(const ExportArguments& a) {
    const NothingToKeep stopsAtOnce;
    return encodeTrace(readTrace(a.file), a.to, a.choice);
}

void exportFile(ExportArguments& a) {
    a.choice.step = a.step - 1;
    a.choice.picture.image = a.image - 1;
    a.choice.picture.rois = !a.noRois;
    const auto bytes = encoded(a);
    if (interruption().stop_requested()) throw Cancelled();
    writeFileAtomically(a.to, {std::as_bytes(std::span(bytes))});
}

void addExport(CLI::App& command) {
    auto a = std::make_shared<ExportArguments>();
    auto* to = command.add_subcommand("export", "Write it as table, picture or animation");
    to->add_option("file", a->file, "F.lvrtrace")->required();
    to->add_option("--to", a->to, "Its ending says what: .csv, .json, .png or .gif")->required();
    to->add_option("--step", a->step, "Latent step of a .png, from 1; without it the last")
        ->check(CLI::Range(1, 100000));
    to->add_flag("--all-steps", a->choice.allSteps, "All steps beside each other in the .png");
    to->add_option("--image", a->image, "Which of the question's pictures")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    to->add_option("--heat", a->choice.picture.shown.mode,
                   "cosine, l2, dot, softmax, top, relative (to the mean of the steps) or mean")
        ->transform(CLI::CheckedTransformer(kModes, CLI::ignore_case).description(""));
    to->add_option("--colours", a->choice.picture.look.colours, "viridis, magma or cividis")
        ->transform(CLI::CheckedTransformer(kColours, CLI::ignore_case).description(""));
    to->add_option("--cover", a->choice.picture.look.cover,
                   "by-heat: what is cold is clear; veil: all is coloured; spotlight: what is cold "
                   "is dark")
        ->transform(CLI::CheckedTransformer(kCovers, CLI::ignore_case).description(""));
    to->add_option("--opacity", a->choice.picture.look.opacity, "Of the heat, 0 to 1")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    to->add_option("--scale", a->choice.scale, "Of a .png: 1, 2 or 4")
        ->check(CLI::IsMember({1, 2, 4}))
        ->capture_default_str();
    to->add_option("--frame-ms", a->choice.milliseconds, "How long a .gif shows a step")
        ->check(CLI::Range(20, 60000))
        ->capture_default_str();
    to->add_flag("--no-regions", a->noRois, "Without the outlines of the known regions");
    to->footer(
        "Examples:\n  lvr trace export answer.lvrtrace --to steps.csv\n"
        "  lvr trace export answer.lvrtrace --to heat.gif --heat softmax");
    to->callback([a] { exportFile(*a); });
}

}  // namespace

void addTraceCommand(CLI::App& app) {
    auto* command = app.add_subcommand("trace", "Look at a saved .lvrtrace, or export it");
    command->require_subcommand(1);
    addShow(*command);
    addExport(*command);
}

}  // namespace lvr
