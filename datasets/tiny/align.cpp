#include "datasets/tiny/align.h"

#include <ATen/CPUGeneratorImpl.h>

#include <chrono>
#include <cmath>

#include "core/error.h"
#include "core/torch.h"
#include "core/train/optimizer.h"

namespace lvr {
namespace {

constexpr double kTokenRms = 0.6;  // of every target; also what the final norm starts at
constexpr double kWordStd = 0.25;
constexpr double kNothingWeight = 0.3;

// One direction per thing that can be true for a cell.
struct Codebook {
    torch::Tensor shapes, colors, dots, rows, cols;  // [count, D]
    torch::Tensor nothing;                           // [D]
    torch::Tensor right, below;                      // [D], differences of two words
};

Codebook codebook(const LvrModel& model, const AlignWords& words, PatchGrid grid,
                  std::uint64_t seed) {
    auto random = at::detail::createCPUGenerator(seed ^ 0xC0DEB00C);
    const auto size = model.config().text.hiddenSize;
    const auto draw = [&](std::int64_t count) {
        return torch::randn({count, size}, random) * kWordStd;
    };
    const auto word = [&](const std::vector<std::int64_t>& ids) {
        return model.embed(torch::tensor(ids)).detach().clone();
    };
    const auto sides = word({words.right, words.left, words.below, words.above});
    return {word(words.shapes),  word(words.colors), draw(std::ssize(words.colors)),
            draw(grid.rows),     draw(grid.cols),    draw(1)[0],
            sides[0] - sides[1], sides[2] - sides[3]};
}

double spread(int index, int count) { return count > 1 ? 2.0 * index / (count - 1) - 1.0 : 0.0; }

// The sum of the words of a cell, scaled to RMS kTokenRms. [D]
torch::Tensor cellTarget(const CellWords& cell, int row, int col, PatchGrid grid,
                         const Codebook& code) {
    auto sum = code.rows[row] + code.cols[col] + spread(col, grid.cols) * code.right +
               spread(row, grid.rows) * code.below;
    int words = 2;
    if (cell.shape < 0) {
        sum = sum + code.nothing;
        words += 1;
    } else {
        sum = sum + code.shapes[cell.shape] + code.colors[cell.color] +
              (cell.dot < 0 ? code.nothing : code.dots[cell.dot]);
        words += 3;
    }
    return sum * (kTokenRms / kWordStd / std::sqrt(words + 2.0));
}

struct AlignBatch {
    Pixels pixels;
    torch::Tensor targets;                         // [N, D]
    torch::Tensor shapes, colors, dots, row, col;  // [N] classes; the last class is "nothing"
};

AlignBatch makeBatch(const AlignSource& source, std::uint64_t first, int count,
                     const PreprocessConfig& preprocessing, const Codebook& code) {
    std::vector<Image> images;
    std::vector<torch::Tensor> targets;
    std::vector<std::int64_t> shapes, colors, dots, rows, cols;
    for (int i = 0; i < count; ++i) {
        auto example = source(first + i);
        images.push_back(std::move(example.image));
        const PatchGrid grid{static_cast<int>(code.rows.size(0)),
                             static_cast<int>(code.cols.size(0))};
        for (int cell = 0; cell < grid.count(); ++cell) {
            const auto& words = example.cells.at(cell);
            const int row = cell / grid.cols, col = cell % grid.cols;
            targets.push_back(cellTarget(words, row, col, grid, code));
            shapes.push_back(words.shape < 0 ? code.shapes.size(0) : words.shape);
            colors.push_back(words.color < 0 ? code.colors.size(0) : words.color);
            dots.push_back(words.dot < 0 ? code.dots.size(0) : words.dot);
            rows.push_back(row);
            cols.push_back(col);
        }
    }
    return {preprocess(images, preprocessing),
            torch::stack(targets),
            torch::tensor(shapes),
            torch::tensor(colors),
            torch::tensor(dots),
            torch::tensor(rows),
            torch::tensor(cols)};
}

struct Head {
    torch::Tensor loss;
    double accuracy = 0;  // over cells that hold something
};

// Classes are told apart by the dot product with their words; "nothing" is the last class.
Head classify(const torch::Tensor& tokens, const torch::Tensor& words, const torch::Tensor& nothing,
              const torch::Tensor& labels) {
    const auto logits = torch::matmul(tokens, torch::cat({words, nothing.unsqueeze(0)}).t());
    auto weights = torch::ones({words.size(0) + 1});
    weights[-1] = kNothingWeight;
    const auto real = labels < words.size(0);
    const auto right = (logits.detach().argmax(-1) == labels).masked_select(real);
    return {torch::cross_entropy_loss(logits, labels, weights),
            right.to(torch::kFloat64).mean().item<double>()};
}

// Mean square, of targets' own. vectors: [..., N, D]
torch::Tensor distance(const torch::Tensor& vectors, const torch::Tensor& targets) {
    return (vectors - targets).square().mean() / (kTokenRms * kTokenRms);
}

torch::Tensor placeLoss(const torch::Tensor& tokens, const Codebook& code,
                        const AlignBatch& batch) {
    return torch::cross_entropy_loss(torch::matmul(tokens, code.rows.t()), batch.row) +
           torch::cross_entropy_loss(torch::matmul(tokens, code.cols.t()), batch.col);
}

std::vector<torch::Tensor> trainable(LvrModel& model) {
    std::vector<torch::Tensor> chosen;
    for (auto [name, tensor] : model.parameters())
        if (name.starts_with("visual.")) chosen.push_back(tensor.requires_grad_(true));
    return chosen;
}

}  // namespace

void trainAlign(LvrModel& model, const PreprocessConfig& preprocessing, const AlignSource& source,
                const AlignWords& words, const AlignOptions& options, const OnTrainReport& onReport,
                const std::stop_token& stop) {
    const auto first = preprocess({source(0).image}, preprocessing);
    const auto code = codebook(model, words, first.grids.front(), options.seed);
    AdamW optimizer(trainAt(trainable(model)), 0.01);
    const auto begun = std::chrono::steady_clock::now();
    for (int step = 0; step < options.steps; ++step) {
        if (stop.stop_requested()) throw Cancelled();
        const auto batch =
            makeBatch(source, static_cast<std::uint64_t>(step) * options.picturesPerStep,
                      options.picturesPerStep, preprocessing, code);
        const auto visual = model.visualTokens(batch.pixels);
        const auto& tokens = visual.tokens;  // [N, D]
        const auto regression = distance(tokens, batch.targets);
        const auto shape = classify(tokens, code.shapes, code.nothing, batch.shapes);
        const auto color = classify(tokens, code.colors, code.nothing, batch.colors);
        const auto dot = classify(tokens, code.dots, code.nothing, batch.dots);
        auto loss = 5 * regression + shape.loss + color.loss + dot.loss +
                    0.1 * placeLoss(tokens, code, batch);
        // Features of earlier blocks are added to the same cells: they say the same.
        if (visual.deepstack.defined()) loss = loss + distance(visual.deepstack, batch.targets);
        optimizer.zeroGrad();
        loss.backward();
        const double rate =
            cosineSchedule(step, options.steps, options.warmupSteps, options.learningRate, 0.04);
        optimizer.step(rate, 1.0);
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
        onReport({step + 1,
                  options.steps,
                  rate,
                  (step + 1) * options.picturesPerStep / seconds,
                  seconds / (step + 1) * (options.steps - step - 1),
                  {{"loss/total", loss.item<double>()},
                   {"loss/regression", regression.item<double>()},
                   {"accuracy/shape", shape.accuracy},
                   {"accuracy/color", color.accuracy},
                   {"accuracy/dot", dot.accuracy}}});
    }
    for (auto [name, tensor] : model.parameters()) tensor.requires_grad_(false);
}

}  // namespace lvr
