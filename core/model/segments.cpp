#include "core/model/segments.h"

#include <torch/autograd.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/torch.h"

namespace lvr {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double kUnseen = -std::numeric_limits<double>::infinity();
constexpr double kLeastFull = 0.75;  // share of a block's width that its shortest segment fills

// Which of a segment's positions see which. [length, length] bool
torch::Tensor seenWithin(const Segment& segment, std::int64_t width) {
    auto seen = torch::ones({width, width}, torch::kBool).tril();
    for (const auto& span : segment.masked)
        seen.narrow(0, span.end, width - span.end)
            .narrow(1, span.begin, span.length())
            .fill_(false);
    return seen;
}

torch::Tensor additive(const torch::Tensor& seen) {
    return torch::zeros(seen.sizes()).masked_fill_(seen.logical_not(), kUnseen);
}

std::vector<std::int64_t> beginsOf(const std::vector<Segment>& all) {
    std::vector<std::int64_t> begins;
    std::int64_t at = 0;
    for (const auto& segment : all) {
        begins.push_back(at);
        at += segment.length;
    }
    return begins;
}

std::vector<Segments::Run> runsOf(const std::vector<Segment>& all) {
    std::vector<Segments::Run> runs;
    std::int64_t at = 0;
    for (const auto& segment : all) {
        if (runs.empty() || !(runs.back().past == segment.past))
            runs.push_back({at, 0, segment.past});
        runs.back().length += segment.length;
        at += segment.length;
    }
    return runs;
}

// members: indices of segments, the longest first
Segments::Block blockOf(const std::vector<Segment>& all, const std::vector<std::int64_t>& begins,
                        const std::vector<std::size_t>& members, torch::Device device) {
    Segments::Block block{std::ssize(members), all[members.front()].length, {}, {}, {}};
    std::vector<std::int64_t> at, real;
    bool masks = false;
    for (const auto member : members) {
        const auto length = all[member].length;
        masks |= !all[member].masked.empty();
        for (std::int64_t t = 0; t < block.width; ++t) {
            if (t < length) real.push_back(std::ssize(at));
            at.push_back(begins[member] + std::min(t, length - 1));
        }
    }
    block.at = torch::tensor(at, torch::kInt64).to(device);
    if (real.size() < at.size()) block.real = torch::tensor(real, torch::kInt64).to(device);
    if (!masks) return block;
    std::vector<torch::Tensor> each;
    for (const auto member : members)
        each.push_back(additive(seenWithin(all[member], block.width)));
    block.mask = torch::stack(each).to(device);
    return block;
}

std::vector<Segments::Block> blocksOf(const std::vector<Segment>& all, torch::Device device) {
    std::vector<std::size_t> order(all.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return all[a].length > all[b].length; });
    const auto begins = beginsOf(all);
    std::vector<Segments::Block> blocks;
    for (std::size_t from = 0; from < order.size();) {
        const double least = kLeastFull * static_cast<double>(all[order[from]].length);
        auto to = from;
        while (to < order.size() && static_cast<double>(all[order[to]].length) >= least) ++to;
        std::vector<std::size_t> members(order.begin() + static_cast<std::ptrdiff_t>(from),
                                         order.begin() + static_cast<std::ptrdiff_t>(to));
        std::sort(members.begin() + 1, members.end(), [&](std::size_t a, std::size_t b) {
            return all[a].length != all[b].length ? all[a].length > all[b].length : a < b;
        });
        blocks.push_back(blockOf(all, begins, members, device));
        from = to;
    }
    return blocks;
}

// A pass' tensors by groups of the query heads that read the same keys.
struct Heads {
    std::int64_t kv = 0, groups = 0, length = 0, width = 0;
    static Heads of(const torch::Tensor& q, const torch::Tensor& k) {
        return {k.size(1), q.size(1) / k.size(1), q.size(2), q.size(3)};
    }
    // [1, H, T, ...] -> [KV, G, T, ...], a view
    torch::Tensor grouped(const torch::Tensor& x) const {
        auto shape = x.sizes().slice(2).vec();
        shape.insert(shape.begin(), {kv, groups});
        return x[0].view(shape);
    }
    // Keys that all heads of a group read. [KV, S, d] -> [KV, G, S, d], a view
    torch::Tensor shared(const torch::Tensor& x) const {
        return x.unsqueeze(1).expand({kv, groups, x.size(1), x.size(2)});
    }
};

