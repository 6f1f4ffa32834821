#include "app/cli/bench_train.h"

#include <algorithm>
#include <chrono>

#include "app/cli/bench_figure.h"
#include "app/cli/bench_measure.h"
#include "app/cli/pass_costs.h"
#include "core/error.h"
#include "core/kernels/threads.h"
#include "core/sft/pass.h"
#include "core/torch.h"
#include "core/train/token_log_probabilities.h"
#include "core/train/trainable.h"
#include "core/vision/image_file.h"
#include "datasets/dataset.h"
#include "datasets/scenes/scenes.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

TrainingSet readSet(const TrainBenchSizes& a, const fs::path& data, const fs::path& scratch) {
    if (data.empty()) writeScenes(scratch, 4 * a.pictures * a.questions, 1, {});
    std::vector<TrainingRecord> records;
    const auto dataset = readDataset({.data = data.empty() ? scratch : data});
    for (const auto& record : dataset.records)
        records.push_back({.name = dataset.name(record),
                           .kind = record.kind(),
                           .images = {record.images.begin(), record.images.end()},
                           .question = record.question,
                           .response = record.response,
                           .boxes = record.boxes});
    return TrainingSet(std::move(records));
}

using Pictures = std::vector<SftPicture>;

// The first pictures that have enough questions, with that many of them.
Pictures choose(const TrainBenchSizes& a, const LvrCheckpoint& checkpoint, const TrainingSet& set,
                const SftOptions& options, std::vector<std::vector<fs::path>>& files) {
    Pictures chosen;
    for (const auto& records : set.pictures) {
        if (std::ssize(chosen) == a.pictures) break;
        if (std::ssize(records) < a.questions) continue;
        files.push_back(set.records[records.front()].images);
        const torch::NoGradGuard off;
        SftPicture picture{visualTokensOf(checkpoint, files.back()), {}};
        for (int q = 0; q < a.questions; ++q)
            picture.rows.push_back(
                planRow(checkpoint, set, records[q], picture.images.grids, options, 0));
        chosen.push_back(std::move(picture));
    }
    if (chosen.empty())
        throw Error("no picture of the data has " + std::to_string(a.questions) +
                    " questions; lower --questions");
    return chosen;
}

// Each question alone with its own reading of its picture.
Pictures oneByOne(const Pictures& pictures) {
    Pictures alone;
    for (const auto& picture : pictures)
        for (const auto& row : picture.rows) alone.push_back({picture.images, {row}});
    return alone;
}

class TrainBench {
public:
    TrainBench(const TrainBenchSizes& a, const fs::path& data, LvrCheckpoint checkpoint)
        : a_(a),
          checkpoint_(std::move(checkpoint)),
          ceilings_(measureCeilings(onThreads)),
          set_(readSet(a, data, scratch_.path / "scenes")),
          pictures_(choose(a, checkpoint_, set_, options_, files_)),
          trained_(trainable(checkpoint_.model)),
          optimizer_(trained_, 0.01) {}

    OrderedJson run() {
        auto out = toJson(ceilings_);
        out["pictures"] = pictures_.size();
        out["questions"] = pictures_.size() * a_.questions;
        phases(out);
        sharing(out);
        features(out);
        crossEntropy(out);
        return out;
    }

private:
    torch::Tensor forward(const SftBatch& batch, const SftTotals& totals) {
        const PackReading read(checkpoint_.model, batch.pack);
        const auto latents = batch.slotAt.numel() > 0 ? batch.slotTarget : torch::Tensor();
        const std::vector<double> open(set_.kinds.size(), 1.0);
        return sftPass(checkpoint_, batch, read, {latents, {}}, open, options_, totals).loss;
    }

    // Forward and backward of a step, in the parts a training would make of it. Returns the loss.
    double learn(const Pictures& pictures, const std::function<void(const char*)>& lap = {}) {
        SftTotals totals;
        for (const auto& picture : pictures)
            for (const auto& row : picture.rows) totals.add(row);
        optimizer_.zeroGrad();
        double all = 0;
        for (const auto& part : split(pictures, options_.microTokens)) {
            const auto batch = layOut(checkpoint_, part);
            if (lap) lap("layout");
            const auto loss = forward(batch, totals);
            if (lap) lap("forward");
            loss.backward();
            if (lap) lap("backward");
            all += loss.item<double>();
        }
        return all;
    }

    std::int64_t positions() const {
        std::int64_t all = 0;
        for (const auto& picture : pictures_) all += positionsOf(picture);
        return all;
    }

    // Pictures are seen, and texts learnt from.
    double operations() const {
        const PassCosts costs(checkpoint_.model, ceilings_);
        const int merge = checkpoint_.model.config().vision.spatialMergeSize;
        double all = 0;
        std::int64_t said = 0;
        for (const auto& picture : pictures_) {
            for (const auto& grid : picture.images.grids)
                all += costs.ofVision(static_cast<double>(grid.count()) * merge * merge);
            for (const auto& row : picture.rows) said += std::ssize(row.labels);
        }
        return all + costs.ofTraining(positions(), said);
    }

