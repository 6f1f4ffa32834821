#include <CLI/CLI.hpp>
#include <atomic>
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "app/cli/bench_figure.h"
#include "app/cli/bench_measure.h"
#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/passes.h"
#include "app/cli/random_folder.h"
#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/checkpoint/model_size.h"
#include "core/kernels/threads.h"
#include "core/model/lvr_checkpoint.h"
#include "core/torch.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

struct OpenArguments {
    std::string model, shape, dialect;
    RandomFolder random{.layers = 6, .visionLayers = 8};
    int repeats = 5;
    bool json = false;
};

// The slow way: every byte of the weights is copied into memory. It also warms the file's pages.
void readAll(const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() != ".safetensors") continue;
        std::ifstream in(entry.path(), std::ios::binary);
        std::vector<char> all(fs::file_size(entry.path()));
        in.read(all.data(), static_cast<std::streamsize>(all.size()));
    }
}

// Each word of memory once, on the threads there are.
std::uint64_t sumOf(const void* memory, std::size_t bytes) {
    constexpr std::int64_t kGrain = 1 << 16;
    std::atomic<std::uint64_t> sum = 0;
    const auto* words = static_cast<const std::uint64_t*>(memory);
    onThreads(static_cast<std::int64_t>(bytes / sizeof *words), kGrain,
              [&](std::int64_t begin, std::int64_t end) {
                  sum += std::accumulate(words + begin, words + end, std::uint64_t{0});
              });
    return sum;
}

double growthOf(const char* field, long before) {
    return static_cast<double>(memoryOf(field) - before) / 1024;
}

// Whether every tensor holds the bytes of its file; nothing where they were converted or merged.
std::optional<bool> holdsItsFile(const LvrModel& model, const fs::path& folder) {
    if (readAdapterConfig(folder)) return std::nullopt;
    const auto weights = openWeights(folder);
    for (const auto& [name, tensor] : model.parameters()) {
        const auto& view = weights.at(name);
        if (tensor.nbytes() != view.size) return std::nullopt;
        if (std::memcmp(tensor.const_data_ptr(), view.data, view.size) != 0) return false;
    }
    return true;
}

class OpenBench {
public:
    OpenBench(const OpenArguments& a, const fs::path& folder)
        : a_(a),
          folder_(folder),
          placement_(placeHere({.device = "cpu"}, folder)),
          ceilings_(measureCeilings(onThreads)),
          times_(medians(
              a.repeats, [&] { open(); }, [&] { readAll(folder_); })) {}

    OrderedJson run() const {
        const long all = memoryOf("VmRSS"), own = memoryOf("RssAnon");
        const auto checkpoint = open();
        auto json = toJson(ceilings_);
        json["computation"] = toText(placement_);
        json["weights_mb"] = static_cast<double>(sizeOf(folder_).bytes) / (1 << 20);
        json["grows_by_mb"] = growthOf("VmRSS", all);
        json["own_memory_mb"] = growthOf("RssAnon", own);
        json["figures"] = OrderedJson::array();
        for (const auto& figure : figures(checkpoint)) {
            json["figures"].push_back(toJson(figure));
            if (!a_.json) print(figure);
        }
        return json;
    }
    const Ceilings& ceilings() const { return ceilings_; }

private:
    LvrCheckpoint open() const {
        return LvrCheckpoint::open(folder_.string(),
                                   {.dtype = placement_.dtype, .stop = interruption()}, a_.dialect);
    }
    std::vector<BenchFigure> figures(const LvrCheckpoint& checkpoint) const {
        const BenchFigure opened{.name = "opened, warm; the slow way copies it",
                                 .seconds = times_.first,
                                 .referenceSeconds = times_.second,
                                 .equal = holdsItsFile(checkpoint.model, folder_)};
        double bytes = 0;
        for (const auto& [name, tensor] : checkpoint.model.parameters())
            bytes += static_cast<double>(tensor.nbytes());
        const BenchFigure read{.name = "its weights read once",
                               .seconds = median(a_.repeats, [&] {
                                   for (const auto& [name, tensor] : checkpoint.model.parameters())
                                       sumOf(tensor.const_data_ptr(), tensor.nbytes());
                               })};
        return {opened, ofBytes(read, bytes, ceilings_)};
    }

    const OpenArguments& a_;
    const fs::path& folder_;
    Placement placement_;
    Ceilings ceilings_;
    Both times_;
};

fs::path openedFolder(const OpenArguments& a, const fs::path& scratch) {
    if (a.shape.empty()) return findCheckpoint(modelNamed({.model = a.model}));
    auto wish = a.random;
    wish.shape = a.shape;
    writeRandomFolder(wish, scratch / "random");
    return scratch / "random";
}

void benchOpen(const OpenArguments& a) {
    const TemporaryFolder scratch;
    const auto folder = openedFolder(a, scratch.path);
    const OpenBench bench(a, folder);
    if (!a.json) print(bench.ceilings());
    const auto json = bench.run();
    if (a.json) {
        std::cout << json.dump(2) << "\n";
        return;
    }
    std::printf("%.0f MB of weights, %s: the process grows by %.1f MB, %.1f MB of it its own\n",
                json["weights_mb"].get<double>(), json["computation"].get<std::string>().c_str(),
                json["grows_by_mb"].get<double>(), json["own_memory_mb"].get<double>());
}

}  // namespace

void addBenchOpenCommand(CLI::App& bench) {
    auto a = std::make_shared<OpenArguments>();
    auto* command = bench.add_subcommand("open", "Opening a checkpoint: seconds and memory");
    auto* model =
        command->add_option("--model", a->model, "Checkpoint (default: the shipped tiny model)");
    addDialect(*command, a->dialect);
    auto* shape =
        command->add_option("--shape", a->shape, "Or random weights, as lvr model random has them")
            ->excludes(model);
    command->add_option("--layers", a->random.layers, "Of random weights")
        ->check(wholeFrom(1))
        ->capture_default_str()
        ->needs(shape);
    command->add_option("--vision-layers", a->random.visionLayers, "Of random weights")
        ->check(wholeFrom(1))
        ->capture_default_str()
        ->needs(shape);
    command->add_option("--repeats", a->repeats, "Medians are of so many")
        ->check(wholeFrom(1))
        ->capture_default_str();
    command->add_flag("--json", a->json, "Print one JSON object");
    command->footer("Example: lvr bench open --shape qwen2.5-vl-3b --layers 36 --json");
    command->callback([a] { benchOpen(*a); });
}

}  // namespace lvr
