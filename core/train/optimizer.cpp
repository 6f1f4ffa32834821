#include "core/train/optimizer.h"

#include <ATen/Context.h>
#include <ATen/ops/_fused_adamw.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <sstream>

#include "core/torch.h"

namespace lvr {
namespace {

constexpr std::int64_t kBlock = 256;
constexpr std::int64_t kFew = 4096;              // elements for which 8 bits bring nothing
constexpr std::int64_t kMostCopied = 256 << 20;  // bytes of gradients in float32 beside their own

double progress(int step, int total, int warmup) {
    return std::min(1.0, static_cast<double>(step - warmup) / std::max(1, total - warmup));
}

std::string nameOf(std::size_t slot, const std::string& part) {
    return "adamw/" + std::to_string(slot) + "/" + part;
}

// Where the tensors are: drawing on the CPU for a GPU takes longer than the step.
at::Generator generatorOn(torch::Device device, double seed) {
    auto random = at::globalContext().defaultGenerator(device).clone();
    random.set_current_seed(static_cast<std::uint64_t>(seed));
    return random;
}

// Of all gradients together, from the norms of those that this rank has.
double normOver(const Ranks& ranks, const std::vector<torch::Tensor>& norms) {
    const double own = norms.empty() ? 0 : torch::stack(norms).norm().item<double>();
    if (!ranks.sumsAtOwners()) return own;
    const auto square = torch::full({}, own * own, torch::kFloat64);
    ranks.sum(square);
    return std::sqrt(square.item<double>());
}

}  // namespace

Moment::Moment(const torch::Tensor& like, Kind kind, Bits bits)
    : kind_(kind), shape_(like.sizes().vec()) {
    const auto floats = torch::dtype(torch::kFloat32).device(like.device());
    if (bits == Bits::Float32 || like.numel() < kFew) {
        float_ = torch::zeros(shape_, floats);
        return;
    }
    const auto blocks = (like.numel() + kBlock - 1) / kBlock;
    codes_ = torch::full({blocks, kBlock}, kind == Kind::Positive ? 0 : 128,
                         floats.dtype(torch::kUInt8));
    scales_ = torch::zeros({blocks, 1}, floats);
}

torch::Tensor Moment::read() const {
    if (float_.defined()) return float_;
    const auto signedCodes = codes_.to(torch::kFloat32) - (kind_ == Kind::Positive ? 0.0 : 128.0);
    const auto codes = signedCodes.abs();  // 0: nothing, largest(): the scale
    const auto magnitude = torch::exp2((codes - largest()) / levels()) * scales_;
    const auto values = torch::where(codes == 0, torch::zeros_like(magnitude), magnitude);
    const auto flat = (values * signedCodes.sign()).flatten();
    std::int64_t count = 1;
    for (const auto side : shape_) count *= side;
    return flat.narrow(0, 0, count).reshape(shape_).contiguous();
}

void Moment::write(const torch::Tensor& value, at::Generator& random) {
    if (float_.defined()) return;  // updated in place
    const auto padding = codes_.numel() - value.numel();
    const auto blocks = torch::constant_pad_nd(value.flatten(), {0, padding}).view(codes_.sizes());
    scales_ = blocks.abs().amax(1, /*keepdim=*/true);
    const auto share = blocks.abs() / scales_.clamp_min(1e-38F);  // 0..1
    const auto place = torch::log2(share) * levels() + largest();
    const auto below = place.floor();
    // Between the two levels' values, not their logarithms: the mean stays what it is.
    const auto low = torch::exp2((below - largest()) / levels()),
               high = torch::exp2((below + 1 - largest()) / levels());
    const auto draw = torch::rand(codes_.sizes(), random, value.options());
    const auto up = draw < (share - low) / (high - low);
    auto codes = (below + up.to(torch::kFloat32)).clamp(lowest(), largest());
    codes = torch::where(blocks != 0, codes, torch::zeros_like(codes));
    if (kind_ == Kind::Signed) codes = codes * blocks.sign() + 128;
    codes_ = codes.to(torch::kUInt8);
}

std::vector<std::pair<std::string, torch::Tensor>> Moment::parts() const {
    if (float_.defined()) return {{"", float_}};
    return {{"/codes", codes_}, {"/scales", scales_}};
}

std::vector<Trained> trainAt(const std::vector<torch::Tensor>& parameters, double rate) {
    std::vector<Trained> all;
    for (const auto& parameter : parameters) all.push_back({parameter, rate});
    return all;
}

AdamW::AdamW(std::vector<Trained> parameters, double weightDecay, double beta2, const Ranks& ranks,
             Moment::Bits bits)
    : weightDecay_(weightDecay), beta2_(beta2), ranks_(ranks), bits_(bits) {
    std::vector<std::int64_t> load(ranks.count(), 0);
    for (auto& trained : parameters) {
        const auto least = std::min_element(load.begin(), load.end());
        *least += trained.tensor.numel();
        Slot slot{.trained = trained, .owner = static_cast<int>(least - load.begin())};
        if (slot.owner == ranks.rank()) {
            const torch::NoGradGuard off;
            const auto floats =
                trained.tensor.options().dtype(torch::kFloat32).requires_grad(false);
            slot.average = Moment(trained.tensor, Moment::Kind::Signed, bits);
            slot.square = Moment(trained.tensor, Moment::Kind::Positive, bits);
            slot.steps = torch::zeros({}, floats);
            if (trained.tensor.scalar_type() != torch::kFloat32)
                slot.master = trained.tensor.detach().to(torch::kFloat32);
        }
        slots_.push_back(std::move(slot));
    }
}

std::vector<int> AdamW::owners() const {
    std::vector<int> all;
    for (const auto& slot : slots_) all.push_back(slot.owner);
    return all;
}

void AdamW::zeroGrad() {
    for (auto& slot : slots_) slot.trained.tensor.mutable_grad() = torch::Tensor();
}

double AdamW::step(double learningRate, double maxNorm) {
    const torch::NoGradGuard off;
    std::vector<torch::Tensor> gradients, norms;
    for (const auto& slot : slots_) {
        if (!slot.trained.tensor.grad().defined()) continue;
        gradients.push_back(slot.trained.tensor.grad());
        norms.push_back(gradients.back().norm().to(torch::kFloat32));
    }
    if (norms.empty() && !ranks_.sumsAtOwners()) return 0;
    const double norm = normOver(ranks_, norms);
    if (!std::isfinite(norm)) return norm;
    if (maxNorm > 0 && norm > maxNorm)
        for (auto& gradient : gradients) gradient.mul_(maxNorm / norm);
    update(learningRate);
    shareValues();
    return norm;
}

struct AdamW::Lists {
    std::vector<torch::Tensor> values, gradients, averages, squares, steps;
    std::int64_t copied = 0;  // bytes of gradients that are here in float32 beside their own type
};

void AdamW::update(double learningRate) {
    std::map<std::pair<double, bool>, Lists> groups;  // by rate, and by whether they decay
    const auto decayOf = [this](bool decays) { return decays ? weightDecay_ : 0; };
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        auto& slot = slots_[i];
        const auto& gradient = slot.trained.tensor.grad();
        if (!gradient.defined() || slot.owner != ranks_.rank()) continue;
        Lists alone;
        auto& lists =
            bits_ == Moment::Bits::Eight ? alone : groups[{slot.trained.rate, slot.trained.decays}];
        lists.values.push_back(slot.master.defined() ? slot.master : slot.trained.tensor);
        lists.gradients.push_back(gradient.to(torch::kFloat32));
        if (gradient.scalar_type() != torch::kFloat32) lists.copied += 4 * gradient.numel();
        lists.averages.push_back(slot.average.read());
        lists.squares.push_back(slot.square.read());
        lists.steps.push_back(slot.steps);
        if (bits_ == Moment::Bits::Float32) {
            if (lists.copied < kMostCopied) continue;
            update(lists, slot.trained.rate * learningRate, decayOf(slot.trained.decays));
            lists = {};
            continue;
        }
        // No more than one is unpacked at a time.
        update(alone, slot.trained.rate * learningRate, decayOf(slot.trained.decays));
        auto random = generatorOn(slot.trained.tensor.device(),
                                  slot.steps.item<double>() * 1e6 + static_cast<double>(i));
        slot.average.write(alone.averages.front(), random);
        slot.square.write(alone.squares.front(), random);
    }
    for (auto& [group, lists] : groups)
        if (!lists.values.empty()) update(lists, group.first * learningRate, decayOf(group.second));
    for (auto& slot : slots_)
        if (slot.master.defined()) slot.trained.tensor.copy_(slot.master);
}

