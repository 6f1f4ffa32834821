#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/bench_figure.h"
#include "app/cli/bench_measure.h"
#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/passes.h"
#include "app/cli/random_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/decode/decoder.h"
#include "core/error.h"
#include "core/eval/agreement.h"
#include "core/kernels/threads.h"
#include "core/model/quantise_checkpoint.h"
#include "core/torch.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kTextTokens = 100;  // of the prompt, beside the picture's
constexpr std::int64_t kCompared = 64;     // last positions of the prompt
constexpr int kLatents = 8, kAnswer = 20;

struct InferArguments {
    std::string model, reference, quantized = "none";
    RandomFolder random{.shape = "qwen2.5-vl-3b", .layers = 6, .visionLayers = 8};
    std::int64_t visualTokens = 1024;
    std::int64_t group = 32;
    int threads = 0, repeats = 5, rows = 8;
    bool answer = false, json = false;
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

// Of rows with rows, in float64: equal ones have 1.
double lowestCosine(const torch::Tensor& a, const torch::Tensor& b) {
    return torch::cosine_similarity(a.to(torch::kFloat64), b.to(torch::kFloat64), 1)
        .min()
        .item<double>();
}

// A prompt of random tokens that has been read, and what a step goes on from.
struct ReadPromptOf {
    torch::Tensor embeddings, positions;  // [1, T, D], [3, 1, T]
    KvCache cache;
};

torch::Tensor positionsAt(std::int64_t first, std::int64_t count, std::int64_t rows) {
    return torch::arange(first, first + count).view({1, 1, count}).expand({3, rows, count});
}

double bytesOf(const LvrModel& model, const std::string& prefix) {
    double bytes = 0;
    for (const auto& [name, tensor] : model.parameters())
        if (name.starts_with(prefix)) bytes += static_cast<double>(tensor.nbytes());
    return bytes;
}

// Of matrices alone, a multiply-add counted as two; their inputs are `rows` vectors.
double operationsOf(const LvrModel& model, const std::string& prefix, double rows) {
    double operations = 0;
    for (const auto& [name, shape] : tensorShapes(model.config()))
        if (name.starts_with(prefix) && shape.size() >= 2)
            operations += 2 * rows * static_cast<double>(c10::multiply_integers(shape));
    return operations;
}

class InferBench {
public:
    InferBench(const InferArguments& a, LvrCheckpoint fast, LvrCheckpoint slow)
        : a_(a),
          fast_(std::move(fast)),
          slow_(std::move(slow)),
          prompt_(a.visualTokens + kTextTokens),
          ids_(torch::randint(fast_.model.config().text.vocabSize, {1, prompt_}, torch::kInt64)),
          ceilings_(measureCeilings(onThreads)) {}

    const Ceilings& ceilings() const { return ceilings_; }

    void run(const std::function<void(const BenchFigure&)>& report) {
        report(prefill());
        for (const auto& figure : steps()) report(figure);
        report(vision());
        if (a_.answer) report(answer());
    }

private:
    torch::Tensor read(const LvrModel& model, KvCache& cache) const {
        return model.hidden(model.embed(ids_), positionsAt(0, prompt_, 1), {.cache = &cache});
    }
    // What the two make of the prompt: each reads it once for the steps to come.
    void compare(BenchFigure& figure, const torch::Tensor& fast, const torch::Tensor& slow) const {
        const auto last = [&](const torch::Tensor& hidden) {
            const auto count = std::min(kCompared, hidden.size(1));
            return hidden.narrow(1, hidden.size(1) - count, count).flatten(0, 1);  // [n, D]
        };
        const auto one = last(fast).to(torch::kFloat32), other = last(slow).to(torch::kFloat32);
        figure.cosine = lowestCosine(one, other);
        Agreement agreement;
        agreement.add(slow_.model.logits(last(slow)), fast_.model.logits(last(fast)));
        figure.sameTop = agreement.topShare();
    }

    // What has gradients is left to LibTorch, product by product.
    torch::Tensor readSlowly(KvCache& cache) const {
        const torch::AutoGradMode on(true);
        return read(slow_.model, cache).detach();
    }

    BenchFigure prefill() {
        const auto times = medians(
            std::min(a_.repeats, 3),
            [&] {
                KvCache cache(prompt_);
                read(fast_.model, cache);
            },
            [&] {
                KvCache cache;
                readSlowly(cache);
            });
        BenchFigure figure{.name = "prompt of " + std::to_string(prompt_) + " positions",
                           .seconds = times.first,
                           .referenceSeconds = times.second};
        fastCache_ = KvCache(prompt_ + 1);
        KvCache slow;
        compare(figure, read(fast_.model, fastCache_), readSlowly(slow));
        slowCache_ = slow.fork(torch::zeros({1}, torch::kInt64), prompt_ + 1);
        const auto& text = fast_.model.config().text;
        const double attention = 2.0 * text.numHiddenLayers * text.hiddenSize *
                                 static_cast<double>(prompt_) * static_cast<double>(prompt_);
        return ofOperations(
            figure,
            operationsOf(fast_.model, "model.layers.", static_cast<double>(prompt_)) + attention,
            ceilings_);
    }

