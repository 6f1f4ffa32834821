#include "app/cli/bench_schedules.h"

#include <algorithm>
#include <cmath>

#include "app/cli/bench_figure.h"
#include "app/cli/bench_measure.h"
#include "app/cli/official_schedule.h"
#include "app/cli/pass_costs.h"
#include "core/decode/decoder.h"
#include "core/grpo/policy_loss.h"
#include "core/grpo/replay.h"
#include "core/sft/batch.h"
#include "core/sft/pass.h"
#include "core/torch.h"
#include "core/vision/image_file.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

// Columns and rows of visual tokens, 63 on average: as photos are, wide, tall, small and large.
constexpr std::pair<int, int> kPhotoGrids[] = {{8, 4},  {8, 6},  {8, 8}, {7, 11},
                                               {12, 8}, {5, 13}, {9, 6}, {10, 7}};
constexpr const char* kQuestions[] = {"what is there ?", "which colour has the thing on the left ?",
                                      "how many ?", "is it above or below the other one ?"};

Image smoothPicture(int width, int height, int number) {
    Image image{width, height, {}};
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < 3; ++c)
                image.rgb.push_back(static_cast<std::uint8_t>(
                    128 + 60 * std::sin(0.05 * x * (c + 1) + number) + 60 * std::cos(0.07 * y)));
    return image;
}

// Sides in visual tokens of picture `number`.
std::pair<int, int> sidesOf(int number, bool mixed, int visualTokens) {
    const auto [cols, rows] =
        mixed ? kPhotoGrids[number % std::size(kPhotoGrids)] : std::pair(8, 8);
    const double scale = std::sqrt(visualTokens / 64.0);
    const auto side = [&](int count) {
        return std::max(1, static_cast<int>(std::lround(count * scale)));
    };
    return {side(cols), side(rows)};
}

// Questions to pictures, encoded as a training that sees them again has them.
struct StepSet {
    std::vector<Pixels> pixels;  // of each picture
    std::vector<SftPicture> pictures;
    std::int64_t positions = 0;
};

StepSet makeSet(const ScheduleBench& bench, bool mixed, const SftOptions& options) {
    const torch::NoGradGuard off;
    const auto& vision = bench.checkpoint.model.config().vision;
    const int side = vision.patchSize * vision.spatialMergeSize;
    std::vector<TrainingRecord> records;
    StepSet set;
    for (int p = 0; p < bench.pictures; ++p) {
        const auto [cols, rows] = sidesOf(p, mixed, bench.visualTokens);
        const auto file =
            bench.scratch / ((mixed ? "photo-" : "square-") + std::to_string(p) + ".png");
        const auto image = smoothPicture(cols * side, rows * side, p);
        writePng(image, file);
        set.pixels.push_back(preprocess({readImage(file)}, bench.checkpoint.preprocess));
        for (int q = 0; q < bench.questions; ++q)
            records.push_back(
                {.name = file.string(),
                 .kind = "all",
                 .images = {file},
                 .question = std::to_string(q) + ": " + kQuestions[q % std::size(kQuestions)],
                 .response = "<lvr>\n<answer> red </answer>",
                 .boxes = {{.2, .2, .45, .45}}});
    }
    const TrainingSet all(std::move(records));
    for (std::size_t p = 0; p < all.pictures.size(); ++p) {
        auto& picture = set.pictures.emplace_back();
        picture.images = bench.checkpoint.model.visualTokens(set.pixels[p]);
        for (const int record : all.pictures[p])
            picture.rows.push_back(
                planRow(bench.checkpoint, all, record, picture.images.grids, options, 0));
        set.positions += positionsOf(picture);
    }
    return set;
}

SftOptions plainOptions() {
    SftOptions options;
    options.extraSlots = 0;
    options.positionGap = 0;
    return options;
}

void forgetGradients(const LvrModel& model) {
    for (const auto* all : {&model.parameters(), &model.adapter()})
        for (auto [name, tensor] : *all) tensor.mutable_grad() = torch::Tensor();
}

