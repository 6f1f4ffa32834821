#include "core/eval/ask_item.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <optional>

#include "core/decode/decoder.h"
#include "core/decode/patch_projection.h"
#include "core/error.h"
#include "core/eval/answer.h"
#include "core/eval/roi_heat.h"
#include "core/torch.h"
#include "core/vision/image_file.h"

namespace lvr {
namespace {

using EvalClock = std::chrono::steady_clock;

double millisecondsFrom(EvalClock::time_point start) {
    return std::chrono::duration<double, std::milli>(EvalClock::now() - start).count();
}

DecodeOptions withExit(DecodeOptions options, const ExitRule& exit) {
    options.exit = exit;
    return options;
}

// The one whose thought may take the most room, by which pictures are planned.
ExitRule longestOf(const std::vector<ExitRule>& exits, const DecodeOptions& options) {
    return *std::ranges::max_element(
        exits, {}, [&](const ExitRule& exit) { return answerRoom(withExit(options, exit)); });
}

// A prompt's answers by several exit rules.
struct Asked {
    EncodedQuestion encoded;
    std::vector<RowResult> rows;                     // one an exit rule
    std::vector<std::vector<torch::Tensor>> states;  // that each word of a row came from, [D]
    EvalTimes times;
};

// Which of the words a row said its answer begins with; none: it has no answer.
std::optional<std::size_t> firstWordOfAnswer(const LvrCheckpoint& checkpoint,
                                             const RowResult& row) {
    const auto mark = checkpoint.rules.dialect.answer;
    std::vector<std::int64_t> said;
    for (std::size_t i = 0; i < row.ids.size(); ++i)
        if (!row.isLatent[i]) said.push_back(row.ids[i]);
    const auto text = checkpoint.spoken(said), answer = answerIn(text, mark);
    if (answer.empty()) return std::nullopt;
    const std::string tag = "<answer>";
    const auto opened = text.rfind(tag);
    const auto at = mark == AnswerMark::Tag
                        ? text.find(answer, opened == text.npos ? 0 : opened + tag.size())
                        : text.rfind(answer);
    std::vector<std::int64_t> begun;
    for (std::size_t i = 0; i < said.size(); ++i) {
        begun.push_back(said[i]);
        if (checkpoint.spoken(begun).size() > at) return i;
    }
    return std::nullopt;
}

std::vector<float> rowOf(const torch::Tensor& matrix, std::int64_t row) {
    const auto values = matrix[row].contiguous();
    return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
}

// vectors: [n, D] -> a row of cosines for each, over all visual tokens
std::vector<std::vector<float>> cosinesOf(const torch::Tensor& vectors,
                                          const torch::Tensor& tokens) {
    std::vector<std::vector<float>> rows;
    if (vectors.size(0) == 0 || !tokens.defined()) return rows;
    const auto cosine = Patches(tokens).cosine(vectors);
    for (std::int64_t i = 0; i < cosine.size(0); ++i) rows.push_back(rowOf(cosine, i));
    return rows;
}

class ItemQuestion {
public:
    ItemQuestion(const LvrCheckpoint& checkpoint, const BenchmarkItem& item,
                 const DecodeOptions& options, RecentPrompts& recent, const ItemHooks& hooks)
        : checkpoint_(checkpoint), item_(item), options_(options), recent_(recent), hooks_(hooks) {
        for (const auto& file : item.images) {
            if (hooks.onPicture) hooks.onPicture(file);
            pictures_.push_back(readImage(file));
        }
    }

    std::vector<ItemAnswer> answers(const ItemTexts& texts,
                                    const std::vector<EvalColumn>& columns) {
        std::vector<ItemAnswer> answers(columns.size());
        for (const bool forced : {false, true}) thinkAndAnswer(texts, columns, forced, answers);
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const auto mode = columns[i].mode;
            if (mode == EvalMode::Chain) guarded(answers[i], [&] { chain(texts, answers[i]); });
            if (mode == EvalMode::Crop || mode == EvalMode::OracleCrop)
                guarded(answers[i], [&] { crop(texts, columns[i], answers[i]); });
        }
        return answers;
    }

private:
    // What one way can't do is no reason to leave out the others.
    template <class Work>
    static void guarded(ItemAnswer& answer, const Work& work) {
        try {
            work();
        } catch (const Error& error) {
            answer.failure = error.what();
        }
    }

    bool startIsForced(const EvalColumn& column) const {
        return column.mode != EvalMode::Base && options_.spanStart == SpanStart::Forced;
    }