    enum class Step { Token, Latent };
    // One position for each row; what was read of the prompt stays as it is.
    torch::Tensor stepWith(const LvrModel& model, KvCache cache, Step kind, int rows) const {
        const auto embeddings =
            model.embed(ids_.narrow(1, 0, 1)).expand({rows, 1, -1}).contiguous();
        const auto hidden =
            model.hidden(embeddings, positionsAt(prompt_, 1, rows), {.cache = &cache});
        return kind == Step::Latent ? model.latent(hidden) : model.logits(hidden);
    }
    torch::Tensor step(Step kind, int rows) const {
        return stepWith(fast_.model, fastCache_.ahead(torch::zeros({rows}, torch::kInt64), 1), kind,
                        rows);
    }
    torch::Tensor stepSlowly(Step kind, int rows) const {
        auto cache = slowCache_.fork(torch::zeros({rows}, torch::kInt64), prompt_ + 1);
        const torch::AutoGradMode on(true);
        return stepWith(slow_.model, std::move(cache), kind, rows).detach();
    }

    BenchFigure stepOf(const std::string& name, Step kind, int rows) const {
        const auto times = medians(
            a_.repeats, [&] { step(kind, rows); }, [&] { stepSlowly(kind, rows); });
        BenchFigure figure{.name = name, .seconds = times.first, .referenceSeconds = times.second};
        compareStep(figure, step(kind, rows), stepSlowly(kind, rows), kind);
        return ofBytes(figure, bytesOfStep(kind), ceilings_);
    }
    static void compareStep(BenchFigure& figure, const torch::Tensor& fast,
                            const torch::Tensor& slow, Step kind) {
        const auto one = fast.flatten(0, 1), other = slow.flatten(0, 1);
        figure.cosine = lowestCosine(one, other);
        if (kind == Step::Token)
            figure.sameTop =
                (one.argmax(-1) == other.argmax(-1)).to(torch::kFloat32).mean().item<double>();
    }
    double bytesOfStep(Step kind) const {
        const auto layers = bytesOf(fast_.model, "model.layers.");
        if (kind == Step::Latent) return layers + bytesOf(fast_.model, "lvr_head.");
        const auto head = bytesOf(fast_.model, "lm_head.");
        return layers + (head > 0 ? head : bytesOf(fast_.model, "model.embed_tokens."));
    }
    std::vector<BenchFigure> steps() const {
        const auto rows = std::to_string(a_.rows);
        return {stepOf("token step", Step::Token, 1), stepOf("latent step", Step::Latent, 1),
                stepOf("token step of " + rows + " rows", Step::Token, a_.rows)};
    }

    // As near to a square as whole cells allow.
    Image picture() const {
        const auto& vision = fast_.model.config().vision;
        const int cell = vision.patchSize * vision.spatialMergeSize;
        const int rows = std::max(1, static_cast<int>(std::sqrt(a_.visualTokens)));
        const int cols = static_cast<int>(a_.visualTokens / rows);
        Image image{cols * cell, rows * cell, {}};
        image.rgb.resize(3 * static_cast<std::size_t>(image.width) * image.height);
        for (std::size_t i = 0; i < image.rgb.size(); ++i)
            image.rgb[i] = static_cast<std::uint8_t>(i * 2654435761U >> 24);
        return image;
    }

    torch::Tensor lookSlowly(const Pixels& pixels) const {
        const torch::AutoGradMode on(true);
        return slow_.model.imageTokens(pixels).detach();
    }
    BenchFigure vision() const {
        const auto pixels = patchify({picture()}, fast_.preprocess);
        const auto times = medians(
            1, [&] { fast_.model.imageTokens(pixels); }, [&] { lookSlowly(pixels); });
        const auto patches = static_cast<double>(pixels.gridThw[0][1] * pixels.gridThw[0][2]);
        BenchFigure figure{
            .name = "picture of " + std::to_string(pixels.grids[0].count()) + " visual tokens",
            .seconds = times.first,
            .referenceSeconds = times.second};
        figure.cosine = lowestCosine(fast_.model.imageTokens(pixels), lookSlowly(pixels));
        return ofOperations(figure, operationsOfVision(patches), ceilings_);
    }
    double operationsOfVision(double patches) const {
        const auto& v = fast_.model.config().vision;
        const double merged = patches / (v.spatialMergeSize * v.spatialMergeSize);
        const double full = static_cast<double>(v.fullattBlockIndexes.size());
        return operationsOf(fast_.model, "visual.patch_embed.", patches) +
               operationsOf(fast_.model, "visual.blocks.", patches) +
               operationsOf(fast_.model, "visual.merger.", merged) +
               4 * full * patches * patches * v.hiddenSize;
    }

