#include "app/cli/nearest_option.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "core/values/nearest_name.h"

namespace lvr {
namespace {

// Arguments of transformers' and TRL's trainers, and what is the same here; the first that the
// command has.
const std::multimap<std::string, std::string> kElsewhere{
    {"--learning-rate", "--lr"},
    {"--num-train-epochs", "--epochs"},
    {"--max-steps", "--steps"},
    {"--per-device-train-batch-size", "--batch"},
    {"--per-device-train-batch-size", "--prompts"},
    {"--batch-size", "--batch"},
    {"--batch-size", "--prompts"},
    {"--num-generations", "--group-size"},
    {"--max-completion-length", "--max-new-tokens"},
    {"--max-seq-length", "--max-length"},
    {"--reward-funcs", "--rewards"},
    {"--logging-steps", "--log-every"},
    {"--save-steps", "--save-every"},
    {"--eval-steps", "--validate-every"},
    {"--eval-dataset", "--validation-data"},
    {"--save-total-limit", "--keep-last"},
    {"--load-best-model-at-end", "--keep-best"},
    {"--output-dir", "--out"},
    {"--output", "--out"},
    {"--model-name-or-path", "--model"},
    {"--dataset-name", "--data"},
    {"--train-file", "--data"},
    {"--image-folder", "--image-root"},
    {"--warmup-steps", "--warm-up"},
    {"--warmup-ratio", "--warm-up"},
    {"--lr-scheduler-type", "--schedule"},
    {"--gradient-checkpointing", "--activation-checkpointing"},
    {"--resume-from-checkpoint", "--resume"},
    {"--torch-dtype", "--dtype"},
    {"--lora-r", "--lora-rank"},
    {"--lora-target-modules", "--lora-targets"},
    {"--epsilon-low", "--epsilon"}};

bool has(const CLI::App& command, const std::string& flag) {
    return command.get_option_no_throw(flag) != nullptr;
}

}  // namespace

std::string nearestOption(const CLI::App& command, const std::string& typed) {
    auto name = typed.substr(0, typed.find('='));
    std::replace(name.begin(), name.end(), '_', '-');
    if (has(command, name)) return name;
    const auto [from, to] = kElsewhere.equal_range(name);
    for (auto known = from; known != to; ++known)
        if (has(command, known->second)) return known->second;
    std::vector<std::string> names;
    for (const auto* option : command.get_options())
        for (const auto& each : option->get_lnames()) names.push_back("--" + each);
    const auto best = nearestName(names, name, 3);
    return best < names.size() ? names[best] : "";
}

}  // namespace lvr
