
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <utility>
#include <variant>

#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/passes.h"
#include "core/decode/decoder.h"
#include "core/error.h"
#include "core/files/json_file.h"
#include "core/files/safetensors.h"
#include "core/text/pre_tokenizer.h"
#include "core/torch.h"
#include "core/trace/trace_export.h"
#include "core/trace/trace_file.h"
#include "core/trace/trace_json.h"
#include "core/values/box_text.h"
#include "core/values/intervention.h"
#include "core/vision/image_file.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

struct AskArguments {
    ModelArguments model;
    DecodeArguments decode;
    std::vector<fs::path> images;
    std::string question;
    std::vector<std::string> thoughtBoxes;
    bool thoughtMeans = false;
    std::string latents, system;
    bool rawPrompt = false, json = false;
    fs::path trace, heatmaps, dump;
};

// Everything --dump writes, collected while decoding.
struct Dump {
    torch::Tensor promptHidden, promptLogits;
    std::vector<torch::Tensor> stepLogits;
};

// Outputs are refused before the model is run, not after.
void checkOutputs(const AskArguments& a) {
    for (const auto& file : {a.trace, a.dump}) {
        if (file.empty()) continue;
        const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
        if (!fs::is_directory(folder))
            throw Error("there is no folder " + folder.string() + " to write " +
                        file.filename().string() + " to");
    }
    if (!a.heatmaps.empty() && fs::exists(a.heatmaps) && !fs::is_directory(a.heatmaps))
        throw Error(a.heatmaps.string() + " is a file; --heatmaps takes a folder");
}

void writeHeatmaps(const Trace& trace, const fs::path& folder) {
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) throw Error("cannot create " + folder.string() + ": " + failed.message());
    const auto images = static_cast<int>(trace.question.images.size());
    for (int i = 0; i < images; ++i) {
        const HeatPictures pictures(trace, {.image = i});
        const auto of = images > 1 ? "_image" + std::to_string(i + 1) : std::string();
        for (int step = 0; step < pictures.count(); ++step)
            writePng(pictures.draw(step, figureSize(pictures.picture(), 1)),
                     folder / ("step" + std::to_string(step + 1) + of + ".png"));
    }
}

TensorBytes bytesOf(const std::string& name, const torch::Tensor& tensor) {
    return {name, tensor.scalar_type() == torch::kInt64 ? DType::I64 : DType::F32,
            tensor.sizes().vec(), tensor.data_ptr()};
}

void writeDump(const fs::path& file, const Pixels& pixels, const EncodedQuestion& encoded,
               const Trace& trace, const Dump& dump) {
    const std::int64_t size = trace.hiddenSize, images = std::ssize(pixels.gridThw);
    const auto grids = torch::empty({images, 3}, torch::kInt64);
    for (std::int64_t i = 0; i < images; ++i)
        for (int axis = 0; axis < 3; ++axis) grids[i][axis] = pixels.gridThw[i][axis];
    const auto matrix = [&](at::ArrayRef<float> values, std::int64_t width) {
        return torch::tensor(values).view({-1, width}).contiguous();
    };
    const auto width =
        images ? std::ssize(pixels.values) /
                     std::max<std::int64_t>(
                         1, (grids.select(1, 0) * grids.select(1, 1) * grids.select(1, 2))
                                .sum()
                                .item<std::int64_t>())
               : 1176;
    const std::vector<torch::Tensor> held{torch::tensor(encoded.prompt.ids),
                                          encoded.prompt.positions.ids.contiguous(),
                                          grids,
                                          matrix(pixels.values, width),
                                          matrix(trace.imageTokens, size),
                                          dump.promptHidden,
                                          dump.promptLogits,
                                          matrix(trace.latents, size),
                                          torch::stack(dump.stepLogits)};
    const char* names[] = {"prompt_ids",    "position_ids", "grid_thw",
                           "pixel_values",  "image_tokens", "prompt_hidden",
                           "prompt_logits", "latents",      "step_logits"};
    std::vector<TensorBytes> tensors;
    for (std::size_t i = 0; i < held.size(); ++i) tensors.push_back(bytesOf(names[i], held[i]));
    writeSafetensors(file, tensors);
}

Box parseThoughtBox(const std::string& text, std::size_t number) {
    try {
        return parseBox(text);
    } catch (const Error& error) {
        throw UsageError("thought box " + std::to_string(number) + ": " + error.what());
    }
}

GivenThought givenThought(const AskArguments& a) {
    GivenThought thought;
    for (const auto& text : a.thoughtBoxes)
        thought.boxes.push_back(parseThoughtBox(text, thought.boxes.size() + 1));
    if (a.thoughtMeans) thought.slotRule = GivenThought::Slots::OnePerBox;
    check(thought);
    return thought;
}

constexpr const char *kSwap = "swap:", *kOtherPicture = "other-picture:";

bool lendsLatents(const std::string& latents) {
    return latents.starts_with(kSwap) || latents.starts_with(kOtherPicture);
}

