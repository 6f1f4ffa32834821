#include "core/model/fastest_product.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "core/model/linear.h"
#include "core/model/placement.h"
#include "core/torch.h"

namespace lvr {
namespace {

// What rounds x must win by so much to be worth it.
constexpr double kWorthRounding = 1.3;

double shortestOf(int repeats, const std::function<void()>& work) {
    double shortest = std::numeric_limits<double>::max();
    for (int i = 0; i < repeats; ++i) {
        const auto begun = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
        shortest = std::min(shortest, took.count());
    }
    return shortest;
}

std::vector<ManyRows> waysFor(torch::Dtype weights) {
    if (weights == torch::kFloat32) return {ManyRows::Own, ManyRows::Library};
    if (cpuMultipliesBfloat16()) return {ManyRows::Own, ManyRows::Bfloat16};
    return {ManyRows::Own};
}

ManyRows measured(torch::Dtype weights) {
    const auto ways = waysFor(weights);
    if (ways.size() == 1) return ways.front();
    const auto x = torch::randn({256, 2048});
    const Weight weight{torch::randn({2048, 2048}).to(weights), {}};
    const auto seconds = [&](ManyRows way) {
        product(x, weight, {}, way);
        return shortestOf(3, [&] { product(x, weight, {}, way); });
    };
    const double own = seconds(ways[0]), other = seconds(ways[1]);
    const double needed = ways[1] == ManyRows::Bfloat16 ? kWorthRounding : 1;
    return own > needed * other ? ways[1] : ways[0];
}

}  // namespace

std::string toText(ManyRows way) {
    switch (way) {
        case ManyRows::Own:
            return "own kernels";
        case ManyRows::Library:
            return "LibTorch's float32";
        case ManyRows::Bfloat16:
            return "LibTorch's bfloat16";
    }
    return "";
}

ManyRows fastestFor(torch::Dtype weights) {
    static std::mutex one;
    static std::map<std::pair<torch::Dtype, int>, ManyRows> known;
    const std::lock_guard lock(one);
    const std::pair key(weights, at::get_num_threads());
    if (const auto found = known.find(key); found != known.end()) return found->second;
    const torch::NoGradGuard off;
    return known[key] = measured(weights);
}

}  // namespace lvr