    void phases(OrderedJson& out) {
        out["positions"] = positions();
        std::map<std::string, std::vector<double>> laps;
        auto begun = std::chrono::steady_clock::now();
        const auto lap = [&](const char* phase) {
            laps[phase].back() += since(begun);
            begun = std::chrono::steady_clock::now();
        };
        for (int i = 0; i <= a_.repeats; ++i) {
            for (const auto* phase : kPhases) laps[phase].push_back(0);
            begun = std::chrono::steady_clock::now();
            for (const auto& files : files_) {
                std::vector<Image> images;
                for (const auto& file : files) images.push_back(readImage(file));
                const auto pixels = preprocess(images, checkpoint_.preprocess);
                lap("read");
                const torch::NoGradGuard off;
                checkpoint_.model.visualTokens(pixels);
                lap("vision");
            }
            learn(pictures_, lap);
            optimizer_.step(1e-9, 1);
            lap("optimizer");
        }
        double step = 0;
        std::map<std::string, double> seconds;
        for (auto& [phase, times] : laps) {
            times.erase(times.begin());  // warmed up
            std::nth_element(times.begin(), times.begin() + a_.repeats / 2, times.end());
            step += seconds[phase] = times[a_.repeats / 2];
        }
        out["tokens_per_second"] = out["positions"].get<double>() / step;
        out["step_seconds"] = step;
        if (checkpoint_.model.device().is_cpu()) {
            const auto share = ofOperations({.seconds = step}, operations(), ceilings_);
            out["share"] = share.share;
            out["ceiling"] = share.ceiling;
        }
        for (const auto* phase : kPhases) out["phase_share"][phase] = seconds[phase] / step;
        out["peak_memory_mb"] = peakGrowth([&] { learn(pictures_); });
    }

    void sharing(OrderedJson& out) {
        const auto alone = oneByOne(pictures_);
        double loss = 0, lossAlone = 0;
        const auto seconds = medians(
            a_.repeats, [&] { loss = learn(pictures_); }, [&] { lossAlone = learn(alone); });
        out["shared_prefix"] = {{"seconds", seconds.first},
                                {"repeated_seconds", seconds.second},
                                {"ratio", seconds.second / seconds.first},
                                {"loss_difference", std::abs(loss - lossAlone)}};
    }

    // Seconds to see every picture for the first time in a training.
    double seeAll(const fs::path& cache) {
        std::vector<double> times;
        for (int i = 0; i <= a_.repeats; ++i) {
            VisionFeatures features(checkpoint_, cache);
            const auto begun = std::chrono::steady_clock::now();
            for (const auto& files : files_) features.of(files);
            times.push_back(since(begun));
        }
        std::nth_element(times.begin() + 1, times.begin() + 1 + a_.repeats / 2, times.end());
        return times[1 + a_.repeats / 2];  // the first one filled the cache
    }

    void features(OrderedJson& out) {
        VisionFeatures kept(checkpoint_);
        const double inMemory = median(a_.repeats, [&] {
            for (const auto& files : files_) kept.of(files);
        });
        const double fresh = seeAll({}), onDisk = seeAll(scratch_.path / "cache");
        out["features"] = {{"uncached_seconds", fresh},
                           {"memory_ratio", fresh / inMemory},
                           {"disk_ratio", fresh / onDisk},
                           {"equal", areKept(kept)}};
    }

    // Whether features from memory and from disk are those that are made anew, to the last bit.
    bool areKept(VisionFeatures& kept) {
        VisionFeatures fresh(checkpoint_), onDisk(checkpoint_, scratch_.path / "cache");
        return std::ranges::all_of(files_, [&](const auto& files) {
            const auto wanted = fresh.of(files).tokens;
            return torch::equal(kept.of(files).tokens, wanted) &&
                   torch::equal(onDisk.of(files).tokens, wanted);
        });
    }

    void crossEntropy(OrderedJson& out) {
        const auto hidden = torch::randn({a_.positions, a_.hiddenSize}, torch::requires_grad());
        const auto head = torch::randn({a_.vocabSize, a_.hiddenSize}) * 0.02;
        const auto labels = torch::randint(a_.vocabSize, {a_.positions}, torch::kInt64);
        const auto chunked = [&] {
            tokenLogProbabilities(hidden, head, labels).value.mean().backward();
        };
        const auto full = [&] {
            const auto logits = torch::matmul(hidden, head.t());
            torch::log_softmax(logits, -1).gather(-1, labels.unsqueeze(-1)).mean().backward();
        };
        const auto gradientOf = [&](const std::function<void()>& way) {
            hidden.mutable_grad() = torch::Tensor();
            way();
            return hidden.grad().clone();
        };
        const auto wanted = gradientOf(full);
        const auto off = (gradientOf(chunked) - wanted).norm() / wanted.norm();
        const auto seconds = medians(std::min(a_.repeats, 3), chunked, full);
        const double chunkedMemory = peakGrowth(chunked), fullMemory = peakGrowth(full);
        out["cross_entropy"] = {{"chunked_seconds", seconds.first},
                                {"full_seconds", seconds.second},
                                {"time_ratio", seconds.second / seconds.first},
                                {"chunked_peak_mb", chunkedMemory},
                                {"full_peak_mb", fullMemory},
                                {"memory_ratio", fullMemory / std::max(1.0, chunkedMemory)},
                                {"gradient_difference", off.item<double>()}};
    }

    static constexpr const char* kPhases[] = {"read",    "vision",   "layout",
                                              "forward", "backward", "optimizer"};
    const TrainBenchSizes& a_;
    TemporaryFolder scratch_;
    LvrCheckpoint checkpoint_;
    Ceilings ceilings_;
    SftOptions options_{.extraSlots = 0};
    TrainingSet set_;
    std::vector<std::vector<fs::path>> files_;
    Pictures pictures_;
    std::vector<Trained> trained_;
    AdamW optimizer_;
};

}  // namespace

OrderedJson benchTrainingStep(const TrainBenchSizes& sizes, const fs::path& data,
                              LvrCheckpoint checkpoint) {
    return TrainBench(sizes, data, std::move(checkpoint)).run();
}

}  // namespace lvr