// A block's segments as rows of one product: [G, KV * rows, width, ...] of queries' [KV, G, T,
// ...], and of keys' [KV, T, d] too.
class BlockView {
public:
    BlockView(const Heads& heads, const Segments::Block& block) : heads_(heads), block_(block) {}

    torch::Tensor ofQueries(const torch::Tensor& x) const {
        return x.transpose(0, 1).index_select(2, block_.at).view(shape(x.dim() == 4));
    }
    torch::Tensor ofKeys(const torch::Tensor& x) const {
        return x.index_select(1, block_.at).view(shape(true, 1)).expand(shape(true));
    }
    std::optional<torch::Tensor> mask(torch::Dtype dtype) const {
        if (!block_.mask.defined()) return std::nullopt;
        const auto rows = block_.rows, width = block_.width;
        return block_.mask.to(dtype)
            .expand({heads_.kv, rows, width, width})
            .reshape({1, heads_.kv * rows, width, width});
    }
    // Back to where ofQueries took it from.
    void put(const torch::Tensor& rows, const torch::Tensor& to) const {
        auto flat = rows.dim() == 4 ? rows.reshape({heads_.groups, heads_.kv, -1, heads_.width})
                                    : rows.reshape({heads_.groups, heads_.kv, -1});
        to.transpose(0, 1).index_copy_(2, target(), kept(flat, 2));
    }
    // The same for ofKeys; a group's heads have each a part of the gradient.
    void putKeys(const torch::Tensor& rows, const torch::Tensor& to) const {
        const auto flat = rows.sum(0).reshape({heads_.kv, -1, heads_.width});
        to.index_copy_(1, target(), kept(flat, 1));
    }
    // What repeats a position counts for nothing. x: as ofQueries gave it
    torch::Tensor onlyReal(const torch::Tensor& x) const {
        if (!block_.real.defined()) return x;
        const auto counts =
            torch::zeros({block_.rows * block_.width}, x.options()).index_fill_(0, block_.real, 1);
        return x.view({heads_.groups, heads_.kv, -1, heads_.width})
            .mul_(counts.unsqueeze(1))
            .view(x.sizes());
    }

private:
    std::vector<std::int64_t> shape(bool hasWidth, std::int64_t groups = 0) const {
        std::vector<std::int64_t> sizes{groups > 0 ? groups : heads_.groups,
                                        heads_.kv * block_.rows, block_.width};
        if (hasWidth) sizes.push_back(heads_.width);
        return sizes;
    }
    torch::Tensor target() const {
        return block_.real.defined() ? block_.at.index_select(0, block_.real) : block_.at;
    }
    torch::Tensor kept(const torch::Tensor& x, std::int64_t dim) const {
        return block_.real.defined() ? x.index_select(dim, block_.real) : x;
    }

    const Heads& heads_;
    const Segments::Block& block_;
};

// A run's queries, and the part of the past that they continue.
struct RunView {
    const Heads& heads;
    const Segments::Run& run;
    torch::Tensor ofQueries(const torch::Tensor& x) const {  // [KV, G, T, ...] -> [KV, G, Q, ...]
        return x.narrow(2, run.begin, run.length);
    }
    torch::Tensor ofPast(const torch::Tensor& x) const {  // [1, KV, S, d] -> [KV, P, d]
        return x[0].narrow(1, run.past.begin, run.past.length());
    }
    torch::Tensor keys(const torch::Tensor& x) const { return heads.shared(ofPast(x)); }
};

struct SharedSegments : torch::CustomClassHolder {
    explicit SharedSegments(Segments given) : segments(std::move(given)) {}
    Segments segments;
};