    // From a picture to the last token of an answer.
    Trace ask(const LvrCheckpoint& checkpoint) const {
        DecodeOptions options{.exit = FixedSteps{kLatents},
                              .spanStart = SpanStart::Forced,
                              .maxNewTokens = kLatents + kAnswer + 2};
        options.pixels = {1, std::int64_t{1} << 30};
        return decode(checkpoint, {{picture()}, "What is this?"}, options, PromptKind::Chat, {},
                      interruption());
    }
    BenchFigure answer() const {
        BenchFigure figure{.name = "picture, 8 latents, 20 tokens"};
        figure.seconds = median(1, [&] { ask(fast_); });
        return figure;
    }

    const InferArguments& a_;
    LvrCheckpoint fast_, slow_;
    std::int64_t prompt_;
    torch::Tensor ids_;  // [1, T]
    Ceilings ceilings_;
    KvCache fastCache_, slowCache_;
};

LvrCheckpoint openFast(const fs::path& folder) {
    return LvrCheckpoint::open(folder.string(),
                               {.dtype = placeHere({.device = "cpu"}, folder).dtype,
                                .device = torch::kCPU,
                                .stop = interruption()});
}

LvrCheckpoint openSlow(const fs::path& folder) {
    auto checkpoint = LvrCheckpoint::open(
        folder.string(), {.dtype = torch::kFloat32, .device = torch::kCPU, .stop = interruption()});
    for (const auto& [name, tensor] : checkpoint.model.parameters())
        torch::Tensor(tensor).requires_grad_(true);
    return checkpoint;
}

// Peers are no part of this program; what to run on the same weights to have theirs.
void printPeers(const Folders& folders, const InferArguments& a) {
    std::printf(
        "the same elsewhere, on a folder that stays (--model):\n"
        "  transformers  model = Qwen2_5_VLForConditionalGeneration.from_pretrained(%s, "
        "dtype=torch.bfloat16); torch.set_num_threads(%d); time model(...)\n"
        "  llama.cpp     convert_hf_to_gguf.py %s --outtype bf16 --outfile m.gguf && llama-bench "
        "-m m.gguf -t %d -p %lld -n 32\n"
        "                llama-quantize m.gguf q.gguf Q8_0 (Q4_0), then the same with q.gguf\n",
        folders.slow.c_str(), at::get_num_threads(), folders.slow.c_str(), at::get_num_threads(),
        static_cast<long long>(a.visualTokens + kTextTokens));
}

void benchInfer(const InferArguments& a) {
    const torch::NoGradGuard off;
    const TemporaryFolder scratch;
    if (a.threads > 0) at::set_num_threads(a.threads);
    const auto folders = foldersOf(a, scratch.path);
    InferBench bench(a, openFast(folders.fast), openSlow(folders.slow));
    const auto placement = toText(placeHere({.device = "cpu"}, folders.fast));
    auto json = toJson(bench.ceilings());
    json["computation"] = placement;
    json["figures"] = nlohmann::ordered_json::array();
    if (!a.json) {
        print(bench.ceilings());
        std::printf(
            "%s; the slow way is float32, product by product by LibTorch, as a training would do "
            "it\n",
            placement.c_str());
    }
    bench.run([&](const BenchFigure& figure) {
        json["figures"].push_back(toJson(figure));
        if (!a.json) print(figure);
    });
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
    number("--layers", a->random.layers, "Of the language model, of random weights");
    number("--vision-layers", a->random.visionLayers, "Of the vision tower, of random weights");
    command->add_option("--dtype", a->random.dtype, "Of random weights: float32 or bfloat16")
        ->check(CLI::IsMember({"float32", "bfloat16"}))
        ->capture_default_str();
    command->add_option("--quantized", a->quantized, "Measure it quantised: int8 or int4")
        ->check(CLI::IsMember({"none", "int8", "int4"}))
        ->capture_default_str();
    number("--group", a->group, "Of --quantized");
    number("--visual-tokens", a->visualTokens, "Of the picture");
    number("--rows", a->rows, "Of the step of several");
    number("--repeats", a->repeats, "Medians are of so many");
    command->add_option("--threads", a->threads, "CPU threads (default: all)")->check(wholeFrom(1));
    command->add_flag("--answer", a->answer, "Also from a picture to 8 latents and 20 tokens");
    command->add_flag("--json", a->json, "Print one JSON object");
    command->footer(
        "Example: lvr bench infer --shape qwen2.5-vl-3b --layers 6 --quantized int4 --json");
    command->callback([a] { benchInfer(*a); });
}

}  // namespace lvr
