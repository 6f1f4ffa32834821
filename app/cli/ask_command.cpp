
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <utility>
#include <variant>

#include "app/cli/asking.h"
#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/passes.h"
#include "core/error.h"
#include "core/files/json_file.h"
#include "core/files/safetensors.h"
#include "core/text/pre_tokenizer.h"
#include "core/torch.h"
#include "core/trace/trace_export.h"
#include "core/trace/trace_file.h"
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
    std::vector<std::string> questions;
    std::string lines;  // a file of them; "-": standard input
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
    const std::vector<torch::Tensor> held{
        torch::tensor(encoded.prompt.ids),
        encoded.prompt.sequence.positions.select(1, 0).contiguous(),
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

// What one answer leaves behind.
void checkOneQuestion(const AskArguments& a) {
    if (a.lines.empty() && a.questions.size() == 1) return;
    for (const auto& [flag, file] :
         {std::pair("--trace", &a.trace), {"--heatmaps", &a.heatmaps}, {"--dump", &a.dump}})
        if (!file->empty())
            throw UsageError(std::string(flag) +
                             " is of one answer, and several questions are asked; ask one, or "
                             "leave it out");
}

void checkQuestions(const AskArguments& a) {
    if (a.questions.empty() == a.lines.empty())
        throw UsageError(a.lines.empty()
                             ? "--question is required: say what to ask, or --jsonl FILE for "
                               "questions that are lines of JSON"
                             : "--question and --jsonl both say what to ask; give one of the two");
    checkOneQuestion(a);
}

DecodeSettings settingsOf(const AskArguments& a, const LvrCheckpoint& checkpoint) {
    auto settings = decodeSettings(a.decode, checkpoint);
    settings.options.thought = givenThought(a);
    setLatents(a.latents, settings.options, settings.origins);
    if (!a.system.empty()) settings.options.system = questionText(a.system);
    return settings;
}

// One question, with all that can be kept of its answer.
void askOne(const AskArguments& a, Asker& asker, const Question& question,
            std::optional<NothingToKeep>& stopsAtOnce) {
    Dump dump;
    RowHooks hooks;
    if (!a.dump.empty()) {
        hooks.onPrompt = [&](const torch::Tensor& hidden) {
            dump.promptHidden = hidden[0].to(torch::kCPU, torch::kFloat32).contiguous();
        };
        hooks.onLogits = [&](const torch::Tensor& logits) {
            dump.stepLogits.push_back(logits[0].clone());
        };
    }
    const auto asked = asker.ask(question, hooks, [&] { stopsAtOnce.reset(); });
    const auto& [encoded, trace] = asked;
    if (!a.trace.empty()) writeTrace(trace, a.trace);
    if (!a.heatmaps.empty()) writeHeatmaps(trace, a.heatmaps);
    if (!a.dump.empty() && !dump.stepLogits.empty()) {
        dump.promptLogits = dump.stepLogits.front();
        const auto& plan = encoded.pictures;
        writeDump(a.dump, preprocess(question.images, plan.sizes, plan.limits), encoded, trace,
                  dump);
    }
    if (a.json)
        std::cout << asker.jsonOf(asked).dump(2, ' ', false, Json::error_handler_t::replace)
                  << "\n";
    else
        std::cout << asker.textOf(asked);
}

void askLinesOf(const std::string& file, Asker& asker, const std::vector<Image>& pictures) {
    if (file == "-") return askLines(asker, pictures, std::cin, "standard input");
    std::ifstream lines(file, std::ios::binary);
    if (!lines || !fs::is_regular_file(file))
        throw Error("cannot read " + file +
                    "; --jsonl takes a file of questions, a line of JSON each, or - for standard "
                    "input");
    skipByteOrderMark(lines);
    askLines(asker, pictures, lines, file);
}

void ask(AskArguments& a) {
    checkQuestions(a);
    checkOutputs(a);
    checkLatents(a);
    std::optional<NothingToKeep> stopsAtOnce(std::in_place);  // until there is a token
    givenThought(a);
    std::vector<std::string> questions;
    for (const auto& question : a.questions) questions.push_back(questionText(question));
    std::vector<Image> pictures;
    for (const auto& file : a.images) pictures.push_back(readImage(file));
    const auto placement = placementOf(a.model);
    const auto checkpoint = openCheckpoint(a.model, placement);
    Asker asker(checkpoint, {.decoding = settingsOf(a, checkpoint),
                             .kind = a.rawPrompt ? PromptKind::Raw : PromptKind::Chat,
                             .placement = placement,
                             .json = a.json || !a.lines.empty()});
    if (questions.size() == 1) return askOne(a, asker, {pictures, questions.front()}, stopsAtOnce);
    stopsAtOnce.reset();
    if (questions.empty())
        askLinesOf(a.lines, asker, pictures);
    else
        askEach(asker, pictures, questions);
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
    addDialect(*command, a->model.dialect);
    command->add_option("--image,--image2", a->images, "Picture file; give it again for more")
        ->allow_extra_args(false);
    command
        ->add_option("--question", a->questions,
                     "Text, or @FILE; @@ for a text that begins with @. The pictures stand where "
                     "it has <image>, or before it. Give it again for more, which are answered "
                     "one after the other without reading the pictures again")
        ->allow_extra_args(false);
    command->add_option(
        "--jsonl", a->lines,
        "In place of --question: a file of questions, or - for standard input, a line of JSON "
        "each: {\"question\": TEXT, \"image\": FILE or [FILE, ...], \"id\": anything}. Without "
        "\"image\" it is about those of --image. Answers are lines of JSON, printed one by one");
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
    command->add_flag("--json", a->json,
                      "Print one JSON object; of several questions, a line each");
    command->footer(
        "Examples:\n  lvr ask --image scene.png --question \"What shape is the red object?\"\n"
        "  lvr ask --model Qwen/Qwen2.5-VL-3B-Instruct --image photo.jpg --question @q.txt --exit "
        "fixed:8 --force-start\n"
        "  lvr ask --image scene.png --question \"What shape is the red object?\" --thought-box "
        "0.13,0.26,0.24,0.37\n"
        "  lvr ask --image scene.png --question \"What is red?\" --question \"What is green?\" "
        "--json\n"
        "  lvr ask --jsonl questions.jsonl > answers.jsonl");
    command->callback([a] { ask(*a); });
}

}  // namespace lvr