void AdamW::update(Lists& lists, double learningRate, double weightDecay) const {
    torch::_foreach_add_(lists.steps, 1.0);
    torch::_fused_adamw_(lists.values, lists.gradients, lists.averages, lists.squares, {},
                         lists.steps, learningRate, 0.9, beta2_, weightDecay, 1e-8,
                         /*amsgrad=*/false, /*maximize=*/false);
}

// Every rank's share goes to all the others, as one message.
void AdamW::shareValues() {
    if (ranks_.count() == 1) return;
    for (int owner = 0; owner < ranks_.count(); ++owner) {
        std::map<torch::ScalarType, std::vector<torch::Tensor>> byType;
        for (const auto& slot : slots_)
            if (slot.owner == owner)
                byType[slot.trained.tensor.scalar_type()].push_back(slot.trained.tensor);
        for (auto& [type, tensors] : byType) {
            std::vector<torch::Tensor> flat;
            for (const auto& tensor : tensors) flat.push_back(tensor.detach().flatten());
            const auto message = torch::cat(flat);
            ranks_.broadcast(message, owner);
            std::int64_t at = 0;
            for (auto& tensor : tensors) {
                if (owner != ranks_.rank())
                    tensor.copy_(message.narrow(0, at, tensor.numel()).view(tensor.sizes()));
                at += tensor.numel();
            }
        }
    }
}

