#include "core/causal/causal_panel.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>

#include "core/causal/latent_filters.h"
#include "core/causal/latent_looks.h"
#include "core/causal/occlusion.h"
#include "core/causal/untouched.h"
#include "core/decode/given_thought.h"
#include "core/decode/patch_projection.h"
#include "core/error.h"
#include "core/eval/answer.h"
#include "core/statistics/resampling.h"
#include "core/torch.h"

namespace lvr {
namespace {

// What a row is fed, does and, where it can't be done, why.
struct PlannedRow {
    RowFeed feed;
    RowPlan plan;
    std::string impossible;
};

// What a row said and how likely it holds the answers for.
struct AskedRow {
    RowResult said;
    AnswerScores scores;
};

torch::Tensor vectorOf(const std::vector<float>& values) {
    return values.empty() ? torch::Tensor() : torch::tensor(values);
}

// A permutation of 0 .. n-1 in which as few as can be stay at their place.
std::vector<std::int64_t> otherOrder(std::int64_t n, std::uint64_t seed) {
    auto random = at::detail::createCPUGenerator(seed);
    const auto drawn = torch::randperm(n, random);
    std::vector<std::int64_t> cycle(drawn.data_ptr<std::int64_t>(),
                                    drawn.data_ptr<std::int64_t>() + n);
    std::vector<std::int64_t> order(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i) order[cycle[i]] = cycle[(i + 1) % n];
    return order;
}

class PanelRun {
public:
    PanelRun(const LvrCheckpoint& checkpoint, const CausalQuestion& question,
             const DecodeOptions& options, const CausalHooks& hooks)
        : checkpoint_(checkpoint),
          question_(question),
          hooks_(hooks),
          untouched_(askUntouched(checkpoint, question, options, hooks.stop, hooks.recent)),
          positions_(untouched_.positions) {}

    CausalPanel run(const std::vector<Intervention>& interventions) {
        auto panel = untouchedPanel();
        if (hooks_.onUntouched) hooks_.onUntouched(panel);
        askTogether(interventions);
        panel.decodes = static_cast<double>(positions_) / static_cast<double>(untouched_.decode);
        for (const auto& intervention : interventions) {
            panel.outcomes.push_back(outcomeOf(intervention));
            if (hooks_.onOutcome) hooks_.onOutcome(panel.outcomes.back());
        }
        if (hooks_.looks && canBeAsked())
            lookAtLatents(checkpoint_, question_, untouched_, hooks_.stop, panel);
        return panel;
    }

private:
    bool canBeAsked() const { return untouched_.spoken && untouched_.latents().size(0) > 0; }

    std::string whyNot() const {
        if (untouched_.latents().size(0) == 0) return "it did not think";
        return untouched_.spoken ? "" : "it gave no answer, or no word before it";
    }

    CausalPanel untouchedPanel() const {
        CausalPanel panel{.question = question_.question.text, .expected = question_.expected};
        if (const auto& grids = untouched_.encoded.pictures.grids; !grids.empty())
            panel.grid = grids.front();
        panel.text = checkpoint_.tokenizer.decode(untouched_.row.ids);
        panel.answer = answerOf(checkpoint_, untouched_.row);
        if (!question_.expected.empty()) panel.right = isRight(panel.answer);
        panel.latents = static_cast<int>(untouched_.latents().size(0));
        if (!untouched_.spoken) return panel;
        panel.candidates = untouched_.candidates;
        panel.logProbability = untouched_.scores.candidates.front();
        panel.margin = marginOf(untouched_.scores.candidates);
        panel.probabilities = sharesOf(untouched_.scores.candidates);
        panel.heat = heatOf(untouched_.scores.state);
        panel.answerAttention = answerAttention(checkpoint_, untouched_);
        return panel;
    }

    bool isRight(const std::string& answer) const {
        return isRightAnswer(answer, question_.expected, question_.question.text);
    }

    // Cosine of what would be fed after this state to the first picture's visual tokens.
    std::vector<float> heatOf(const torch::Tensor& state) const {
        const auto& tokens = untouched_.encoded.prompt.images.tokens;
        if (!tokens.defined()) return {};
        const auto first = tokens.narrow(0, 0, untouched_.encoded.pictures.grids.front().count());
        const auto vector = checkpoint_.model.latent(state.to(tokens.options()).unsqueeze(0));
        return floatsOf(Patches(first).cosine(vector)[0]);
    }

