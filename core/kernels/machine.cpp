#include "core/kernels/machine.h"

#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/machine.cpp"
#include <hwy/aligned_allocator.h>
#include <hwy/foreach_target.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "core/kernels/weight_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lvr::HWY_NAMESPACE {

// The sum of `count` floats, read as four streams.
float readOnce(const float* from, std::int64_t count) {
    const auto quarter = count / 4;
    Vector sums[4] = {hn::Zero(Floats()), hn::Zero(Floats()), hn::Zero(Floats()),
                      hn::Zero(Floats())};
    constexpr std::int64_t kStep = 32;
    for (std::int64_t i = 0; i + kStep <= quarter; i += kStep)
        for (int stream = 0; stream < 4; ++stream) {
            const auto* at = from + stream * quarter + i;
            __builtin_prefetch(at + 2048, 0, 2);
            __builtin_prefetch(at + 2064, 0, 2);
            for (std::int64_t j = 0; j < kStep; j += kLanes)
                sums[stream] = hn::Add(sums[stream], hn::LoadU(Floats(), at + j));
        }
    return hn::GetLane(hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3])));
}

constexpr int kChains = 12;

// `rounds` multiply-adds in each of kChains chains of vectors.
float addOnce(std::int64_t rounds) {
    Vector sums[kChains];
    for (auto& sum : sums) sum = hn::Set(Floats(), 1.0f);
    const auto factor = hn::Set(Floats(), 0.999f);
    for (std::int64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 16
        for (int chain = 0; chain < kChains; ++chain)
            sums[chain] = hn::MulAdd(sums[chain], factor, factor);
    for (int chain = 1; chain < kChains; ++chain) sums[0] = hn::Add(sums[0], sums[chain]);
    return hn::GetLane(sums[0]);
}

double operationsOf(std::int64_t rounds) {
    return 2.0 * static_cast<double>(kChains * kLanes * rounds);
}

}  // namespace lvr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lvr {

HWY_EXPORT(readOnce);
HWY_EXPORT(addOnce);
HWY_EXPORT(operationsOf);

namespace {

constexpr std::int64_t kParts = 64, kFloats = 64 << 20;
constexpr int kBursts = 6;

// The most of `amount` a second among some bursts of work(part), for all parts.
double bestRate(double amount, const ParallelFor& parallel,
                const std::function<float(std::int64_t)>& work) {
    std::vector<float> results(kParts);
    double best = 0;
    for (int burst = 0; burst < kBursts; ++burst) {
        const auto start = std::chrono::steady_clock::now();
        parallel(kParts, 1, [&](std::int64_t begin, std::int64_t end) {
            for (auto part = begin; part < end; ++part) results[part] = work(part);
        });
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        best = std::max(best, amount / took.count());
    }
    return best;
}

double readBandwidth(const ParallelFor& parallel) {
    const auto memory = hwy::AllocateAligned<float>(kFloats);
    auto* from = memory.get();
#ifdef MADV_HUGEPAGE
    // Fewer pages to look up: the memory is what is measured. A refusal costs some speed only.
    const auto page = (reinterpret_cast<std::uintptr_t>(from) + 4095) / 4096 * 4096;
    madvise(reinterpret_cast<void*>(page), kFloats * sizeof(float) - 4096, MADV_HUGEPAGE);
#endif
    std::fill_n(from, kFloats, 1.0f);
    constexpr auto kShare = kFloats / kParts;
    return bestRate(kFloats * sizeof(float), parallel, [&](std::int64_t part) {
        return HWY_DYNAMIC_DISPATCH(readOnce)(from + part * kShare, kShare);
    });
}

// A multiply-add takes its `kRounds` turns in some 20 milliseconds of all parts on few cores.
double multiplyAdds(const ParallelFor& parallel) {
    constexpr std::int64_t kRounds = 250'000;
    const auto operations = kParts * HWY_DYNAMIC_DISPATCH(operationsOf)(kRounds);
    return bestRate(operations, parallel,
                    [](std::int64_t) { return HWY_DYNAMIC_DISPATCH(addOnce)(kRounds); });
}

}  // namespace

Ceilings measureCeilings(const ParallelFor& parallel) {
    return {readBandwidth(parallel) / 1e9, multiplyAdds(parallel) / 1e9};
}

std::string cpuName() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return {};
}

std::string kernelTarget() {
    const auto supported = hwy::SupportedTargets() & HWY_TARGETS;
    return hwy::TargetName(supported & -supported);  // the lowest bit is the best
}

}  // namespace lvr
#endif
