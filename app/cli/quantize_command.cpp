#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <set>

#include "app/cli/command.h"
#include "app/cli/out_folder.h"
#include "app/cli/passes.h"
#include "app/engine/tiny_model.h"
#include "core/checkpoint/hf_folder.h"
#include "core/model/quantise_checkpoint.h"

namespace lvr {
namespace {

struct QuantizeArguments {
    std::string model, to = "int8";
    std::int64_t group = 32;
    std::filesystem::path out;
};

// "model.layers.7.mlp.down_proj.weight" is one of the down_proj.
std::string partOf(const std::string& linear) {
    const auto module = linear.substr(0, linear.rfind('.'));
    return module.substr(module.rfind('.') + 1);
}

void sayKept(const QuantiseReport& report, std::int64_t group) {
    if (report.kept.empty()) return;
    std::set<std::string> parts;
    for (const auto& linear : report.kept) parts.insert(partOf(linear));
    std::string names;
    for (const auto& part : parts) names += (names.empty() ? "" : ", ") + part;
    std::cout << "note: " << report.kept.size() << " Linears (" << names
              << ") stay as they were, because groups of " << group
              << " don't divide their inputs\n";
}

void quantize(const QuantizeArguments& a) {
    const Quantisation quantisation{a.to == "int4" ? 4 : 8, a.group};
    const auto from = findCheckpoint(a.model.empty() ? tinyModelFolder() : a.model);
    const bool isWatched = isatty(STDERR_FILENO);
    const auto report = quantiseCheckpoint(from, quantisation, a.out,
                                           {.command = commandLine(),
                                            .onProgress =
                                                [&](double fraction) {
                                                    if (isWatched)
                                                        std::fprintf(stderr, "\rquantised %3.0f %%",
                                                                     100 * fraction);
                                                },
                                            .stop = interruption()});
    if (isWatched) std::cerr << "\r\033[K";
    std::printf("wrote %s, %d Linears in %s: %.1f MB of weights, which were %.1f MB\n",
                a.out.c_str(), report.quantised, toText(quantisation).c_str(),
                report.bytesAfter / 1e6, report.bytesBefore / 1e6);
    std::fflush(stdout);
    sayKept(report, a.group);
}

}  // namespace

void addQuantizeCommand(CLI::App& model) {
    auto a = std::make_shared<QuantizeArguments>();
    auto* command = model.add_subcommand(
        "quantize", "Write a checkpoint with a language model of 8 or 4 bits a weight");
    command
        ->add_option("model,--model", a->model,
                     "Folder or cached repo id (default: the shipped tiny model)")
        ->multi_option_policy(CLI::MultiOptionPolicy::Throw);  // one of the two ways
    command
        ->add_option(
            "--to", a->to,
            "int8 or int4, of the language model's Linears; its head is int8 in both, as are "
            "embeddings that are the head; vision tower, norms and biases stay")
        ->check(CLI::IsMember({"int8", "int4"}))
        ->capture_default_str();
    command->add_option("--group", a->group, "Weights of a row that share a scale: 32, 64, 128 ...")
        ->check(wholeFrom(32))
        ->check(passes([](const std::string& text) {
            check(Quantisation{8, std::stoll(text)});
        }))
        ->capture_default_str();
    addOutFolder(*command, a->out, "Folder to write")->required();
    command->footer(
        "It answers on the CPU, in float32, and can't be trained. lvr model compare says what it "
        "lost.\nExample: lvr model quantize --model out/sft --to int4 --out out/sft-int4");
    command->callback([a] { quantize(*a); });
}

}  // namespace lvr
