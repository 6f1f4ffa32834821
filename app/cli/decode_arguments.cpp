#include "app/cli/decode_arguments.h"

#include <iostream>

#include "app/cli/command.h"
#include "app/cli/passes.h"
#include "app/engine/tiny_model.h"
#include "app/training/pixel_limits.h"
#include "core/checkpoint/hf_folder.h"
#include "core/decode/lvr_checkpoint.h"
#include "core/error.h"
#include "core/model/device.h"
#include "core/model/dtype.h"

namespace lvr {
namespace {

constexpr const char* kOwn = " (default: the model's own)";

}  // namespace

void addModelOptions(CLI::App& command, ModelArguments& a, const std::string& names) {
    command.add_option(
        names, a.model,
        "Checkpoint folder, or a repo id in the local hub cache (default: the shipped tiny model)");
    addPlacementOptions(command, a.dtype, a.device);
}

void addPlacementOptions(CLI::App& command, std::string& dtype, std::string& device) {
    command
        .add_option("--dtype", dtype,
                    "float32, bfloat16, or auto: as stored where this machine computes that well")
        ->check(passes([](const std::string& text) {
            if (text != "auto") parseDtype(text);
        }))
        ->capture_default_str();
    command
        .add_option("--device", device,
                    "cpu, cuda, cuda:N, or auto: a GPU that the model fits into, else the CPU")
        ->check(passes([](const std::string& text) {
            if (text != "auto") parseDevice(text);
        }))
        ->capture_default_str();
}

void addDecodeOptions(CLI::App& command, DecodeArguments& a) {
    command
        .add_option("--exit", a.exit,
                    std::string("When to stop thinking: none, fixed:8, "
                                "latent-end:mse:0.02:16, end-token:32, end-prob:0.5:16") +
                        kOwn)
        ->check(passes(parseExitRule));
    command.add_flag_function(
        "--force-start,!--no-force-start", [&a](std::int64_t times) { a.forceStart = times > 0; },
        std::string("Put <|lvr_start|> at the end of the prompt, or don't") + kOwn);
    command.add_flag("--force-end", a.forceEnd, "Put <|lvr_end|> after the last latent");
    command
        .add_option("--head-positions", a.headPositions,
                    "Where an lvr_head applies: consistent or released (default: the model's "
                    "own, else consistent)")
        ->check(passes(parseHeadPositions));
    command
        .add_option(
            "--latent-feed", a.latentFeed,
            std::string("What is fed back: own, snap (nearest visual token) or filler") + kOwn)
        ->check(passes(parseLatentFeed));
    command
        .add_option("--max-new-tokens", a.maxNewTokens,
                    "Shadow tokens count too (default: the model's own, else 256)")
        ->check(wholeFrom(1));
    command.add_option("--temperature", a.temperature, std::string("0 is greedy") + kOwn)
        ->check(CLI::Range(0.0, 100.0));
    command.add_option("--top-p", a.topP, std::string("1 is off") + kOwn)
        ->check(CLI::Range(1e-6, 1.0));
    command.add_option("--top-k", a.topK, std::string("0 is off") + kOwn)
        ->check(CLI::Range(0, 1000000));
    command
        .add_option(
            "--min-p", a.minP,
            std::string("Least probability, as a share of the likeliest's; 0 is off") + kOwn)
        ->check(CLI::Range(0.0, 1.0));
    command.add_option("--repetition-penalty", a.repetitionPenalty, std::string("1 is off") + kOwn)
        ->check(CLI::Range(0.01, 100.0));
    addPixelLimits(command, a.pixels);
}

void addPixelLimits(CLI::App& command, PixelLimits& limits) {
    command.add_option("--min-pixels", limits.min, "Smallest picture area after resizing")
        ->check(wholeFrom(1));
    command.add_option("--max-pixels", limits.max, "Largest picture area after resizing")
        ->check(wholeFrom(1));
}

std::string modelNamed(const ModelArguments& a) {
    return a.model.empty() ? tinyModelFolder() : a.model;
}

Placement placementOf(const ModelArguments& a, Purpose purpose) {
    return placeHere({.dtype = a.dtype, .device = a.device, .purpose = purpose},
                     findCheckpoint(modelNamed(a)));
}

LvrCheckpoint openCheckpoint(const ModelArguments& a, const Placement& placement) {
    auto checkpoint = LvrCheckpoint::open(
        modelNamed(a),
        {.dtype = placement.dtype, .device = placement.device, .stop = interruption()});
    for (const auto& warning : checkpoint.warnings) std::cerr << "lvr: " << warning << "\n";
    fitThreads(checkpoint.model);
    return checkpoint;
}

DecodeSettings decodeSettings(const DecodeArguments& a, const LvrCheckpoint& checkpoint) {
    auto settings = checkpoint.decoding();
    auto& options = settings.options;
    const auto say = [&](const auto& given, const char* name, auto& option) {
        if (!given) return;
        option = *given;
        settings.origins[name] = "flag";
    };
    const auto read = [](const std::string& text, auto parse) {
        return text.empty() ? std::nullopt : std::optional(parse(text));
    };
    say(read(a.exit, parseExitRule), "exit", options.exit);
    say(read(a.latentFeed, parseLatentFeed), "latent-feed", options.latentFeed);
    say(read(a.headPositions, parseHeadPositions), "head-positions", options.headPositions);
    bool forceStart = options.spanStart == SpanStart::Forced, forceEnd = false;
    say(a.forceStart, "force-start", forceStart);
    say(a.forceEnd ? std::optional(true) : std::nullopt, "force-end", forceEnd);
    options.spanStart = forceStart ? SpanStart::Forced : SpanStart::Sampled;
    options.spanEnd = forceEnd ? SpanEnd::Forced : SpanEnd::Sampled;
    say(a.maxNewTokens, "max-new-tokens", options.maxNewTokens);
    say(a.temperature, "temperature", options.sampling.temperature);
    say(a.topP, "top-p", options.sampling.topP);
    say(a.topK, "top-k", options.sampling.topK);
    say(a.minP, "min-p", options.sampling.minP);
    say(a.repetitionPenalty, "repetition-penalty", options.sampling.repetitionPenalty);
    say(a.seed, "seed", options.sampling.seed);
    auto pictures = checkpoint.preprocess;
    apply(a.pixels, pictures);
    say(a.pixels.min, "min-pixels", options.pixels.min);
    say(a.pixels.max, "max-pixels", options.pixels.max);
    return settings;
}

}  // namespace lvr
