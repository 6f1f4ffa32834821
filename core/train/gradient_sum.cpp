#include "core/train/gradient_sum.h"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <map>
#include <optional>
#include <utility>

#include "core/torch.h"

namespace lvr {
namespace {

constexpr std::int64_t kBucketBytes = 25 << 20;

}  // namespace

// Buckets are sent in one order on all ranks, whichever is full first.
struct GradientSum::State {
    struct Bucket {
        std::optional<int> owner;          // whom the sum is for, if not for all
        std::vector<std::size_t> members;  // indices into parameters
        std::int64_t bytes = 0;
        std::size_t missing = 0;
        torch::Tensor flat;
        Ranks::Pending sum;
    };
    Ranks ranks;
    std::vector<torch::Tensor> parameters;
    std::vector<Bucket> buckets;
    std::vector<std::size_t> bucketOf;
    std::vector<decltype(torch::autograd::impl::grad_accumulator({}))> accumulators;  // kept alive
    std::size_t sent = 0;                                                             // buckets
    bool expecting = false;

    bool takes(const Bucket& bucket, const torch::Tensor& parameter) const {
        return bucket.bytes < kBucketBytes &&
               parameters[bucket.members.back()].scalar_type() == parameter.scalar_type();
    }
    void ready(std::size_t parameter) {
        if (!expecting) return;
        --buckets[bucketOf[parameter]].missing;
        while (sent < buckets.size() && buckets[sent].missing == 0) send(buckets[sent++]);
    }
    void send(Bucket& bucket) {
        const torch::NoGradGuard off;
        std::vector<torch::Tensor> parts;
        for (const auto i : bucket.members) {
            const auto& p = parameters[i];
            parts.push_back((p.grad().defined() ? p.grad() : torch::zeros_like(p)).flatten());
        }
        bucket.flat = torch::cat(parts);
        bucket.sum = bucket.owner ? ranks.startSumAt(bucket.flat, *bucket.owner)
                                  : ranks.startSum(bucket.flat);
    }
    void scatter(Bucket& bucket) {
        const torch::NoGradGuard off;
        if (bucket.owner.value_or(ranks.rank()) != ranks.rank()) {
            for (const auto i : bucket.members) parameters[i].mutable_grad() = torch::Tensor();
            bucket.flat = torch::Tensor();
            return;
        }
        std::int64_t at = 0;
        for (const auto i : bucket.members) {
            auto& p = parameters[i];
            const auto part = bucket.flat.narrow(0, at, p.numel()).view(p.sizes());
            at += p.numel();
            if (p.grad().defined())
                p.mutable_grad().copy_(part);
            else
                p.mutable_grad() = part.clone();
        }
        bucket.flat = torch::Tensor();
    }
};

GradientSum::GradientSum(const Ranks& ranks, std::vector<torch::Tensor> parameters,
                         std::vector<int> owners)
    : state_(std::make_shared<State>()) {
    state_->ranks = ranks;
    state_->parameters = std::move(parameters);
    if (ranks.count() == 1) return;
    const auto& all = state_->parameters;
    state_->bucketOf.resize(all.size());
    std::map<std::optional<int>, std::size_t> open;  // the bucket that is being filled, by owner
    for (std::size_t i = all.size(); i-- > 0;) {     // as the backward pass goes
        const auto owner = ranks.sumsAtOwners() ? std::optional(owners[i]) : std::nullopt;
        const auto filled = open.find(owner);
        if (filled == open.end() || !state_->takes(state_->buckets[filled->second], all[i])) {
            open[owner] = state_->buckets.size();
            state_->buckets.push_back({.owner = owner});
        }
        auto& bucket = state_->buckets[open[owner]];
        bucket.bytes += static_cast<std::int64_t>(all[i].nbytes());
        bucket.members.push_back(i);
        state_->bucketOf[i] = open[owner];
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::weak_ptr<State> weak = state_;
        state_->accumulators.push_back(torch::autograd::impl::grad_accumulator(all[i]));
        state_->accumulators.back()->add_post_hook(
            std::make_unique<torch::autograd::utils::LambdaPostHook>(
                [weak, i](const auto& outputs, const auto&) {
                    if (const auto state = weak.lock()) state->ready(i);
                    return outputs;
                }));
    }
}

GradientSum::~GradientSum() = default;

void GradientSum::expectLast() {
    for (auto& bucket : state_->buckets) bucket.missing = bucket.members.size();
    state_->sent = 0;
    state_->expecting = true;
}

void GradientSum::finish() {
    if (state_->ranks.count() == 1) return;
    if (!state_->expecting) expectLast();
    state_->expecting = false;
    while (state_->sent < state_->buckets.size()) state_->send(state_->buckets[state_->sent++]);
    for (auto& bucket : state_->buckets) {
        bucket.sum.wait();
        state_->scatter(bucket);
    }
}

}  // namespace lvr