// A step as SftTraining takes it, without the optimizer. Returns the loss.
double ownSftStep(const ScheduleBench& bench, const StepSet& set, const SftOptions& options) {
    forgetGradients(bench.checkpoint.model);
    SftTotals totals;
    for (const auto& picture : set.pictures)
        for (const auto& row : picture.rows) totals.add(row);
    double loss = 0;
    for (const auto& part : split(set.pictures, bench.microTokens)) {
        const auto batch = layOut(bench.checkpoint, part);
        const PackReading read(bench.checkpoint.model, batch.pack);
        const auto pass =
            sftPass(bench.checkpoint, batch, read, {batch.slotTarget, {}}, {1}, options, totals);
        pass.loss.backward();
        loss += pass.loss.item<double>();
    }
    return loss;
}

// A pass for each picture.
double oneByOneSftStep(ScheduleBench bench, const StepSet& set, const SftOptions& options) {
    bench.microTokens = 1;
    return ownSftStep(bench, set, options);
}

// Of the CPU's multiply-adds, where it is that which computes.
void addShare(OrderedJson& out, const ScheduleBench& bench, const StepSet& set, double seconds) {
    if (!bench.checkpoint.model.device().is_cpu()) return;
    std::int64_t said = 0;
    for (const auto& picture : set.pictures)
        for (const auto& row : picture.rows) said += std::ssize(row.labels);
    const PassCosts costs(bench.checkpoint.model, bench.ceilings);
    const auto figure =
        ofOperations({.seconds = seconds}, costs.ofTraining(set.positions, said), bench.ceilings);
    out["share"] = figure.share;
    out["ceiling"] = figure.ceiling;
}

double sftStepAsPublished(const ScheduleBench& bench, const StepSet& set,
                          const SftOptions& options) {
    forgetGradients(bench.checkpoint.model);
    return officialSftStep(bench.checkpoint, set.pixels, set.pictures, options, bench.microTokens);
}

// One step of GRPO on several questions, up to the gradients.
class GrpoStep {
public:
    GrpoStep(const ScheduleBench& bench, const StepSet& set)
        : bench_(bench), checkpoint_(bench.checkpoint), set_(set) {
        decode_.exit = checkpoint_.defaultExit();
        decode_.maxNewTokens = 48;
        decode_.sampling.temperature = 1;
        decode_.sampling.seed = 7;
    }

    // [all completions, C] of the policy
    torch::Tensor own() {
        forgetGradients(checkpoint_.model);
        std::vector<Prompt> prompts;
        std::vector<RowResult> rows;
        {
            const torch::NoGradGuard off;
            for (std::size_t p = 0; p < set_.pictures.size(); ++p) {
                prompts.push_back(buildPrompt(checkpoint_,
                                              checkpoint_.model.visualTokens(set_.pixels[p]),
                                              kQuestions[0], SpanStart::Sampled));
                prompts.back().copies = bench_.completions;
            }
            rows = decodeRows(checkpoint_.model, prompts, checkpoint_.rules, decode_);
        }
        std::vector<ReplayGroup> groups;
        for (std::size_t p = 0; p < prompts.size(); ++p)
            groups.push_back({&prompts[p], groupOf(rows, p)});
        const Replay replay(groups);
        const auto reference = [&] {
            const torch::NoGradGuard off;
            return replay.by(checkpoint_.model).logProbabilities;
        }();
        const auto policy = replay.by(checkpoint_.model).logProbabilities;
        learn(policy, reference, textMask(rows));
        return policy.detach();
    }