    // ---- What each intervention feeds

    PlannedRow plan(const Intervention& what) const {
        using enum InterventionKind;
        const auto own = untouched_.latents();
        PlannedRow row{
            .feed = {.what = what}, .plan = {.latents = own.size(0)}, .impossible = whyNot()};
        if (!row.impossible.empty()) return row;
        row.feed.mean = vectorOf(question_.moments.mean);
        row.feed.spread = vectorOf(question_.moments.spread);
        row.feed.patches = untouched_.encoded.prompt.images.tokens;
        switch (what.kind) {
            case Own:
            case Zero:
            case Noise:
                break;
            case Mean:
                if (!row.feed.mean.defined()) row.impossible = "no set says what the mean is";
                break;
            case Freeze:
            case RepeatFirst:
                if (own.size(0) < what.first + 2) row.impossible = "its thought is too short";
                break;
            case Shuffle:
                shuffle(row);
                break;
            case OtherPicture:
                lend(row, question_.otherPicture, "no question about another picture lends any");
                break;
            case OtherQuestion:
            case Transplant:
                lend(row, question_.otherQuestion, "no other question on this picture lends any");
                if (what.kind == Transplant && question_.chain) row.feed.which = Replace::First;
                break;
            case RandomPatches:
                giveRandomPatches(row);
                break;
            case Snap:
                if (!row.feed.patches.defined()) row.impossible = "there is no picture";
                break;
            case Oracle:
                giveRegions(row, question_.targets, "nobody says where to look");
                break;
            case Regions:
                giveRegions(row, what.regions, "no regions are drawn");
                break;
            case MarkersOnly:
                row.plan = {.span = RowPlan::Span::MarkersOnly};
                break;
            case SpanRemoved:
                row.plan = {.span = RowPlan::Span::Removed};
                break;
            case EvidenceRemoved:
                row.plan.hidesPrompt = true;
                break;
            case PictureBlack:
            case TargetOccluded:
                row.impossible = whyNoCover(what.kind);
                break;
        }
        return row;
    }

    void shuffle(PlannedRow& row) const {
        const auto own = untouched_.latents();
        if (own.size(0) < 2) {
            row.impossible = "its thought is too short";
            return;
        }
        const auto order = otherOrder(own.size(0), row.feed.what.seed);
        give(row, own.index_select(0, torch::tensor(order)));
    }

    // As many slots as there are vectors, where all are replaced.
    static void give(PlannedRow& row, const torch::Tensor& vectors) {
        row.feed.given = vectors;
        const auto& what = row.feed.what;
        if (what.strength == 1 && what.first == 0 && what.last < 0)
            row.plan.latents = vectors.size(0);
    }

    void lend(PlannedRow& row, const std::optional<CausalDonor>& donor,
              const std::string& missing) const {
        if (!donor || donor->latents.empty()) {
            row.impossible = missing;
            return;
        }
        const auto width = untouched_.latents().size(1);
        if (donor->width != width)
            throw Error("the latents of " + donor->from + " have " + std::to_string(donor->width) +
                        " numbers each and this model's have " + std::to_string(width) +
                        "; take those of an answer of the same model");
        give(row, torch::tensor(donor->latents).view({-1, width}));
    }

    void giveRandomPatches(PlannedRow& row) const {
        const auto& tokens = row.feed.patches;
        if (!tokens.defined()) {
            row.impossible = "there is no picture";
            return;
        }
        auto random = at::detail::createCPUGenerator(row.feed.what.seed);
        const auto at =
            torch::randint(tokens.size(0), {untouched_.latents().size(0)}, random, torch::kInt64);
        give(row, tokens.index_select(0, at.to(tokens.device())));
    }

    void giveRegions(PlannedRow& row, const std::vector<Box>& boxes,
                     const std::string& missing) const {
        const auto& encoded = untouched_.encoded;
        if (boxes.empty() || encoded.pictures.grids.empty()) {
            row.impossible = missing;
            return;
        }
        auto vectors = boxLatents(boxes, encoded.pictures.grids, checkpoint_.trainedTargets(),
                                  encoded.prompt.images.tokens);
        if (const auto& end = checkpoint_.model.latentEnd(); end.defined())
            vectors = torch::cat({vectors, end.unsqueeze(0)});
        give(row, vectors);
    }

