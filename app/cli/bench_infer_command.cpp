#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/bench_measure.h"
#include "app/cli/bench_models.h"
#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/passes.h"
#include "app/cli/random_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/checkpoint/model_config.h"
#include "core/error.h"
#include "core/kernels/threads.h"
#include "core/model/device.h"
#include "core/model/quantise_checkpoint.h"
#include "core/torch.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

struct InferArguments {
    std::string model, reference, dialect, quantized = "none";
    RandomFolder random{.shape = "qwen2.5-vl-3b", .layers = 6, .visionLayers = 8};
    std::int64_t visualTokens = 256, group = 32;
    int threads = 0, repeats = 5, rows = 8;
    double slowMemory = 8;  // GB
    bool questions = false, json = false;
};

// The folders that are measured: what answers, and the same weights for the slow way.
struct Folders {
    fs::path fast, slow;
};

Folders foldersOf(const InferArguments& a, const fs::path& scratch) {
    Folders folders;
    if (a.model.empty()) {
        folders.slow = scratch / "random";
        writeRandomFolder(a.random, folders.slow);
    } else {
        folders.slow = findCheckpoint(a.reference.empty() ? a.model : a.reference);
    }
    folders.fast = a.model.empty() ? folders.slow : findCheckpoint(a.model);
    if (readQuantisation(folders.slow))
        throw Error(folders.slow.string() +
                    " has its weights as integers, which the slow way can't read; name the "
                    "checkpoint it was made from with --reference");
    if (a.quantized == "none") return folders;
    folders.fast = scratch / a.quantized;
    quantiseCheckpoint(folders.slow, {a.quantized == "int4" ? 4 : 8, a.group}, folders.fast,
                       {.stop = interruption()});
    return folders;
}

LvrCheckpoint openAs(const fs::path& folder, torch::Dtype dtype, const std::string& dialect) {
    return LvrCheckpoint::open(
        folder.string(), {.dtype = dtype, .device = torch::kCPU, .stop = interruption()}, dialect);
}

// GB that a float32 copy of the weights takes; 0 where they are float32 in their file.
double slowNeeds(const ModelSize& size) {
    return size.dtype == DType::F32 ? 0 : 4e-9 * static_cast<double>(size.parameters);
}

// Nothing where it would take more memory than it may, or than is free.
std::optional<LvrCheckpoint> openSlow(const fs::path& folder, double most,
                                      const std::string& dialect) {
    const auto needs = slowNeeds(sizeOf(folder));
    const auto free = static_cast<double>(Machine::look().freeBytes) * 1e-9;
    const bool isTooMuch = needs > most || (free > 0 && needs + 1 > free);
    if (isTooMuch || needs > 0)
        std::fprintf(stderr, "note: the slow way wants its weights in float32, %.1f GB%s\n", needs,
                     needs > most ? ", and is left out (--slow-memory)"
                     : isTooMuch  ? ", which are not free, and is left out"
                                  : "");
    if (isTooMuch) return std::nullopt;
    return openAs(folder, torch::kFloat32, dialect);
}

// Peers are no part of this program; what to run on the same weights to have theirs.
void printPeers(const Folders& folders, const InferArguments& a) {
    std::printf(
        "the same elsewhere, on a folder that stays (--model):\n"
        "  transformers  model = %s.from_pretrained(%s, "
        "dtype=torch.bfloat16); torch.set_num_threads(%d); time model(...)\n"
        "  llama.cpp     convert_hf_to_gguf.py %s --outtype bf16 --outfile m.gguf && llama-bench "
        "-m m.gguf -t %d -p %lld -n 32\n"
        "                llama-quantize m.gguf q.gguf Q8_0 (Q4_0), then the same with q.gguf\n",
        readModelConfig(folders.slow).backbone->architecture.c_str(), folders.slow.c_str(),
        at::get_num_threads(), folders.slow.c_str(), at::get_num_threads(),
        static_cast<long long>(a.visualTokens + 100));
}

void sayHow(const BenchModels& models, const Placement& placement) {
    print(models.ceilings);
    std::printf(
        "%s; the slow way is float32, product by product by LibTorch, as a training computes\n",
        toText(placement).c_str());
    std::fflush(stdout);
}

