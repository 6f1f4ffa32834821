#include "app/cli/train_flags.h"

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/config_file.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/out_folder.h"
#include "app/cli/passes.h"
#include "app/cli/place_flags.h"
#include "app/training/start_or_resume.h"
#include "core/error.h"

namespace lvr {
namespace {

// What is added from now on stands under this heading of --help.
void startGroup(CLI::App& command, const char* name) { command.option_defaults()->group(name); }

void addDataGroup(CLI::App& command, TrainArguments& a) {
    startGroup(command, "Data");
    addDataFiles(command, a.source);
    command
        .add_option("--data-weights", a.source.weights,
                    "W,W,...: the share of each --data in the records that are drawn (default: "
                    "every record alike)")
        ->delimiter(',')
        ->allow_extra_args(false);
    addDataOptions(command, a.source);
    addPixelLimits(command, a.pixels);
    command.add_option("--feature-cache", a.featureCache,
                       "Folder that keeps what the frozen vision tower sees, for later trainings "
                       "too; at most 20 GB, the oldest is forgotten (default: memory only)");
}

void addOutputGroup(CLI::App& command, TrainArguments& a) {
    startGroup(command, "Output");
    addOutFolder(command, a.out, "Checkpoint folder to write; not there yet, or empty");
    addStoreOption(command, a.store);
    command.add_option("--save-every", a.saveEvery, "Steps between two saves; 0: at the end only")
        ->check(wholeFrom(0))
        ->capture_default_str();
    command
        .add_option("--keep-last", a.keep.last,
                    "Checkpoints that stay in OUT.checkpoints beside the newest")
        ->check(wholeFrom(0))
        ->capture_default_str();
    command.add_flag("--keep-best", a.keep.best,
                     "Keep the one with the lowest validation loss there, too");
    command
        .add_option("--log-every", a.logEvery,
                    "Steps between two lines on the terminal; the store keeps each step")
        ->check(wholeFrom(1))
        ->capture_default_str();
}

void addValidationGroup(CLI::App& command, ValidationArguments& a) {
    startGroup(command, "Validation");
    command
        .add_option("--validation-data", a.source.data,
                    "Records that are not trained on, to measure on; as --data")
        ->allow_extra_args(false);
    command
        .add_option("--validation-image-root", a.source.imageRoots,
                    "Where their relative image paths start (default: the one --image-root, else "
                    "their folder)")
        ->allow_extra_args(false);
    command
        .add_option("--validate-every", a.every,
                    "Steps between two measurements; the first is before the first step")
        ->check(wholeFrom(1))
        ->capture_default_str();
    command
        .add_option("--probes", a.probes,
                    "Questions of the validation data that are asked each time; answers and heat "
                    "are kept in the store")
        ->check(wholeFrom(0))
        ->capture_default_str();
    command
        .add_option("--early-stopping", a.earlyStopping,
                    "Stop when the validation loss has not improved for so many measurements; 0: "
                    "go on")
        ->check(wholeFrom(0))
        ->capture_default_str();
}

// The names of what may be said anew, as "--save-every, --keep-last, and ...".
std::string mayChange() {
    std::vector<std::string> flags;
    TrainArguments any;
    forEachField(any, [&](const char* name, auto&, WhenResumed when) {
        if (when == WhenResumed::MayChange) flags.push_back(std::string("--") + name);
    });
    std::string text;
    for (const auto& flag : flags) text += flag + ", ";
    return text + "and lvr grpo's --reward-timeout and --log-completions";
}

void addMachineGroup(CLI::App& command, TrainArguments& a) {
    startGroup(command, "Machine");
    addPlacementOptions(command, a.dtype, a.device);
    command.get_option("--dtype")->description(
        "float32, bfloat16 with float32 master weights, or auto: as the checkpoint is stored where "
        "this machine computes that well");
    command.get_option("--device")
        ->description(
            "cpu, cuda, cuda:N, or auto: a GPU with room for the training, else the CPU; of "
            "several "
            "processes on a machine each takes its own");
    command.add_flag("--activation-checkpointing", a.recompute,
                     "Less memory for more time: a layer's activations are computed again in the "
                     "backward pass; the numbers stay the same");
    command.add_option("--threads", a.threads, "CPU threads")
        ->check(wholeFrom(1))
        ->capture_default_str();
    command
        .add_option("--rank-timeout", a.rankTimeout,
                    "Seconds to wait for the other processes of a torchrun or srun job")
        ->check(wholeFrom(1))
        ->capture_default_str();
}

void addRunGroup(CLI::App& command, TrainArguments& a) {
    startGroup(command, "Run");
    command.add_option("--model", a.model, "Checkpoint to start from");
    addDialect(command, a.dialect);
    auto* config = command.add_option(
        "--config",
        "YAML file of these options, as each run writes one into OUT (training.yaml); what is "
        "typed wins over it, it wins over the recipe");
    config->type_name("FILE");
    command.add_option("--resume", a.resume,
                       "Go on with this run as it was started, with all of its options: its "
                       "number, its --out, or one of OUT.checkpoints, whose later steps are "
                       "forgotten then. " +
                           mayChange() +
                           " may be said anew and the number of steps raised, also when it has "
                           "finished; others must be what they were, in --config too");
    command.parse_complete_callback([&command, &a, config] {
        if (config->count() > 1)
            throw UsageError("--config is given twice; give one file, and what differs as options");
        if (config->count() > 0) readConfig(command, config->as<std::string>());
        for (const auto* option : command.get_options())
            if (option->count() > 0) a.told.push_back(option->get_lnames().at(0));
    });
}

}  // namespace

void addTrainOptions(CLI::App& command, TrainArguments& a) {
    addRunGroup(command, a);
    addDataGroup(command, a);
    addOutputGroup(command, a);
    addValidationGroup(command, a.validation);
    addMachineGroup(command, a);
}

void runTraining(TrainArguments& a, const TrainingCommand& command) {
    if (a.resume.empty()) {
        if (a.model.empty()) throw CLI::RequiredError("--model");
        if (a.source.data.empty()) throw CLI::RequiredError("--data");
        if (a.out.empty()) throw CLI::RequiredError("--out");
    }
    a.commandLine = commandLine();
    a.stop = interruption();
    startOrResume(a, command);
}

}  // namespace lvr