    std::string whyNoCover(InterventionKind kind) const {
        if (question_.question.images.empty()) return "there is no picture";
        if (kind == InterventionKind::TargetOccluded && question_.targets.empty())
            return "nobody says where to look";
        return {};
    }

    // ---- Asking

    // Answers that run on are cut: what they would go on to say is no answer.
    DecodeOptions rowOptions(std::int64_t mostLatents) const {
        auto options = untouched_.options;
        const auto own = std::ssize(untouched_.row.ids) - untouched_.latents().size(0);
        options.maxNewTokens =
            static_cast<int>(std::min<std::int64_t>(options.maxNewTokens, mostLatents + own + 10));
        return options;
    }

    std::vector<AskedRow> ask(Prompt prompt, const std::vector<PlannedRow>& rows) {
        prompt.copies = static_cast<int>(rows.size());
        RowsEnd end;
        RowHooks hooks{.stop = hooks_.stop,
                       .onEnd = [&](RowsEnd e) { end = std::move(e); },
                       .spare = 64,
                       .shadows = RowHooks::Shadows::Unread};
        std::vector<RowFeed> feeds;
        std::int64_t mostLatents = 0;
        for (const auto& row : rows) {
            feeds.push_back(row.feed);
            hooks.plans.push_back(row.plan);
            mostLatents = std::max(mostLatents, row.plan.latents);
        }
        hooks.filter = feedRows(std::move(feeds));
        auto said = decodeRows(checkpoint_.model, {prompt}, checkpoint_.rules,
                               rowOptions(mostLatents), hooks);
        if (hooks_.stop.stop_requested()) throw Cancelled();
        std::vector<AnswerBranch> branches;
        for (std::size_t r = 0; r < rows.size(); ++r)
            branches.push_back(branchOf(untouched_, end, static_cast<std::int64_t>(r), said[r],
                                        rows[r].plan, checkpoint_.rules.tokens));
        BranchReading record;
        auto scores = scoreAnswers(checkpoint_.model, end.cache, branches, untouched_.candidateIds,
                                   {{}, hooks_.stop}, &record);
        if (hooks_.stop.stop_requested()) throw Cancelled();
        positions_ += std::ssize(rows) * end.passes + record.positions;
        std::vector<AskedRow> asked;
        for (std::size_t r = 0; r < rows.size(); ++r)
            asked.push_back({std::move(said[r]), std::move(scores[r])});
        return asked;
    }

    static bool readsAnotherPicture(InterventionKind kind) {
        return kind == InterventionKind::PictureBlack || kind == InterventionKind::TargetOccluded;
    }

    // All that go on from the same prompt.
    void askTogether(const std::vector<Intervention>& interventions) {
        std::vector<PlannedRow> rows;
        for (const auto& what : interventions)
            if (auto row = plan(what); row.impossible.empty() && !readsAnotherPicture(what.kind))
                rows.push_back(std::move(row));
        if (rows.empty()) return;
        auto asked = ask(untouched_.encoded.prompt, rows);
        for (std::size_t r = 0; r < rows.size(); ++r)
            asked_.emplace_back(rows[r].feed.what, std::move(asked[r]));
    }

    // Its own latents, words and all, with another first picture.
    AskedRow askWithPicture(const Image& picture) {
        auto question = question_.question;
        question.images.front() = picture;
        auto encoded = encodeQuestion(checkpoint_, question, untouched_.options,
                                      {.watch = {.stop = hooks_.stop}});
        if (hooks_.stop.stop_requested()) throw Cancelled();
        encoded.prompt.read = readPrompt(checkpoint_.model, encoded.prompt, {{}, hooks_.stop});
        if (!encoded.prompt.read) throw Cancelled();
        positions_ += untouched_.prompt();
        const auto own = untouched_.latents();
        return ask(encoded.prompt,
                   {{.feed = {.what = {.kind = InterventionKind::Regions}, .given = own},
                     .plan = {.latents = own.size(0)}}})
            .front();
    }

    InterventionOutcome outcomeOf(const Intervention& what) {
        if (auto row = plan(what); !row.impossible.empty())
            return {.intervention = what, .impossible = row.impossible};
        if (what.kind == InterventionKind::PictureBlack)
            return outcomeOf(what, askWithPicture(blackened(question_.question.images.front())));
        if (what.kind == InterventionKind::TargetOccluded) return occluded(what);
        const auto asked =
            std::ranges::find_if(asked_, [&](const auto& one) { return one.first == what; });
        return outcomeOf(what, asked->second);
    }

