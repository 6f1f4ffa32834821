#include "app/cli/decode_arguments.h"

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/tiny_model.h"
#include "core/decode/lvr_checkpoint.h"
#include "core/error.h"
#include "core/model/device.h"

namespace lvr {
namespace {

LatentFeed parseFeed(const std::string& text) {
    if (text.empty() || text == "own") return LatentFeed::Own;
    if (text == "snap") return LatentFeed::Snap;
    if (text == "filler") return LatentFeed::Filler;
    throw Error("unknown latent feed \"" + text + "\"; valid are own, snap and filler");
}

HeadPositions parseHeads(const std::string& text) {
    if (text == "consistent") return HeadPositions::Consistent;
    if (text == "released") return HeadPositions::Released;
    throw Error("unknown head positions \"" + text + "\"; valid are consistent and released");
}

}  // namespace

void addModelOptions(CLI::App& command, ModelArguments& a) {
    command.add_option(
        "--model", a.model,
        "Checkpoint folder, or a repo id in the local hub cache (default: the shipped tiny model)");
    command.add_option("--dtype", a.dtype, "float32 or bfloat16")->capture_default_str();
    command.add_option("--device", a.device, "cpu, cuda or cuda:N")->capture_default_str();
}

void addDecodeOptions(CLI::App& command, DecodeArguments& a) {
    command.add_option("--exit", a.exit,
                       "When to stop thinking: none, fixed:8, latent-end:mse:0.02:16, "
                       "end-token:32, end-prob:0.5:16 (default: the model's own)");
    command.add_flag("--force-start", a.forceStart, "Put <|lvr_start|> at the end of the prompt");
    command.add_flag("--force-end", a.forceEnd, "Put <|lvr_end|> after the last latent");
    command
        .add_option("--head-positions", a.headPositions,
                    "Where an lvr_head applies: consistent or released")
        ->capture_default_str();
    command.add_option(
        "--latent-feed", a.latentFeed,
        "What is fed back: own, snap (nearest visual token) or filler (default: the model's own)");
    command.add_option("--max-new-tokens", a.maxNewTokens, "Shadow tokens count too")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command.add_option("--temperature", a.sampling.temperature, "0 is greedy")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    command.add_option("--top-p", a.sampling.topP, "1 is off")
        ->check(CLI::Range(1e-6, 1.0))
        ->capture_default_str();
    command.add_option("--top-k", a.sampling.topK, "0 is off")
        ->check(CLI::Range(0, 1000000))
        ->capture_default_str();
    command.add_option("--repetition-penalty", a.sampling.repetitionPenalty, "1 is off")
        ->check(CLI::Range(0.01, 100.0))
        ->capture_default_str();
}

void addPixelLimits(CLI::App& command, PixelLimits& limits) {
    command.add_option("--min-pixels", limits.min, "Smallest picture area after resizing")
        ->check(CLI::PositiveNumber);
    command.add_option("--max-pixels", limits.max, "Largest picture area after resizing")
        ->check(CLI::PositiveNumber);
}

LvrCheckpoint openCheckpoint(const ModelArguments& a) {
    auto checkpoint = LvrCheckpoint::open(
        a.model.empty() ? tinyModelFolder() : a.model,
        {.dtype = parseDtype(a.dtype), .device = parseDevice(a.device), .stop = interruption()});
    fitThreads(checkpoint.model);
    return checkpoint;
}

DecodeOptions decodeOptions(const DecodeArguments& a, const LvrCheckpoint& checkpoint) {
    const auto trained = checkpoint.provenance ? checkpoint.provenance->latentFeed : "";
    return {.exit = a.exit.empty() ? checkpoint.defaultExit() : parseExitRule(a.exit),
            .spanStart = a.forceStart ? SpanStart::Forced : SpanStart::Sampled,
            .spanEnd = a.forceEnd ? SpanEnd::Forced : SpanEnd::Sampled,
            .headPositions = parseHeads(a.headPositions),
            .latentFeed = parseFeed(a.latentFeed.empty() ? trained : a.latentFeed),
            .maxNewTokens = a.maxNewTokens,
            .sampling = a.sampling};
}

}  // namespace lvr
