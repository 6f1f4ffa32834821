#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/bench_figure.h"
#include "app/cli/bench_measure.h"
#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/passes.h"
#include "app/cli/random_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/checkpoint/model_size.h"
#include "core/model/lvr_checkpoint.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

struct OpenArguments {
    std::string model, shape;
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

double growthOf(const char* field, long before) {
    return static_cast<double>(memoryOf(field) - before) / 1024;
}

nlohmann::ordered_json measure(const OpenArguments& a, const fs::path& folder) {
    const auto placement = placeHere({.device = "cpu"}, folder);
    const LoadOptions options{.dtype = placement.dtype, .stop = interruption()};
    const auto times = medians(
        a.repeats, [&] { LvrCheckpoint::open(folder.string(), options); },
        [&] { readAll(folder); });
    const long all = memoryOf("VmRSS"), own = memoryOf("RssAnon");
    const auto checkpoint = LvrCheckpoint::open(folder.string(), options);
    const auto megabytes = static_cast<double>(sizeOf(folder).bytes) / (1 << 20);
    return {{"cpu", cpuName()},
            {"computation", toText(placement)},
            {"weights_mb", megabytes},
            {"seconds", times.first},
            {"copying_seconds", times.second},
            {"ratio", times.second / times.first},
            {"grows_by_mb", growthOf("VmRSS", all)},
            {"own_memory_mb", growthOf("RssAnon", own)}};
}

void benchOpen(const OpenArguments& a) {
    const TemporaryFolder scratch;
    auto folder = scratch.path / "random";
    if (!a.shape.empty()) {
        auto wish = a.random;
        wish.shape = a.shape;
        writeRandomFolder(wish, folder);
    } else {
        folder = findCheckpoint(modelNamed({a.model}));
    }
    const auto json = measure(a, folder);
    if (a.json) {
        std::cout << json.dump(2) << "\n";
        return;
    }
    std::printf(
        "%s; %.0f MB of weights, %s\nopened in         %.3f s, warm; copying them takes %.2f s "
        "(%.1f x)\ngrows by          %.1f MB, %.1f MB of it its own\n",
        cpuName().c_str(), json["weights_mb"].get<double>(),
        json["computation"].get<std::string>().c_str(), json["seconds"].get<double>(),
        json["copying_seconds"].get<double>(), json["ratio"].get<double>(),
        json["grows_by_mb"].get<double>(), json["own_memory_mb"].get<double>());
}

}  // namespace

void addBenchOpenCommand(CLI::App& bench) {
    auto a = std::make_shared<OpenArguments>();
    auto* command = bench.add_subcommand("open", "Opening a checkpoint: seconds and memory");
    auto* model =
        command->add_option("--model", a->model, "Checkpoint (default: the shipped tiny model)");
    command->add_option("--shape", a->shape, "Or random weights, as lvr model random has them")
        ->excludes(model);
    command->add_option("--layers", a->random.layers, "Of random weights")
        ->check(wholeFrom(1))
        ->capture_default_str();
    command->add_option("--vision-layers", a->random.visionLayers, "Of random weights")
        ->check(wholeFrom(1))
        ->capture_default_str();
    command->add_option("--repeats", a->repeats, "Medians are of so many")
        ->check(wholeFrom(1))
        ->capture_default_str();
    command->add_flag("--json", a->json, "Print one JSON object");
    command->footer("Example: lvr bench open --shape qwen2.5-vl-3b --layers 36 --json");
    command->callback([a] { benchOpen(*a); });
}

}  // namespace lvr
