#include "app/cli/bench_measure.h"
#include "app/cli/bench_models.h"
#include "app/cli/pass_costs.h"
#include "core/eval/agreement.h"
#include "core/model/training_numbers.h"
#include "core/torch.h"
#include "core/vision/preprocess.h"

namespace lvr {
namespace {

constexpr std::int64_t kTextTokens = 100;  // of the prompt, beside the picture's
constexpr std::int64_t kCompared = 64;     // last positions of the prompt

using Step = PassCosts::Step;

torch::Tensor positionsAt(std::int64_t first, std::int64_t count, std::int64_t rows) {
    return torch::arange(first, first + count).view({1, 1, count}).expand({3, rows, count});
}

class PassBench {
public:
    explicit PassBench(const BenchModels& models)
        : models_(models),
          fast_(models.fast.model),
          prompt_(models.visualTokens + kTextTokens),
          ids_(torch::randint(fast_.config().text.vocabSize, {1, prompt_}, torch::kInt64)),
          costs_(fast_, models.ceilings) {}

    void run(const OnFigure& report) {
        const auto rows = std::to_string(models_.rows);
        report(prefill());
        report(step("token step", Step::Token, 1));
        report(step("latent step", Step::Latent, 1));
        report(step("token step of " + rows + " rows", Step::Token, models_.rows));
        report(vision());
    }

private:
    using Work = std::function<void()>;
    // The slow way: product by product by LibTorch, as a training computes.
    template <class Do>
    auto slowly(const Do& work) const {
        const TrainingNumbers byLibTorch;
        return work(models_.slow->model);
    }
    template <class Do>
    Work slowWork(const Do& work) const {
        if (!models_.slow) return {};
        return [this, work] { slowly(work); };
    }
    BenchFigure timed(const std::string& name, int repeats, const Work& fast,
                      const Work& slow) const {
        const auto times = medians(repeats, fast, slow);
        return {.name = name, .seconds = times.first, .referenceSeconds = times.second};
    }

    torch::Tensor read(const LvrModel& model, KvCache& cache) const {
        return model.hidden({model.embed(ids_), positionsAt(0, prompt_, 1)}, {.cache = &cache});
    }

    // Both caches are left for the steps to come.
    BenchFigure prefill() {
        auto figure = timed(
            "prompt of " + std::to_string(prompt_) + " positions", std::min(models_.repeats, 3),
            [&] {
                fastCache_ = KvCache(prompt_ + 1);
                fastHidden_ = read(fast_, fastCache_);
            },
            slowWork([this](const LvrModel& model) {
                slowCache_ = KvCache(prompt_ + 1);
                slowHidden_ = read(model, slowCache_);
            }));
        if (models_.slow) comparePrompts(figure);
        return ofOperations(figure, costs_.ofPrompt(prompt_), models_.ceilings);
    }
    void comparePrompts(BenchFigure& figure) const {
        const auto last = [](const torch::Tensor& hidden) {
            return hidden.slice(1, -kCompared).flatten(0, 1);  // [n, D]
        };
        const auto fast = last(fastHidden_), slow = last(slowHidden_);
        figure.cosine = lowestCosine(fast, slow);
        Agreement agreement;
        agreement.add(models_.slow->model.logits(slow), fast_.logits(fast));
        figure.sameTop = agreement.topShare();
    }

    // One position for each row; what was read of the prompt stays as it is. -> [rows, V] or [rows,
    // D]
    torch::Tensor step(const LvrModel& model, const KvCache& prompt, Step kind, int rows) const {
        auto cache = prompt.ahead(torch::zeros({rows}, torch::kInt64), 1);
        const auto embeddings =
            model.embed(ids_.narrow(1, 0, 1)).expand({rows, 1, -1}).contiguous();
        const auto hidden =
            model.hidden({embeddings, positionsAt(prompt_, 1, rows)}, {.cache = &cache});
        return (kind == Step::Latent ? model.latent(hidden) : model.logits(hidden)).flatten(0, 1);
    }
    BenchFigure step(const std::string& name, Step kind, int rows) const {
        const auto slow = [=, this](const LvrModel& model) {
            return step(model, slowCache_, kind, rows);
        };
        auto figure = timed(
            name, models_.repeats, [&] { step(fast_, fastCache_, kind, rows); }, slowWork(slow));
        if (models_.slow) compareSteps(figure, step(fast_, fastCache_, kind, rows), slowly(slow));
        if (kind == Step::Latent) figure.sameTop = -1;
        return ofBytes(figure, costs_.bytesOf(kind), models_.ceilings);
    }
    static void compareSteps(BenchFigure& figure, const torch::Tensor& fast,
                             const torch::Tensor& slow) {
        figure.cosine = lowestCosine(fast, slow);
        figure.sameTop =
            (fast.argmax(-1) == slow.argmax(-1)).to(torch::kFloat32).mean().item<double>();
    }

    BenchFigure vision() const {
        const auto pixels = patchify({benchPicture(models_)}, models_.fast.preprocess);
        torch::Tensor fast, slow;
        auto figure = timed(
            "picture of " + std::to_string(gridOf(models_).count()) + " visual tokens", 1,
            [&] { fast = fast_.visualTokens(pixels).tokens; },
            slowWork([&](const LvrModel& model) { slow = model.visualTokens(pixels).tokens; }));
        if (models_.slow) figure.cosine = lowestCosine(fast, slow);
        const auto patches = static_cast<double>(pixels.gridThw[0][1] * pixels.gridThw[0][2]);
        return ofOperations(figure, costs_.ofVision(patches), models_.ceilings);
    }

    const BenchModels& models_;
    const LvrModel& fast_;
    std::int64_t prompt_;
    torch::Tensor ids_;  // [1, T]
    PassCosts costs_;
    KvCache fastCache_, slowCache_;
    torch::Tensor fastHidden_, slowHidden_;  // [1, T, D]
};

}  // namespace

PatchGrid gridOf(const BenchModels& models) {
    const int rows = std::max(1, static_cast<int>(std::sqrt(models.visualTokens)));
    return {rows, static_cast<int>(models.visualTokens / rows)};
}

Image benchPicture(const BenchModels& models) {
    const auto& vision = models.fast.model.config().vision;
    const int cell = vision.patchSize * vision.spatialMergeSize;
    const auto grid = gridOf(models);
    Image image{grid.cols * cell, grid.rows * cell, {}};
    image.rgb.resize(3 * static_cast<std::size_t>(image.width) * image.height);
    for (std::size_t i = 0; i < image.rgb.size(); ++i)
        image.rgb[i] = static_cast<std::uint8_t>(i * 2654435761U >> 24);
    return image;
}

double lowestCosine(const torch::Tensor& a, const torch::Tensor& b) {
    return torch::cosine_similarity(a.to(torch::kFloat64), b.to(torch::kFloat64), 1)
        .min()
        .item<double>();
}

void benchPasses(const BenchModels& models, const OnFigure& report) {
    PassBench(models).run(report);
}

}  // namespace lvr
