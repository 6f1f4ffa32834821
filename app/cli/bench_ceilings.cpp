#include "app/cli/bench_ceilings.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/cli/bench_measure.h"

namespace lvr {
namespace {

constexpr std::int64_t kWords = std::int64_t{48} << 20;  // of 8 bytes: 400 MB

// Four sums, so that none waits for the one before it.
std::uint64_t sumOf(const std::uint64_t* words, std::int64_t count) {
    std::uint64_t a = 0, b = 0, c = 0, d = 0;
    for (std::int64_t i = 0; i + 4 <= count; i += 4)
        a += words[i], b += words[i + 1], c += words[i + 2], d += words[i + 3];
    return a + b + c + d;
}

double fastest(int times, const std::function<void()>& work) {
    double best = 1e30;
    for (int i = 0; i < times; ++i) {
        const auto begun = std::chrono::steady_clock::now();
        work();
        best = std::min(best, since(begun));
    }
    return best;
}

double readBandwidth() {
    const std::vector<std::uint64_t> memory(kWords, 1);
    std::atomic<std::uint64_t> total = 0;
    const double seconds = fastest(5, [&] {
        at::parallel_for(0, kWords, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
            total += sumOf(&memory[begin], end - begin);
        });
    });
    return static_cast<double>(kWords) * 8 / seconds;
}

double multiplyAdds() {
    constexpr std::int64_t kRounds = 20'000'000;
    std::atomic<double> done = 0;
    const auto threads = at::get_num_threads();
    const double seconds = fastest(3, [&] {
        done = 0;
        at::parallel_for(0, threads, 1, [&](std::int64_t begin, std::int64_t end) {
            for (; begin < end; ++begin) done += multiplyAddInRegisters(kRounds / threads);
        });
    });
    return done / seconds;
}

}  // namespace

Ceilings measureCeilings() { return {readBandwidth(), multiplyAdds()}; }

std::string cpuName() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return "unknown CPU";
}

BenchFigure ofBytes(BenchFigure figure, double bytes, const Ceilings& ceilings) {
    figure.share = bytes / figure.seconds / ceilings.readBandwidth;
    figure.ceiling = "read bandwidth";
    return figure;
}

BenchFigure ofOperations(BenchFigure figure, double operations, const Ceilings& ceilings) {
    figure.share = operations / figure.seconds / ceilings.multiplyAdd;
    figure.ceiling = "float32 multiply-adds";
    return figure;
}

nlohmann::ordered_json toJson(const BenchFigure& f) {
    nlohmann::ordered_json json{{"name", f.name}, {"seconds", f.seconds}};
    if (f.share > 0) json["share"] = f.share, json["ceiling"] = f.ceiling;
    if (f.referenceSeconds > 0) {
        json["reference_seconds"] = f.referenceSeconds;
        json["ratio"] = f.referenceSeconds / f.seconds;
    }
    if (f.cosine >= 0) json["cosine"] = f.cosine;
    if (f.sameTop >= 0) json["same_top"] = f.sameTop;
    return json;
}

nlohmann::ordered_json toJson(const Ceilings& c) {
    return {{"cpu", cpuName()},
            {"threads", at::get_num_threads()},
            {"read_bytes_per_second", c.readBandwidth},
            {"float32_operations_per_second", c.multiplyAdd}};
}

void print(const BenchFigure& f) {
    std::printf("%-34s %10.2f ms", f.name.c_str(), 1e3 * f.seconds);
    if (f.share > 0) std::printf("  %3.0f %% of %s", 100 * f.share, f.ceiling.c_str());
    if (f.referenceSeconds > 0)
        std::printf("  %.2f x the slow way", f.referenceSeconds / f.seconds);
    if (f.cosine >= 0) std::printf("  cosine %.6f", f.cosine);
    if (f.sameTop >= 0) std::printf("  same likeliest token %.3f", f.sameTop);
    std::printf("\n");
    std::fflush(stdout);
}

void print(const Ceilings& c) {
    std::printf("%s, %d threads: reads %.1f GB/s, float32 multiply-adds %.0f GFLOP/s\n",
                cpuName().c_str(), at::get_num_threads(), c.readBandwidth / 1e9,
                c.multiplyAdd / 1e9);
    std::fflush(stdout);
}

}  // namespace lvr