// Scores are over two sets of keys, the past and a segment's own, that are never put side by side:
// each gives a softmax of its own and the logarithm of its sum, by which they are weighed.
struct Packed : torch::autograd::Function<Packed> {
    static torch::Tensor forward(AutogradContext* context, const torch::Tensor& q,
                                 const torch::Tensor& k, const torch::Tensor& v,
                                 const std::optional<torch::Tensor>& pastKeys,
                                 const std::optional<torch::Tensor>& pastValues,
                                 const c10::intrusive_ptr<SharedSegments>& work) {
        const auto heads = Heads::of(q, k);
        const auto out =
            torch::empty({heads.length, heads.kv, heads.groups, heads.width}, q.options());
        const auto grouped = out.permute({1, 2, 0, 3});  // [KV, G, T, d]
        const auto sums = torch::empty({heads.kv, heads.groups, heads.length},
                                       q.options().dtype(torch::kFloat32));
        own(heads, work->segments, {heads.grouped(q), k[0], v[0]}, grouped, sums);
        if (pastKeys)
            addPast(heads, work->segments, {heads.grouped(q), *pastKeys, *pastValues}, grouped,
                    sums);
        const auto result = out.view({heads.length, heads.kv * heads.groups, heads.width})
                                .transpose(0, 1)
                                .unsqueeze(0);
        context->save_for_backward({q, k, v, pastKeys.value_or(torch::Tensor()),
                                    pastValues.value_or(torch::Tensor()), out, sums});
        context->saved_data["work"] = c10::IValue::make_capsule(work);
        return result;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const auto work = c10::static_intrusive_pointer_cast<SharedSegments>(
            context->saved_data["work"].toCapsule());
        const auto saved = context->get_saved_variables();
        const auto &q = saved[0], &k = saved[1], &v = saved[2];
        const auto heads = Heads::of(q, k);
        Back back{heads.grouped(gradients[0].contiguous()), saved[5].permute({1, 2, 0, 3}),
                  saved[6],
                  torch::empty({heads.kv, heads.groups, heads.length, heads.width}, q.options())};
        const auto ofKeys = torch::empty_like(k, torch::MemoryFormat::Contiguous),
                   ofValues = torch::empty_like(v, torch::MemoryFormat::Contiguous);
        ownBack(heads, work->segments, {heads.grouped(q), k[0], v[0]}, back, {ofKeys, ofValues});
        PastKeys ofPast;
        if (saved[3].defined()) {
            ofPast = {torch::zeros_like(saved[3], torch::MemoryFormat::Contiguous),
                      torch::zeros_like(saved[4], torch::MemoryFormat::Contiguous)};
            pastBack(heads, work->segments, {heads.grouped(q), saved[3], saved[4]}, back, ofPast);
        }
        return {back.ofQueries.view(q.sizes()), ofKeys, ofValues, ofPast.keys, ofPast.values, {}};
    }

private:
    struct Inputs {
        torch::Tensor q, k, v;  // q: [KV, G, T, d]
    };
    struct Back {  // all as the queries
        torch::Tensor gradient, out, sums, ofQueries;
    };

    static void own(const Heads& heads, const Segments& segments, const Inputs& in,
                    const torch::Tensor& out, const torch::Tensor& sums) {
        for (const auto& block : segments.blocks()) {
            const BlockView view(heads, block);
            const auto mask = view.mask(in.q.scalar_type());
            const auto [rows, rowSums] = at::_scaled_dot_product_flash_attention_for_cpu(
                view.ofQueries(in.q), view.ofKeys(in.k), view.ofKeys(in.v), 0.0, !mask, mask);
            view.put(rows, out);
            view.put(rowSums, sums);
        }
    }

    static void addPast(const Heads& heads, const Segments& segments, const Inputs& in,
                        const torch::Tensor& out, const torch::Tensor& sums) {
        for (const auto& run : segments.runs()) {
            if (run.past.length() == 0) continue;
            const RunView view{heads, run};
            const auto [seen, seenSums] = at::_scaled_dot_product_flash_attention_for_cpu(
                view.ofQueries(in.q), view.keys(in.k), view.keys(in.v));
            const auto ownSums = view.ofQueries(sums);
            const auto both = torch::logaddexp(ownSums, seenSums);
            const auto weight = [&](const torch::Tensor& part) {
                return (part - both).exp_().unsqueeze(3).to(out.scalar_type());
            };
            view.ofQueries(out).mul_(weight(ownSums)).addcmul_(seen, weight(seenSums));
            ownSums.copy_(both);
        }
    }

