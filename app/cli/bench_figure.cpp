#include "app/cli/bench_figure.h"

#include <ATen/Parallel.h>

#include <cstdio>
#include <nlohmann/json.hpp>

namespace lvr {

BenchFigure ofBytes(BenchFigure figure, double bytes, const Ceilings& ceilings) {
    figure.share = bytes / figure.seconds / 1e9 / ceilings.readBandwidth;
    figure.ceiling = "read bandwidth";
    return figure;
}

BenchFigure ofOperations(BenchFigure figure, double operations, const Ceilings& ceilings) {
    figure.share = operations / figure.seconds / 1e9 / ceilings.multiplyAdds;
    figure.ceiling = "float32 multiply-adds";
    return figure;
}

BenchFigure ofBest(BenchFigure figure, double secondsAtBest) {
    figure.share = secondsAtBest / figure.seconds;
    figure.ceiling = "reading and multiply-adds";
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
    if (f.equal) json["equal"] = *f.equal;
    return json;
}

nlohmann::ordered_json toJson(const Ceilings& c) {
    return {{"cpu", cpuName()},
            {"threads", at::get_num_threads()},
            {"kernels", kernelTarget()},
            {"read_gb_per_second", c.readBandwidth},
            {"float32_gflop_per_second", c.multiplyAdds}};
}

void print(const BenchFigure& f) {
    std::printf("%-42s %10.2f ms", f.name.c_str(), 1e3 * f.seconds);
    if (f.share > 0) std::printf("  %3.0f %% of %s", 100 * f.share, f.ceiling.c_str());
    if (f.referenceSeconds > 0)
        std::printf("  %.2f x the slow way", f.referenceSeconds / f.seconds);
    if (f.cosine >= 0) std::printf("  cosine %.6f", f.cosine);
    if (f.sameTop >= 0) std::printf("  same likeliest token %.3f", f.sameTop);
    if (f.equal) std::printf(*f.equal ? "  the same bits" : "  NOT the same bits");
    std::printf("\n");
    std::fflush(stdout);
}

void print(const Ceilings& c) {
    std::printf("%s, %s kernels, %d threads: reads %.1f GB/s, float32 multiply-adds %.0f GFLOP/s\n",
                cpuName().c_str(), kernelTarget().c_str(), at::get_num_threads(), c.readBandwidth,
                c.multiplyAdds);
    std::fflush(stdout);
}

}  // namespace lvr