// What the spelling of interventions is called among the options of decoding.
std::string feedOf(const std::string& latents) {
    const auto asked = parseIntervention(latents);
    if (asked == Intervention{.kind = asked.kind}) switch (asked.kind) {
            case InterventionKind::Own:
                return "own";
            case InterventionKind::Zero:
                return "zero";
            case InterventionKind::Noise:
                return "noise";
            case InterventionKind::Snap:
                return "snap";
            case InterventionKind::MarkersOnly:
                return "none";
            default:
                break;
        }
    throw Error("an answer can't be asked for with latents \"" + latents +
                "\"; valid are own, zero, noise, snap, markers-only and "
                "other-picture:F.lvrtrace; lvr diagnose tries the others");
}

// Before anything is read.
void checkLatents(const AskArguments& a) {
    if (a.latents.empty()) return;
    const auto isOnly = [&](const char* prefix) { return a.latents == prefix; };
    if (!lendsLatents(a.latents) || isOnly(kSwap) || isOnly(kOtherPicture)) try {
            feedOf(a.latents);
        } catch (const Error& error) {
            throw UsageError(std::string("--latents: ") + error.what());
        }
    if (!a.thoughtBoxes.empty())
        throw UsageError(
            "--thought-box gives the thought, so that --latents has none to replace; "
            "give one of the two");
}

// "markers-only", "zero", "noise", "snap", "own", or "other-picture:F.lvrtrace".
void setLatents(const std::string& text, DecodeOptions& options, OptionOrigins& origins) {
    if (text.empty()) return;
    if (origins["latent-feed"] == "flag")
        throw UsageError("--latents and --latent-feed say the same thing; give one of the two");
    if (std::holds_alternative<NoLatents>(options.exit))
        throw UsageError(
            "--exit none has no latents, so that --latents has none to replace; choose "
            "another exit rule");
    origins["latent-feed"] = "flag";
    if (!lendsLatents(text)) {
        setOption(options, "latent-feed", feedOf(text));
        return;
    }
    const auto file = text.substr(text.find(':') + 1);
    const auto other = readTrace(file);
    if (other.latents.empty()) throw Error(file + " holds no latents; take an answer that thought");
    options.latentFeed = LatentFeed::Swap;
    options.borrowed = {.from = file,
                        .values = std::make_shared<const std::vector<float>>(other.latents),
                        .width = other.hiddenSize};
}

// On the terminal, before the pictures are encoded.
void sayPlan(const PicturePlan& plan, const Question& question, const LvrCheckpoint& checkpoint,
             const DecodeOptions& options) {
    for (std::size_t i = 0; i < plan.sizes.size(); ++i) {
        const auto& shown = question.images[i];
        std::cerr << "lvr: picture " << i + 1 << ": " << shown.width << "x" << shown.height
                  << " read as " << plan.sizes[i].width << "x" << plan.sizes[i].height << ", "
                  << plan.grids[i].count() << " visual tokens\n";
    }
    if (!plan.lowered) return;
    const auto asked = limitedTo(options.pixels, checkpoint.preprocess);
    std::cerr << "lvr: " << (options.pixels.max ? "--max-pixels " : "the model's max_pixels ")
              << asked.maxPixels << " does not fit beside question and answer into the "
              << checkpoint.model.config().text.maxPositionEmbeddings
              << " positions of this model; lowered to " << plan.limits.maxPixels << "\n";
}

nlohmann::ordered_json picturesJson(const PicturePlan& plan, const Question& question) {
    auto pictures = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < plan.sizes.size(); ++i)
        pictures.push_back({{"width", question.images[i].width},
                            {"height", question.images[i].height},
                            {"read_width", plan.sizes[i].width},
                            {"read_height", plan.sizes[i].height},
                            {"visual_tokens", plan.grids[i].count()}});
    return pictures;
}

void printStep(const DecodeStep& step) {
    if (const auto* latent = std::get_if<LatentStep>(&step.what))
        std::cerr << "[latent " << latent->index + 1 << "]" << std::flush;
    else
        std::cerr << step.text << std::flush;
}