    // With the sums over all keys each set's part of the gradient is exact by itself.
    static void ownBack(const Heads& heads, const Segments& segments, const Inputs& in,
                        const Back& back, const PastKeys& to) {
        for (const auto& block : segments.blocks()) {
            const BlockView view(heads, block);
            const auto mask = view.mask(in.q.scalar_type());
            const auto [ofQueries, ofKeys, ofValues] =
                at::_scaled_dot_product_flash_attention_for_cpu_backward(
                    view.onlyReal(view.ofQueries(back.gradient)), view.ofQueries(in.q),
                    view.ofKeys(in.k), view.ofKeys(in.v), view.ofQueries(back.out),
                    view.ofQueries(back.sums), 0.0, !mask, mask);
            view.put(ofQueries, back.ofQueries);
            view.putKeys(ofKeys, to.keys[0]);
            view.putKeys(ofValues, to.values[0]);
        }
    }

    static void pastBack(const Heads& heads, const Segments& segments, const Inputs& in,
                         const Back& back, const PastKeys& to) {
        for (const auto& run : segments.runs()) {
            if (run.past.length() == 0) continue;
            const RunView view{heads, run};
            const auto [ofQueries, ofKeys, ofValues] =
                at::_scaled_dot_product_flash_attention_for_cpu_backward(
                    view.ofQueries(back.gradient), view.ofQueries(in.q), view.keys(in.k),
                    view.keys(in.v), view.ofQueries(back.out), view.ofQueries(back.sums), 0.0,
                    false);
            view.ofQueries(back.ofQueries).add_(ofQueries);
            view.ofPast(to.keys).add_(ofKeys.sum(1));
            view.ofPast(to.values).add_(ofValues.sum(1));
        }
    }
};

// Which keys a run's queries see, its past's first. [Q, P + Q] bool
torch::Tensor seenBy(const Segments::Run& run, const Segments& segments) {
    auto own = torch::zeros({run.length, run.length}, torch::kBool);
    std::int64_t at = 0;
    for (const auto& segment : segments.all()) {
        const auto from = at - run.begin;
        if (from >= 0 && from < run.length)
            own.narrow(0, from, segment.length)
                .narrow(1, from, segment.length)
                .copy_(seenWithin(segment, segment.length));
        at += segment.length;
    }
    return torch::cat({torch::ones({run.length, run.past.length()}, torch::kBool), own}, 1);
}

}  // namespace

Segments::Segments(const std::vector<Segment>& all, torch::Device device)
    : plan_(std::make_shared<Plan>(Plan{all, runsOf(all), blocksOf(all, device)})) {
    for (const auto& segment : all) {
        TORCH_CHECK(segment.length > 0, "an empty segment");
        length_ += segment.length;
    }
}

torch::Tensor attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                     const PastKeys& past, const Segments& segments) {
    TORCH_CHECK(q.dim() == 4 && q.size(0) == 1 && q.size(2) == segments.length() &&
                    k.size(2) == segments.length(),
                "queries ", q.sizes(), ", keys ", k.sizes(), " for ", segments.length(),
                " positions of segments");
    if (!q.is_cpu()) return attendMasked(q, k, v, past, segments);
    const auto given = [](const torch::Tensor& x) {
        return x.defined() ? std::optional(x) : std::nullopt;
    };
    return Packed::apply(q, k, v, given(past.keys), given(past.values),
                         c10::make_intrusive<SharedSegments>(segments));
}

torch::Tensor attendMasked(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                           const PastKeys& past, const Segments& segments) {
    const auto heads = Heads::of(q, k);
    std::vector<torch::Tensor> parts;
    for (const auto& run : segments.runs()) {
        const RunView view{heads, run};
        const auto all = [&](const torch::Tensor& own, const torch::Tensor& before) {
            const auto mine = own[0].narrow(1, run.begin, run.length);
            return heads.shared(before.defined() ? torch::cat({view.ofPast(before), mine}, 1)
                                                 : mine);
        };
        const auto mask = seenBy(run, segments).to(q.device());
        parts.push_back(torch::scaled_dot_product_attention(
            view.ofQueries(heads.grouped(q)), all(k, past.keys), all(v, past.values), mask));
    }
    return torch::cat(parts, 2).reshape(q.sizes());
}

}  // namespace lvr
