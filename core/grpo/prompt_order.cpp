#include "core/grpo/prompt_order.h"

#include <ATen/CPUGeneratorImpl.h>

#include <numeric>
#include <utility>

#include "core/error.h"
#include "core/torch.h"
#include "core/train/shares.h"

namespace lvr {

PromptOrder::PromptOrder(const std::vector<GrpoRecord>& records, std::vector<double> shares,
                         std::uint64_t seed)
    : pools_(shares.empty() ? 1 : shares.size()), shares_(std::move(shares)), seed_(seed) {
    for (const auto& record : records)
        pools_[shares_.empty() ? 0 : record.source].records.push_back(&record);
    for (std::size_t i = 0; i < shares_.size(); ++i)
        if (pools_[i].records.empty()) shares_[i] = 0;
    if (!shares_.empty() && std::accumulate(shares_.begin(), shares_.end(), 0.0) <= 0)
        throw Error("none of the data with a weight holds a record to train on");
}

std::vector<const GrpoRecord*> PromptOrder::drawn(std::int64_t first, int count) {
    std::vector<const GrpoRecord*> drawn;
    if (shares_.empty()) {
        for (int i = 0; i < count; ++i) drawn.push_back(at(0, first + i));
        return drawn;
    }
    Shares turns(shares_);
    for (std::int64_t i = 0; i < first; ++i) turns.next();
    for (int i = 0; i < count; ++i) {
        const auto pool = static_cast<std::size_t>(turns.next());
        drawn.push_back(at(pool, turns.dealt()[pool] - 1));
    }
    return drawn;
}

const GrpoRecord* PromptOrder::at(std::size_t number, std::int64_t index) {
    auto& pool = pools_[number];
    const auto all = std::ssize(pool.records);
    if (const auto epoch = index / all; pool.epoch != epoch) {
        constexpr std::uint64_t kApart = 1'000'003;  // so that pools have orders of their own
        auto random = at::detail::createCPUGenerator(seed_ * 7919 + epoch + number * kApart);
        const auto order = torch::randperm(all, random, torch::kInt64);
        pool.order.assign(order.data_ptr<std::int64_t>(), order.data_ptr<std::int64_t>() + all);
        pool.epoch = epoch;
    }
    return pool.records[pool.order[index % all]];
}

}  // namespace lvr