void ask(AskArguments& a) {
    checkOutputs(a);
    checkLatents(a);
    std::optional<NothingToKeep> stopsAtOnce(std::in_place);  // until there is a token
    const auto thought = givenThought(a);
    Question question{{}, questionText(a.question)};
    for (const auto& file : a.images) question.images.push_back(readImage(file));
    const auto placement = placementOf(a.model);
    const auto checkpoint = openCheckpoint(a.model, placement);
    auto [options, origins] = decodeSettings(a.decode, checkpoint);
    options.thought = thought;
    setLatents(a.latents, options, origins);
    if (!a.system.empty()) options.system = questionText(a.system);
    const auto kind = a.rawPrompt ? PromptKind::Raw : PromptKind::Chat;
    const auto encoded = encodeQuestion(checkpoint, question, options,
                                        {.kind = kind,
                                         .onPlan =
                                             [&](const PicturePlan& plan) {
                                                 if (!a.json || plan.lowered)
                                                     sayPlan(plan, question, checkpoint, options);
                                             },
                                         .watch = {.stop = interruption()}});
    Dump dump;
    RowHooks hooks{.stop = interruption()};
    if (!a.dump.empty()) {
        hooks.onPrompt = [&](const torch::Tensor& hidden) {
            dump.promptHidden = hidden[0].to(torch::kCPU, torch::kFloat32).contiguous();
        };
        hooks.onLogits = [&](const torch::Tensor& logits) {
            dump.stepLogits.push_back(logits[0].clone());
        };
    }
    auto trace =
        decodeEncoded(checkpoint, question, encoded, options, hooks, [&](const DecodeStep& step) {
            stopsAtOnce.reset();
            if (!a.json) printStep(step);
        });
    trace.origins = origins;
    if (!a.json) std::cerr << "\n";
    if (!a.trace.empty()) writeTrace(trace, a.trace);
    if (!a.heatmaps.empty()) writeHeatmaps(trace, a.heatmaps);
    if (!a.dump.empty() && !dump.stepLogits.empty()) {
        dump.promptLogits = dump.stepLogits.front();
        const auto& plan = encoded.pictures;
        writeDump(a.dump, preprocess(question.images, plan.sizes, plan.limits), encoded, trace,
                  dump);
    }
    if (a.json)
        std::cout << toJsonText(trace, {{"computation", toText(placement)},
                                        {"pictures", picturesJson(encoded.pictures, question)}});
    else
        std::cout << toReadableText(trace) << "computed in " << toText(placement) << "\n";
}

}  // namespace

std::string questionText(const std::string& given) {
    std::string text = given;
    if (given.starts_with("@@")) {
        text = given.substr(1);
    } else if (given.starts_with("@")) {
        std::ifstream file(given.substr(1), std::ios::binary);
        if (!file || !fs::is_regular_file(given.substr(1)))
            throw Error("cannot read " + given.substr(1) +
                        "; @FILE takes the text from a file, @@TEXT is a text that begins with @");
        skipByteOrderMark(file);
        text.assign(std::istreambuf_iterator<char>(file), {});
    }
    if (text.find_first_not_of(" \t\r\n") == std::string::npos)
        throw UsageError("the text is empty; say what to ask");
    if (toValidUtf8(text) != text) throw Error("the text is not UTF-8; save or type it as UTF-8");
    return text;
}

void addAskCommand(CLI::App& app) {
    auto a = std::make_shared<AskArguments>();
    auto* command = app.add_subcommand("ask", "Ask a picture and see each latent step");
    addModelOptions(*command, a->model);
    addThreads(*command, a->model.threads);
    command->add_option("--image,--image2", a->images, "Picture file; give it again for more")
        ->allow_extra_args(false);
    command
        ->add_option(
            "--question", a->question,
            "Text, or @FILE; @@ for a text that begins with @. The pictures stand where it "
            "has <image>, or before it")
        ->required();
    command->add_flag("--raw-prompt", a->rawPrompt,
                      "The question is the whole prompt, special tokens recognised");
    addDecodeOptions(*command, a->decode);
    auto* boxes =
        command
            ->add_option("--thought-box", a->thoughtBoxes,
                         "x0,y0,x1,y1 in fractions of the first picture, or x0,y0,x1,y1,N "
                         "of picture N, counted from 0; give it again for more: the model "
                         "thinks of these regions, whatever it would have looked at, then "
                         "answers")
            ->allow_extra_args(false);
    command
        ->add_flag("--thought-means", a->thoughtMeans,
                   "One slot a box, the mean of its visual tokens (default: the targets that "
                   "training made of a box)")
        ->needs(boxes);
    addDecodeSeed(*command, a->decode);
    command->add_option(
        "--system", a->system,
        "What the model is told before the question, or @FILE (default: \"You are a "
        "helpful assistant.\")");
    command->add_option("--latents", a->latents,
                        "What is fed for the model's own latents, to see whether the answer needs "
                        "them: markers-only, zero, noise, snap, or other-picture:F.lvrtrace for "
                        "those of another answer; old words: none, swap:F.lvrtrace");
    command->add_option("--trace", a->trace, "Write everything to F.lvrtrace")
        ->check(endsIn(".lvrtrace"));
    command->add_option("--heatmaps", a->heatmaps, "Write one PNG a latent step to this folder");
    command->add_option("--dump", a->dump, "Write tensors to F.safetensors")
        ->check(endsIn(".safetensors"));
    command->add_flag("--json", a->json, "Print one JSON object");
    command->footer(
        "Examples:\n  lvr ask --image scene.png --question \"What shape is the red object?\"\n"
        "  lvr ask --model Qwen/Qwen2.5-VL-3B-Instruct --image photo.jpg --question @q.txt --exit "
        "fixed:8 --force-start\n"
        "  lvr ask --image scene.png --question \"What shape is the red object?\" --thought-box "
        "0.13,0.26,0.24,0.37");
    command->callback([a] { ask(*a); });
}

}  // namespace lvr