    double change(const AnswerScores& scores, std::size_t candidate) const {
        return scores.candidates[candidate] - untouched_.scores.candidates[candidate];
    }

    InterventionOutcome outcomeOf(const Intervention& what, const AskedRow& asked) const {
        const auto& scores = asked.scores;
        InterventionOutcome outcome{.intervention = what,
                                    .answer = answerOf(checkpoint_, asked.said),
                                    .latents = static_cast<int>(asked.said.latents.size(0))};
        const auto& text = question_.question.text;
        outcome.flipped = !isRightAnswer(outcome.answer, untouched_.spoken->answer, text);
        outcome.originalChange = change(scores, 0);
        outcome.margin = marginOf(scores.candidates);
        outcome.probabilities = sharesOf(scores.candidates);
        const auto& before = untouched_.scores.firstWord;
        outcome.divergence =
            (before.exp() * (before - scores.firstWord)).nan_to_num(0).sum().item<double>();
        outcome.heat = heatOf(scores.state);
        outcome.targetRanks = targetRanks(asked.said.latents, question_.targets, untouched_);
        if (!question_.expected.empty()) {
            outcome.right = isRight(outcome.answer);
            if (const auto gold = candidateOf(untouched_, text, question_.expected))
                outcome.goldChange = change(scores, *gold);
        }
        if (needsDonor(what.kind)) compareWithDonor(outcome, scores);
        return outcome;
    }

    // Flips alone mislead: any disturbance makes some. What counts is which way it goes.
    void compareWithDonor(InterventionOutcome& outcome, const AnswerScores& scores) const {
        const auto& text = question_.question.text;
        const bool isPicture = outcome.intervention.kind == InterventionKind::OtherPicture;
        const auto& lent = isPicture ? question_.otherPicture : question_.otherQuestion;
        const auto donor = candidateOf(untouched_, text, lent->answer),
                   random = candidateOf(untouched_, text, question_.randomAnswer);
        if (!donor || *donor == 0) return;
        outcome.towardsDonor = change(scores, *donor) - outcome.originalChange;
        if (random && *random != 0 && *random != *donor)
            outcome.towardsRandom = change(scores, *random) - outcome.originalChange;
    }

    InterventionOutcome occluded(const Intervention& what) {
        const auto& picture = question_.question.images.front();
        const auto covers = coversOf(picture, question_.targets, kShams, what.seed);
        if (covers.shams.empty())
            return {.intervention = what,
                    .impossible = "the region is too large for covers of its size beside it"};
        auto outcome = outcomeOf(what, askWithPicture(covered(picture, covers.target)));
        for (const auto& cover : covers.shams)
            outcome.shams.push_back(change(askWithPicture(covered(picture, cover)).scores, 0));
        auto losses = outcome.shams;
        for (double& loss : losses) loss = -loss;
        outcome.p = shamTest(-outcome.originalChange, losses);
        return outcome;
    }

    static constexpr int kShams = 32;

    const LvrCheckpoint& checkpoint_;
    const CausalQuestion& question_;
    const CausalHooks& hooks_;
    const Untouched untouched_;
    std::int64_t positions_;
    std::vector<std::pair<Intervention, AskedRow>> asked_;
};

}  // namespace

CausalPanel causalPanel(const LvrCheckpoint& checkpoint, const CausalQuestion& question,
                        const DecodeOptions& options,
                        const std::vector<Intervention>& interventions, const CausalHooks& hooks) {
    const c10::InferenceMode inference;
    return PanelRun(checkpoint, question, options, hooks).run(interventions);
}

CausalDonor donorFrom(const LvrCheckpoint& checkpoint, const Question& question,
                      const DecodeOptions& options, const std::string& from, std::stop_token stop,
                      RecentPrompts* recent) {
    const auto asked = askUntouched(checkpoint, {.question = question}, options, stop, recent);
    const auto latents = asked.latents();
    if (latents.size(0) == 0)
        throw Error(from + " lends no latents: the model did not think about it");
    return {.from = from,
            .answer = answerOf(checkpoint, asked.row),
            .latents = floatsOf(latents),
            .width = static_cast<int>(latents.size(1))};
}

}  // namespace lvr
