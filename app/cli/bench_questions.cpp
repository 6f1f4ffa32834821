#include "app/cli/bench_measure.h"
#include "app/cli/bench_models.h"
#include "app/cli/command.h"
#include "app/cli/pass_costs.h"
#include "core/decode/decoder.h"
#include "core/decode/recent_prompts.h"
#include "core/error.h"
#include "core/model/training_numbers.h"
#include "core/torch.h"

namespace lvr {
namespace {

constexpr int kLatents = 8, kWords = 20;
constexpr const char* kFirst = "What is this?";
constexpr const char* kSecond = "Where is it, and which colour has the thing beside it?";

using Step = PassCosts::Step;
using Rows = std::vector<RowResult>;

// What a row says; ids of latent positions nobody reads.
std::vector<std::int64_t> textOf(const RowResult& row) {
    std::vector<std::int64_t> text;
    for (std::size_t i = 0; i < row.ids.size(); ++i)
        if (!row.isLatent[i]) text.push_back(row.ids[i]);
    return text;
}

// Of rows that should be the same: how many of their words have the same id.
double sameIds(const Rows& a, const Rows& b) {
    std::size_t same = 0, all = 0;
    for (std::size_t r = 0; r < a.size(); ++r) {
        const auto one = textOf(a[r]), other = textOf(b[r]);
        const auto both = std::min(one.size(), other.size());
        for (std::size_t i = 0; i < both; ++i) same += one[i] == other[i];
        all += std::max(one.size(), other.size());
    }
    return static_cast<double>(same) / static_cast<double>(all);
}

torch::Tensor latentsOf(const Rows& rows) {
    std::vector<torch::Tensor> latents;
    for (const auto& row : rows) latents.push_back(row.latents);
    return torch::cat(latents);
}

class QuestionBench {
public:
    explicit QuestionBench(const BenchModels& models)
        : models_(models),
          picture_(benchPicture(models)),
          costs_(models.fast.model, models.ceilings) {}

    void run(const OnFigure& report) const {
        report(secondQuestion());
        report(answer());
        report(rollouts());
    }

private:
    static DecodeOptions options(int words) {
        DecodeOptions options{.exit = FixedSteps{kLatents},
                              .spanStart = SpanStart::Forced,
                              .maxNewTokens = kLatents + 1 + words};  // with <|lvr_end|>
        options.pixels = {1, std::int64_t{1} << 30};                  // as it is
        return options;
    }

    // What a question's first step goes by, [V].
    torch::Tensor firstStep(const std::string& question, RecentPrompts& recent,
                            std::int64_t& read) const {
        auto asked = options(1);
        asked.spanStart = SpanStart::Sampled;  // the first step is a word
        const auto encoded = encodeQuestion(models_.fast, {{picture_}, question}, asked,
                                            {.watch = {.stop = interruption()}, .recent = &recent});
        torch::Tensor first;
        std::stop_source enough;
        const std::stop_callback interrupted(interruption(), [&] { enough.request_stop(); });
        RowHooks hooks{.onLogits =
                           [&](const torch::Tensor& logits) {
                               first = logits[0].clone();
                               enough.request_stop();
                           },
                       .onRead = [&](std::int64_t positions) { read = positions; },
                       .recent = &recent,
                       .stop = enough.get_token()};
        if (!encoded.prompt.ids.empty())
            decodeRows(models_.fast.model, {encoded.prompt}, models_.fast.rules, asked, hooks);
        if (!first.defined()) throw Cancelled();
        return first;
    }

    BenchFigure secondQuestion() const {
        RecentPrompts known;
        std::int64_t read = 0;
        firstStep(kFirst, known, read);
        torch::Tensor again, anew;
        BenchFigure figure{.name = "second question's first step"};
        figure.referenceSeconds = once([&] {
            RecentPrompts nothing;
            anew = firstStep(kSecond, nothing, read);
        });
        figure.seconds = median(models_.repeats, [&] {
            auto recent = known;
            again = firstStep(kSecond, recent, read);
        });
        figure.equal = torch::equal(again, anew);
        figure.cosine = lowestCosine(again.unsqueeze(0), anew.unsqueeze(0));
        return ofBest(figure, costs_.bestOfPrompt(read) + costs_.bestOf(Step::Token, 1));
    }

    Rows ask(const LvrCheckpoint& checkpoint, const DecodeOptions& options, int copies) const {
        auto encoded = encodeQuestion(checkpoint, {{picture_}, kFirst}, options,
                                      {.watch = {.stop = interruption()}});
        if (encoded.prompt.ids.empty()) throw Cancelled();
        encoded.prompt.copies = copies;
        positions_ = std::ssize(encoded.prompt.ids);
        auto rules = checkpoint.rules;
        rules.stopIds.clear();  // each says as much
        auto rows = decodeRows(checkpoint.model, {encoded.prompt}, rules, options,
                               {.stop = interruption(), .shadows = RowHooks::Shadows::Unread});
        if (interruption().stop_requested()) throw Cancelled();
        return rows;
    }

    BenchFigure answer() const {
        Rows fast, slow;
        BenchFigure figure{.name = "picture, 8 latents, 20 tokens"};
        if (models_.slow)
            figure.referenceSeconds = once([&] {
                const TrainingNumbers byLibTorch;
                slow = ask(*models_.slow, options(kWords), 1);
            });
        figure.seconds = once([&] { fast = ask(models_.fast, options(kWords), 1); });
        if (models_.slow) compareRows(figure, fast, slow);
        return ofBest(figure, bestOfRows(1));
    }

    // The same draws, each with a reading of the picture of its own.
    Rows oneByOne(DecodeOptions options) const {
        Rows rows;
        for (int i = 0; i < models_.rows; ++i) {
            rows.push_back(ask(models_.fast, options, 1).front());
            ++options.sampling.seed;
        }
        return rows;
    }

    BenchFigure rollouts() const {
        auto sampled = options(kWords);
        sampled.sampling = {.temperature = 1, .seed = 7};
        Rows together, alone;
        BenchFigure figure{.name = std::to_string(models_.rows) + " rollouts, 20 tokens each"};
        figure.referenceSeconds = once([&] { alone = oneByOne(sampled); });
        figure.seconds = once([&] { together = ask(models_.fast, sampled, models_.rows); });
        compareRows(figure, together, alone);
        return ofBest(figure, bestOfRows(models_.rows));
    }

    static void compareRows(BenchFigure& figure, const Rows& a, const Rows& b) {
        const auto one = latentsOf(a), other = latentsOf(b);
        const auto both = std::min(one.size(0), other.size(0));
        figure.cosine = lowestCosine(one.narrow(0, 0, both), other.narrow(0, 0, both));
        figure.sameTop = sameIds(a, b);
    }

    // From the picture to the last words.
    double bestOfRows(int rows) const {
        const auto& vision = models_.fast.model.config().vision;
        const double patches = static_cast<double>(gridOf(models_).count()) *
                               vision.spatialMergeSize * vision.spatialMergeSize;
        return costs_.bestOfVision(patches) + costs_.bestOfPrompt(positions_) +
               kLatents * costs_.bestOf(Step::Latent, rows) +
               (kWords + 1) * costs_.bestOf(Step::Token, rows);
    }

    const BenchModels& models_;
    Image picture_;
    PassCosts costs_;
    mutable std::int64_t positions_ = 0;  // of the prompt that was asked
};

}  // namespace

void benchQuestions(const BenchModels& models, const OnFigure& report) {
    QuestionBench(models).run(report);
}

}  // namespace lvr