    // Those that share a prompt: with <|lvr_start|> at its end, or without.
    void thinkAndAnswer(const ItemTexts& texts, const std::vector<EvalColumn>& columns, bool forced,
                        std::vector<ItemAnswer>& answers) {
        std::vector<std::size_t> asked;
        std::vector<ExitRule> exits;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const auto& column = columns[i];
            if (column.mode == EvalMode::Chain || column.mode == EvalMode::OracleCrop) continue;
            if (startIsForced(column) != forced) continue;
            asked.push_back(i);
            exits.push_back(column.mode == EvalMode::Base ? ExitRule{NoLatents{}} : column.exit);
        }
        if (asked.empty()) return;
        auto options = options_;
        options.spanStart = forced ? SpanStart::Forced : SpanStart::Sampled;
        try {
            const auto rows = ask({pictures_, texts.plain}, exits, options);
            for (std::size_t r = 0; r < asked.size(); ++r) {
                answers[asked[r]] = answerOfRow(rows, r);
                if (columns[asked[r]].mode == EvalMode::Crop)
                    answers[asked[r]].crop = lookedAt(rows, r);
            }
        } catch (const Error& error) {
            for (const auto i : asked) answers[i].failure = error.what();
        }
    }

    Asked ask(const Question& question, const std::vector<ExitRule>& exits,
              const DecodeOptions& options) {
        const auto planned = withExit(options, longestOf(exits, options));
        Asked asked{.encoded =
                        encodeQuestion(checkpoint_, question, planned,
                                       {.watch = {.stop = hooks_.stop}, .recent = &recent_})};
        if (hooks_.stop.stop_requested()) throw Cancelled();
        auto& prompt = asked.encoded.prompt;
        prompt.copies = static_cast<int>(exits.size());
        prompt.exits = exits;
        asked.states.resize(exits.size());
        const auto& timings = asked.encoded.timings;
        asked.times.encode = timings.preprocess + timings.encodeImages;
        const auto begun = EvalClock::now();
        RowHooks hooks{.recent = &recent_, .stop = hooks_.stop};
        hooks.onRead = [&](std::int64_t positions) {
            asked.times.prefill = millisecondsFrom(begun);
            if (hooks_.onRead) hooks_.onRead(positions);
        };
        if (!item_.targets.empty())
            hooks.onStep = [&](const RowStep& step) {
                if (step.latentIndex < 0) asked.states[step.row].push_back(step.vector);
            };
        asked.rows = decodeRows(checkpoint_.model, {prompt}, checkpoint_.rules, planned, hooks);
        if (hooks_.stop.stop_requested()) throw Cancelled();
        asked.times.decode = millisecondsFrom(begun) - asked.times.prefill;
        return asked;
    }

    ItemAnswer answerOfRow(const Asked& asked, std::size_t r) const {
        const auto& row = asked.rows[r];
        ItemAnswer answer{.output = checkpoint_.tokenizer.decode(row.ids),
                          .answer = answerOf(checkpoint_, row),
                          .stopped = toText(row.stopped),
                          .visualTokens = asked.encoded.pictures.visualTokens(),
                          .promptTokens = static_cast<int>(asked.encoded.prompt.ids.size()),
                          .times = asked.times};
        countThoughts(row, answer);
        if (!item_.targets.empty()) measureHeat(asked, r, answer);
        return answer;
    }

    void countThoughts(const RowResult& row, ItemAnswer& answer) const {
        for (std::size_t i = 0, latent = 0; i < row.ids.size(); ++i) {
            if (!row.isLatent[i] || latent >= row.thoughtOf.size()) continue;
            const bool isNew = latent == 0 || row.thoughtOf[latent] != row.thoughtOf[latent - 1];
            ++latent;
            if (isNew) answer.thoughts.push_back(0);
            ++answer.thoughts.back();
            const bool isLast = i + 1 < row.ids.size() && !row.isLatent[i + 1];
            answer.closed += isLast && row.ids[i + 1] == checkpoint_.rules.tokens.end;
        }
    }

    void measureHeat(const Asked& asked, std::size_t r, ItemAnswer& answer) const {
        const auto target = roiTarget(targetBoxes(), asked.encoded.pictures.grids,
                                      item_.benchmark + " " + item_.id);
        if (target.tokens.empty()) return;
        const auto& tokens = asked.encoded.prompt.images.tokens;
        for (const auto& heat : cosinesOf(asked.rows[r].latents, tokens))
            answer.latentHeat.push_back(roiHeat(heat, target));
        const auto word = firstWordOfAnswer(checkpoint_, asked.rows[r]);
        if (word && *word < asked.states[r].size())
            for (const auto& heat : cosinesOf(asked.states[r][*word].unsqueeze(0), tokens))
                answer.answerHeat = roiHeat(heat, target);
    }

