#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/bench_figure.h"
#include "app/cli/bench_measure.h"
#include "app/cli/command.h"
#include "app/cli/passes.h"
#include "core/kernels/threads.h"
#include "core/model/linear.h"
#include "core/model/quantised_weight.h"
#include "core/torch.h"

namespace lvr {
namespace {

struct MachineArguments {
    int threads = 0, repeats = 5;
    std::int64_t in = 2048, out = 11008;  // of a 3B's up_proj
    bool json = false;
};

double cosineOf(const torch::Tensor& one, const torch::Tensor& other) {
    const auto a = one.flatten().to(torch::kFloat64), b = other.flatten().to(torch::kFloat64);
    return (a.dot(b) / (a.norm() * b.norm())).item<double>();
}

struct Kind {
    const char* name;
    Weight weight;
};

// One matrix as LibTorch multiplies it in float32, which is the slow way, and as we do.
class ProductBench {
public:
    ProductBench(const MachineArguments& a, const Ceilings& ceilings)
        : a_(a), ceilings_(ceilings), wide_(torch::randn({a.out, a.in}) * 0.02) {}

    std::vector<BenchFigure> run() const {
        std::vector<BenchFigure> figures;
        for (const int rows : {1, 8, 512}) {
            const auto x = torch::randn({rows, a_.in});
            for (const auto& kind : kinds()) figures.push_back(measure(kind, x));
            figures.push_back(halfOfLibTorch(x));
        }
        return figures;
    }

private:
    std::vector<Kind> kinds() const {
        return {{"bfloat16", {wide_.to(torch::kBFloat16), {}}},
                {"int8", quantise(wide_, 8, 32)},
                {"int4", quantise(wide_, 4, 32)}};
    }
    BenchFigure measure(const Kind& kind, const torch::Tensor& x) const {
        const auto times = medians(
            a_.repeats, [&] { product(x, kind.weight); }, [&] { torch::linear(x, wide_); });
        BenchFigure figure{.name = named(kind.name, x.size(0)),
                           .seconds = times.first,
                           .referenceSeconds = times.second,
                           .cosine = cosineOf(product(x, kind.weight), torch::linear(x, wide_))};
        return limited(figure, x.size(0), bytesOf(kind.weight));
    }
    // What a program gets that calls at::linear on bfloat16: on CPUs without instructions for it
    // far less than float32.
    BenchFigure halfOfLibTorch(const torch::Tensor& x) const {
        const auto half = wide_.to(torch::kBFloat16), input = x.to(torch::kBFloat16);
        const int repeats = x.size(0) > 64 ? 1 : a_.repeats;
        BenchFigure figure{.name = named("LibTorch's bfloat16", x.size(0)),
                           .seconds = median(repeats, [&] { torch::linear(input, half); })};
        return limited(figure, x.size(0), static_cast<double>(half.nbytes()));
    }
    static std::string named(const std::string& kind, std::int64_t rows) {
        return kind + ", " + std::to_string(rows) + (rows == 1 ? " row" : " rows");
    }
    static double bytesOf(const Weight& weight) {
        return static_cast<double>(weight.values.nbytes()) +
               (weight.isQuantised() ? static_cast<double>(weight.scales.nbytes()) : 0.0);
    }
    BenchFigure limited(const BenchFigure& figure, std::int64_t rows, double bytes) const {
        if (rows <= 16) return ofBytes(figure, bytes, ceilings_);
        return ofOperations(figure, 2.0 * static_cast<double>(rows * a_.in * a_.out), ceilings_);
    }

    const MachineArguments& a_;
    const Ceilings& ceilings_;
    torch::Tensor wide_;  // [out, in]
};

void benchMachine(const MachineArguments& a) {
    const NothingToKeep stopsAtOnce;
    const torch::NoGradGuard off;
    if (a.threads > 0) at::set_num_threads(a.threads);
    const auto ceilings = measureCeilings(onThreads);
    if (!a.json) {
        print(ceilings);
        std::printf(
            "one product with a matrix of %lld x %lld; the slow way is LibTorch's float32\n",
            static_cast<long long>(a.out), static_cast<long long>(a.in));
    }
    auto json = toJson(ceilings);
    const auto wide = toText(fastestFor(torch::kFloat32)),
               narrow = toText(fastestFor(torch::kBFloat16)), integers = toText(ManyRows::Own);
    json["many_rows"] = {{"float32", wide}, {"bfloat16", narrow}, {"integers", integers}};
    if (!a.json)
        std::printf("many rows go to: float32 weights %s, bfloat16 %s, integers %s\n", wide.c_str(),
                    narrow.c_str(), integers.c_str());
    json["figures"] = nlohmann::ordered_json::array();
    for (const auto& figure : ProductBench(a, ceilings).run()) {
        if (!a.json) print(figure);
        json["figures"].push_back(toJson(figure));
    }
    if (a.json) std::cout << json.dump(2) << "\n";
}

}  // namespace

void addBenchMachineCommand(CLI::App& bench) {
    auto a = std::make_shared<MachineArguments>();
    auto* command = bench.add_subcommand(
        "machine", "What this CPU can do at most, and how near products come to it");
    command->add_option("--threads", a->threads, "CPU threads (default: all)")->check(wholeFrom(1));
    command->add_option("--repeats", a->repeats, "Medians are of so many")
        ->check(wholeFrom(1))
        ->capture_default_str();
    command->add_option("--in", a->in, "Inputs of the matrix, a multiple of 32")
        ->check(CLI::Range(32, 1 << 20))
        ->capture_default_str();
    command->add_option("--out", a->out, "Its outputs")
        ->check(CLI::Range(1, 1 << 20))
        ->capture_default_str();
    command->add_flag("--json", a->json, "Print one JSON object");
    command->footer("Example: lvr bench machine --threads 2 --json");
    command->callback([a] {
        if (a->in % 32 != 0) throw CLI::ValidationError("--in", "must be a multiple of 32");
        benchMachine(*a);
    });
}

}  // namespace lvr