    torch::Tensor asPublished() {
        forgetGradients(checkpoint_.model);
        std::vector<torch::Tensor> all;
        for (std::size_t p = 0; p < set_.pictures.size(); ++p) {
            const auto encode = [&] {
                const torch::NoGradGuard off;
                return officialPrompts(checkpoint_, set_.pixels[p], kQuestions[0],
                                       bench_.completions);
            };
            std::vector<RowResult> rows;
            torch::Tensor reference;
            {
                const torch::NoGradGuard off;
                auto decode = decode_;
                decode.sampling.seed += p * static_cast<std::uint64_t>(bench_.completions);
                rows = decodeRows(checkpoint_.model, encode(), checkpoint_.rules, decode);
                reference = officialTokenByToken(checkpoint_.model, encode(), rows, 1);
                officialTokenByToken(checkpoint_.model, encode(), rows, 1);  // its latents again
            }
            const auto policy = officialPadded(checkpoint_.model, encode(), rows, 1);
            learn(policy, reference, textMask(rows));
            all.push_back(policy.detach());
        }
        std::int64_t longest = 0;
        for (const auto& one : all) longest = std::max(longest, one.size(1));
        for (auto& one : all) one = torch::constant_pad_nd(one, {0, longest - one.size(1)});
        return torch::cat(all);
    }

private:
    std::span<const RowResult> groupOf(const std::vector<RowResult>& rows, std::size_t p) const {
        const auto size = static_cast<std::size_t>(bench_.completions);
        return std::span(rows).subspan(p * size, size);
    }
    // Advantages as if every second completion were right.
    void learn(const torch::Tensor& policy, const torch::Tensor& reference,
               const torch::Tensor& mask) const {
        auto advantages = torch::ones({policy.size(0)});
        for (std::int64_t i = 1; i < policy.size(0); i += 2) advantages[i] = -1;
        policyLoss({policy, policy.detach(), reference, advantages, mask}, {},
                   {mask.sum().item<double>(), static_cast<double>(policy.size(0)), 48})
            .loss.backward();
    }

    const ScheduleBench& bench_;
    const LvrCheckpoint& checkpoint_;
    const StepSet& set_;
    DecodeOptions decode_;
};

// Seconds and memory of both, and how they compare.
OrderedJson bothWays(const ScheduleBench& bench, const std::function<void()>& own,
                     const std::function<void()>& published) {
    const auto seconds = medians(bench.repeats, own, published);
    const double ownMemory = peakGrowth(own), publishedMemory = peakGrowth(published);
    return {{"seconds", seconds.first},
            {"official_seconds", seconds.second},
            {"ratio", seconds.second / seconds.first},
            {"peak_mb", ownMemory},
            {"official_peak_mb", publishedMemory},
            {"memory_share", ownMemory / std::max(1.0, publishedMemory)}};
}

}  // namespace

OrderedJson benchMixedSizes(const ScheduleBench& bench) {
    const auto options = plainOptions();
    const auto equal = makeSet(bench, false, options), mixed = makeSet(bench, true, options);
    double loss = 0;
    const auto seconds = medians(
        bench.repeats, [&] { ownSftStep(bench, equal, options); },
        [&] { loss = ownSftStep(bench, mixed, options); });
    const double ofEqual = static_cast<double>(equal.positions) / seconds.first,
                 ofMixed = static_cast<double>(mixed.positions) / seconds.second;
    OrderedJson out{{"equal_positions", equal.positions},
                    {"mixed_positions", mixed.positions},
                    {"equal_positions_per_second", ofEqual},
                    {"mixed_positions_per_second", ofMixed},
                    {"ratio", ofEqual / ofMixed},
                    {"loss_difference", std::abs(loss - oneByOneSftStep(bench, mixed, options))}};
    addShare(out, bench, mixed, seconds.second);
    return out;
}

OrderedJson benchOfficialSft(const ScheduleBench& bench) {
    const auto options = plainOptions();
    const auto set = makeSet(bench, true, options);
    double own = 0, published = 0;
    auto out = bothWays(
        bench, [&] { own = ownSftStep(bench, set, options); },
        [&] { published = sftStepAsPublished(bench, set, options); });
    out["loss_difference"] = std::abs(own - published) / published;
    addShare(out, bench, set, out["seconds"].get<double>());
    return out;
}

OrderedJson benchOfficialGrpo(const ScheduleBench& bench) {
    const auto set = makeSet(bench, true, plainOptions());
    GrpoStep step(bench, set);
    torch::Tensor own, published;
    auto out = bothWays(
        bench, [&] { own = step.own(); }, [&] { published = step.asPublished(); });
    const bool comparable = own.sizes() == published.sizes();
    out["log_probability_difference"] =
        comparable ? (own - published).abs().max().item<double>() : INFINITY;
    return out;
}

}  // namespace lvr
