#include "app/cli/decode_arguments.h"

#include <iostream>

#include "app/cli/command.h"
#include "app/cli/passes.h"
#include "app/engine/tiny_model.h"
#include "app/training/pixel_limits.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/model/device.h"
#include "core/model/dtype.h"
#include "core/model/lvr_checkpoint.h"
#include "core/values/dialect.h"

namespace lvr {
namespace {

constexpr const char* kSeed = "seed";
constexpr const char* kPixels = "-pixels";

bool isFlag(const OptionField& field) {
    const auto* names = std::get_if<EnumNames>(&field.rule);
    return names && *names == EnumNames{"no", "yes"};
}

std::string ownDefault(const OptionField& field) {
    static const std::map<std::string, std::string> kElse{{"head-positions", ", else consistent"},
                                                          {"max-new-tokens", ", else 256"}};
    if (field.name == "force-end" || field.name.ends_with(kPixels)) return "";
    if (field.name == kSeed) return " (default: 0)";
    const auto other = kElse.find(field.name);
    return " (default: the model's own" + (other == kElse.end() ? "" : other->second) + ")";
}

std::string typeName(const OptionField& field) {
    if (field.shape == OptionField::Shape::Integer) return "UINT";
    return field.shape == OptionField::Shape::Number ? "FLOAT" : "TEXT";
}

CLI::Validator isValid(const OptionField& field) {
    return passes([field](const std::string& text) { check(field, text); });
}

void addDecodeOption(CLI::App& command, const OptionField& field, DecodeArguments& a) {
    const auto flag = "--" + field.name, help = field.help + ownDefault(field);
    if (isFlag(field)) {
        command.add_flag_function(
            flag + ",!--no-" + field.name,
            [&a, field](std::int64_t times) { a[field.name] = times > 0 ? "yes" : "no"; }, help);
        return;
    }
    command
        .add_option_function<std::string>(
            flag, [&a, field](const std::string& text) { a[field.name] = text; }, help)
        ->type_name(typeName(field))
        ->check(isValid(field));
}

// LVR's own way is what everybody expects.
void sayHowItThinks(const LvrCheckpoint& checkpoint) {
    const auto& dialect = checkpoint.rules.dialect;
    const auto& choice = checkpoint.dialectChoice;
    if (dialect.name == "lvr") return;
    if (dialect.name == "plain")
        std::cerr << "lvr: it is a plain model (" << choice.reason << "): " << ruleText(dialect)
                  << (choice.isAsked ? "" : "; --dialect names a method where that is wrong")
                  << "\n";
    else
        std::cerr << "lvr: it thinks as " << dialect.method << " (" << choice.reason
                  << "): " << ruleText(dialect) << "\n";
}

std::string dialectNames() {
    std::string names;
    for (const auto& one : dialects()) names += (names.empty() ? "" : ", ") + one.name;
    return names;
}

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

void addThreads(CLI::App& command, int& threads) {
    command
        .add_option("--threads", threads,
                    "CPU threads (default: one for a model too small to share, else all cores)")
        ->check(wholeFrom(1));
}

void addDialect(CLI::App& command, std::string& dialect, const std::string& flag) {
    command
        .add_option(flag, dialect,
                    (flag == "--dialect" ? "How the model thinks" : "How that one thinks") +
                        std::string(", where its own files don't say so rightly: ") +
                        dialectNames() +
                        "; NAME:ID where its tokenizer has no names for the tokens, which are "
                        "those from ID on")
        ->check(
            passes([](const std::string& text) { dialectNamed(text.substr(0, text.find(':'))); }));
}

void addDialectName(CLI::App& command, std::string& dialect, const std::string& about) {
    command.add_option("--dialect", dialect, about + ": " + dialectNames())
        ->check(passes([](const std::string& text) { dialectNamed(text); }));
}

void addDecodeOptions(CLI::App& command, DecodeArguments& a) {
    for (const auto& field : fieldsOf(DecodeOptions()))
        if (field.name != kSeed) addDecodeOption(command, field, a);
}

void addDecodeSeed(CLI::App& command, DecodeArguments& a) {
    for (const auto& field : fieldsOf(DecodeOptions()))
        if (field.name == kSeed) addDecodeOption(command, field, a);
}

void addPixelLimits(CLI::App& command, PixelLimits& limits) {
    for (const auto& field : fieldsOf(DecodeOptions()))
        if (field.name.ends_with(kPixels))
            command
                .add_option("--" + field.name, field.name == "min-pixels" ? limits.min : limits.max,
                            field.help)
                ->check(isValid(field));
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
        {.dtype = placement.dtype, .device = placement.device, .stop = interruption()}, a.dialect);
    sayHowItThinks(checkpoint);
    for (const auto& warning : checkpoint.warnings) std::cerr << "lvr: " << warning << "\n";
    fitThreads(checkpoint.model, a.threads);
    return checkpoint;
}

DecodeSettings decodeSettings(const DecodeArguments& a, const LvrCheckpoint& checkpoint) {
    auto settings = checkpoint.decoding();
    auto& options = settings.options;
    for (const auto& [name, text] : a) {
        setOption(options, name, text);
        settings.origins[name] = "flag";
    }
    if (std::holds_alternative<NearLatentEnd>(options.exit) &&
        !checkpoint.model.latentEnd().defined())
        std::cerr << "lvr: " << toText(options.exit)
                  << " ends a thought at its cap only: the model has no lvr_latent_end_emb\n";
    auto pictures = checkpoint.preprocess;
    apply(options.pixels, pictures);
    return settings;
}

}  // namespace lvr