// Which tensors of a slot a state holds, under which name. Of what another rank owns: shape and
// type only (kMeta).
std::vector<std::pair<std::string, torch::Tensor>> AdamW::kept(const Slot& slot) const {
    const bool mine = slot.owner == ranks_.rank();
    const auto shape = torch::empty_like(slot.trained.tensor.detach(), torch::kMeta);
    const auto floats = torch::dtype(torch::kFloat32).device(torch::kMeta);
    std::vector<std::pair<std::string, torch::Tensor>> all;
    const auto add = [&](const char* name, const Moment& own, Moment::Kind kind) {
        for (auto& [suffix, tensor] : (mine ? own : Moment(shape, kind, bits_)).parts())
            all.emplace_back(name + suffix, std::move(tensor));
    };
    add("exp_avg", slot.average, Moment::Kind::Signed);
    add("exp_avg_sq", slot.square, Moment::Kind::Positive);
    all.emplace_back("step", mine ? slot.steps : torch::empty({}, floats));
    if (shape.scalar_type() != torch::kFloat32)
        all.emplace_back("master", mine ? slot.master : torch::empty(shape.sizes(), floats));
    return all;
}

void AdamW::save(TrainState& state) const {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const int owner = slots_[i].owner;
        for (const auto& [name, tensor] : kept(slots_[i])) {
            const auto here = owner == 0         ? tensor
                              : ranks_.first()   ? torch::empty_like(tensor, torch::kCPU)
                              : tensor.is_meta() ? tensor
                                                 : tensor.to(torch::kCPU).contiguous();
            ranks_.toFirst(here, owner);
            if (ranks_.first()) state.tensors[nameOf(i, name)] = here;
        }
    }
}

void AdamW::load(const TrainState& state) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        for (const auto& [name, tensor] : kept(slots_[i])) {
            if (slots_[i].owner == ranks_.rank())
                state.copyInto(tensor, nameOf(i, name));
            else
                state.tensor(nameOf(i, name));  // another rank's, but known
        }
    }
}

int warmupSteps(double warmup, int total) {
    return static_cast<int>(warmup < 1 ? std::ceil(warmup * total) : std::round(warmup));
}

double cosineSchedule(int step, int total, int warmup, double peak, double floor) {
    if (step < warmup) return peak * (step + 1) / warmup;
    return peak * (floor + (1 - floor) * 0.5 *
                               (1 + std::cos(std::numbers::pi * progress(step, total, warmup))));
}

double linearSchedule(int step, int total, int warmup, double peak, double floor) {
    if (step < warmup) return peak * (step + 1) / warmup;
    return peak * (1 - (1 - floor) * progress(step, total, warmup));
}

std::string replannedRate(double rate, int steps, int done) {
    std::ostringstream text;
    text << "the learning rate goes on as planned for " << steps << " steps: " << rate
         << " in step " << done + 1;
    return text.str();
}

}  // namespace lvr