void benchInfer(const InferArguments& a) {
    const torch::NoGradGuard off;
    const TemporaryFolder scratch;
    const auto folders = foldersOf(a, scratch.path);
    const auto placement = placeHere({.device = "cpu"}, folders.fast);
    const auto fast = openAs(folders.fast, placement.dtype, a.dialect);
    fitThreads(fast.model, a.threads);
    const BenchModels models{.fast = fast,
                             .slow = openSlow(folders.slow, a.slowMemory, a.dialect),
                             .visualTokens = a.visualTokens,
                             .rows = a.rows,
                             .repeats = a.repeats,
                             .ceilings = measureCeilings(onThreads)};
    if (models.slow &&
        tensorShapes(models.slow->model.config()) != tensorShapes(models.fast.model.config()))
        throw Error(folders.fast.string() + " was not made from " + folders.slow.string() +
                    ": their tensors have other shapes; --reference names the checkpoint it was "
                    "made from");
    auto json = toJson(models.ceilings);
    json["computation"] = toText(placement);
    json["figures"] = nlohmann::ordered_json::array();
    if (!a.json) sayHow(models, placement);
    const auto report = [&](const BenchFigure& figure) {
        json["figures"].push_back(toJson(figure));
        if (!a.json) print(figure);
    };
    benchPasses(models, report);
    if (a.questions) benchQuestions(models, report);
    if (a.json)
        std::cout << json.dump(2) << "\n";
    else
        printPeers(folders, a);
}

}  // namespace

void addBenchInferCommand(CLI::App& bench) {
    auto a = std::make_shared<InferArguments>();
    auto* command = bench.add_subcommand(
        "infer", "Prompt, steps and picture: times, shares of what the CPU can do, correctness");
    auto* model =
        command->add_option("--model", a->model, "Checkpoint (default: random weights of --shape)");
    addDialect(*command, a->dialect);
    command->get_option("--dialect")->needs(model);
    command
        ->add_option("--reference", a->reference,
                     "The checkpoint that a quantised --model was made from")
        ->needs(model);
    command->add_option("--shape", a->random.shape, "As lvr model random has it")
        ->capture_default_str()
        ->excludes(model);
    const auto number = [&](const char* flag, auto& value, const char* help) {
        return command->add_option(flag, value, help)->check(wholeFrom(1))->capture_default_str();
    };
    number("--layers", a->random.layers, "Of the language model, of random weights")
        ->excludes(model);
    number("--vision-layers", a->random.visionLayers, "Of the vision tower, of random weights")
        ->excludes(model);
    command->add_option("--dtype", a->random.dtype, "Of random weights: float32 or bfloat16")
        ->check(CLI::IsMember({"float32", "bfloat16"}))
        ->capture_default_str()
        ->excludes(model);
    auto* quantized =
        command->add_option("--quantized", a->quantized, "Measure it quantised: int8 or int4")
            ->check(CLI::IsMember({"none", "int8", "int4"}))
            ->capture_default_str();
    number("--group", a->group, "Of --quantized")->needs(quantized);
    number("--visual-tokens", a->visualTokens, "Of the picture");
    number("--rows", a->rows, "Of the step of several");
    number("--repeats", a->repeats, "Medians are of so many");
    command->add_option("--threads", a->threads, "CPU threads (default: as for lvr ask)")
        ->check(wholeFrom(1));
    command
        ->add_option(
            "--slow-memory", a->slowMemory,
            "GB that the slow way's float32 weights may take; else it is left out. A whole "
            "3B wants 15")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command->add_flag("--questions", a->questions,
                      "Also whole questions: a second one about a picture beside the first, a "
                      "picture to 8 latents and 20 tokens, --rows rollouts beside one by one");
    command->add_flag("--json", a->json, "Print one JSON object");
    command->footer(
        "As the table in resources/studies has it: lvr bench infer --questions\n"
        "With a large picture: lvr bench infer --visual-tokens 1024 --questions\n"
        "A whole 3B: lvr bench infer --layers 36 --vision-layers 32 --slow-memory 16\n"
        "Quantised, for a program: lvr bench infer --quantized int4 --json");
    command->callback([a] { benchInfer(*a); });
}

}  // namespace lvr