    // In fractions of the pictures.
    std::vector<Box> targetBoxes() const {
        std::vector<Box> boxes;
        for (const auto& target : item_.targets) {
            const auto& picture = pictures_.at(target.image);
            boxes.push_back({target.x / picture.width, target.y / picture.height,
                             (target.x + target.width) / picture.width,
                             (target.y + target.height) / picture.height, target.image});
        }
        return boxes;
    }

    // Where most of the latents' heat is, on the picture that has most of it. Nothing was thought:
    // none.
    std::optional<Box> lookedAt(const Asked& asked, std::size_t r) const {
        const auto& grids = asked.encoded.pictures.grids;
        std::vector<double> heat;
        for (const auto& cosine :
             cosinesOf(asked.rows[r].latents, asked.encoded.prompt.images.tokens))
            addWeights(cosine, heat);
        if (heat.empty()) return std::nullopt;
        std::optional<Box> best;
        double most = 0;
        auto first = heat.begin();
        for (std::size_t image = 0; image < grids.size(); ++image) {
            const std::vector<double> here(first, first + grids[image].count());
            first += grids[image].count();
            const double mass = std::accumulate(here.begin(), here.end(), 0.0);
            if (mass <= most) continue;
            most = mass;
            constexpr double kMost = 0.5;
            best = hottestBox(here, grids[image], kMost);
            best->image = static_cast<int>(image);
        }
        return best;
    }

    // Shares of one latent's heat, as roiScore has them.
    static void addWeights(const std::vector<float>& cosine, std::vector<double>& heat) {
        heat.resize(cosine.size());
        constexpr double kTemperature = 0.1;
        const double top = *std::ranges::max_element(cosine);
        double all = 0;
        for (const float c : cosine) all += std::exp((c - top) / kTemperature);
        for (std::size_t i = 0; i < cosine.size(); ++i)
            heat[i] += std::exp((cosine[i] - top) / kTemperature) / all;
    }

    // The smallest box around all targets of the first picture that has one.
    std::optional<Box> namedRegion() const {
        std::optional<Box> around;
        for (const auto& box : targetBoxes()) {
            if (!around) around = box;
            if (box.image != around->image) continue;
            *around = {std::min(around->x0, box.x0), std::min(around->y0, box.y0),
                       std::max(around->x1, box.x1), std::max(around->y1, box.y1), box.image};
        }
        return around;
    }

    void chain(const ItemTexts& texts, ItemAnswer& answer) {
        answer = answerOfRow(ask({pictures_, texts.chain}, {NoLatents{}}, withoutStart()), 0);
    }

    DecodeOptions withoutStart() const {
        auto options = options_;
        options.spanStart = SpanStart::Sampled;
        return options;
    }

    // With the region as one more picture. What was thought to find it is kept.
    void crop(const ItemTexts& texts, const EvalColumn& column, ItemAnswer& answer) {
        if (!answer.failure.empty()) return;
        auto looked = std::move(answer);
        const auto region = column.mode == EvalMode::Crop ? looked.crop : namedRegion();
        Question question{pictures_, texts.plain};
        if (region) addPart(*region, question);
        answer = answerOfRow(ask(question, {NoLatents{}}, withoutStart()), 0);
        answer.crop = region;
        answer.thoughts = looked.thoughts;
        answer.closed = looked.closed;
        answer.latentHeat = looked.latentHeat;
    }

    void addPart(const Box& region, Question& question) const {
        question.images.push_back(cutOut(pictures_.at(region.image), region));
        const bool placesPictures = question.text.find("<image>") != std::string::npos;
        question.text = "The last picture is a closer look at a part.\n" + question.text +
                        (placesPictures ? "\n<image>" : "");
    }

    const LvrCheckpoint& checkpoint_;
    const BenchmarkItem& item_;
    const DecodeOptions& options_;
    RecentPrompts& recent_;
    const ItemHooks& hooks_;
    std::vector<Image> pictures_;
};

}  // namespace

std::vector<ItemAnswer> askItem(const LvrCheckpoint& checkpoint, const BenchmarkItem& item,
                                const ItemTexts& texts, const std::vector<EvalColumn>& columns,
                                const DecodeOptions& options, RecentPrompts& recent,
                                const ItemHooks& hooks) {
    const c10::InferenceMode inference;
    return ItemQuestion(checkpoint, item, options, recent, hooks).answers(texts, columns);
}

std::string chainText(const BenchmarkItem& item) {
    auto text = item.question;
    for (std::size_t i = 0; i < item.options.size(); ++i)
        text += "\n" + std::string(1, static_cast<char>('A' + i)) + ". " + item.options[i];
    return text + "\nThink step by step. Then say the answer" +
           (item.options.empty() ? "" : ", the letter of the right option,") +
           " inside <answer></answer>.";
}

}  // namespace lvr
