#include "core/causal/untouched.h"

#include <algorithm>
#include <cmath>

#include "core/decode/recent_prompts.h"
#include "core/error.h"
#include "core/eval/answer.h"
#include "core/torch.h"

namespace lvr {
namespace {

constexpr std::size_t kMostCandidates = 12, kTopWords = 6;

// One intervention is compared with another: nothing may be drawn, and nothing else be replaced.
DecodeOptions plainly(DecodeOptions options) {
    options.sampling.temperature = 0;
    options.thought = {};
    if (isWithoutLatents(options)) options.latentFeed = LatentFeed::Own;
    return options;
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// What the model would say instead, where nobody says what to hold the answer against.
std::vector<std::string> topWords(const LvrCheckpoint& checkpoint, const AnswerScores& scores) {
    const auto best = std::get<1>(scores.firstWord.topk(kTopWords));
    std::vector<std::string> words;
    for (std::int64_t i = 0; i < best.size(0); ++i)
        if (auto word = trimmed(
                checkpoint.tokenizer.decode({best[i].item<std::int64_t>()}, SkipSpecial::Yes));
            !word.empty())
            words.push_back(std::move(word));
    return words;
}

void scoreUntouched(const LvrCheckpoint& checkpoint, Untouched& untouched, std::stop_token stop) {
    const auto branch =
        branchOf(untouched, untouched.end, 0, untouched.row, {}, checkpoint.rules.tokens);
    untouched.candidateIds.clear();
    for (const auto& answer : untouched.candidates)
        untouched.candidateIds.push_back(idsInstead(checkpoint, *untouched.spoken, answer));
    untouched.record.wantsAttention = true;
    auto scores = scoreAnswers(checkpoint.model, untouched.end.cache, {branch},
                               untouched.candidateIds, {{}, stop}, &untouched.record);
    if (stop.stop_requested()) throw Cancelled();
    untouched.scores = std::move(scores.front());
}

std::vector<std::string> wantedAnswers(const CausalQuestion& question) {
    std::vector<std::string> wanted{question.expected};
    for (const auto* donor : {&question.otherPicture, &question.otherQuestion})
        if (*donor) wanted.push_back((*donor)->answer);
    wanted.push_back(question.randomAnswer);
    return wanted;
}

}  // namespace

std::vector<std::int64_t> Untouched::latentPlaces() const {
    std::vector<std::int64_t> places;
    for (std::size_t i = 0; i < row.isLatent.size(); ++i)
        if (row.isLatent[i]) places.push_back(static_cast<std::int64_t>(i));
    return places;
}

Untouched askUntouched(const LvrCheckpoint& checkpoint, const CausalQuestion& question,
                       const DecodeOptions& options, std::stop_token stop, RecentPrompts* recent) {
    const c10::InferenceMode inference;
    Untouched untouched{.options = plainly(options)};
    untouched.encoded = encodeQuestion(checkpoint, question.question, untouched.options,
                                       {.watch = {.stop = stop}, .recent = recent});
    if (stop.stop_requested()) throw Cancelled();
    auto& prompt = untouched.encoded.prompt;
    prompt.read = recent ? recent->read(checkpoint.model, prompt, {{}, stop}).prompt
                         : readPrompt(checkpoint.model, prompt, {{}, stop});
    if (!prompt.read) throw Cancelled();
    const RowHooks hooks{
        .stop = stop, .onEnd = [&](RowsEnd end) { untouched.end = std::move(end); }, .spare = 64};
    untouched.row =
        decodeRows(checkpoint.model, {prompt}, checkpoint.rules, untouched.options, hooks).front();
    if (stop.stop_requested()) throw Cancelled();
    const auto merged = checkpoint.model.config().vision.spatialMergeSize;
    untouched.decode = untouched.encoded.pictures.visualTokens() * merged * merged +
                       untouched.prompt() + untouched.end.passes;
    untouched.spoken = spokenAnswer(checkpoint, untouched.row);
    if (untouched.spoken) {
        const auto& own = untouched.spoken->answer;
        const auto wanted = wantedAnswers(question);
        untouched.candidates = candidatesFor(question.question.text, own, wanted,
                                             question.candidates, kMostCandidates);
        scoreUntouched(checkpoint, untouched, stop);
        if (untouched.candidates.size() < 3) {
            untouched.candidates = candidatesFor(question.question.text, own, wanted,
                                                 topWords(checkpoint, untouched.scores), kTopWords);
            scoreUntouched(checkpoint, untouched, stop);
        }
    }
    untouched.positions = untouched.decode + untouched.record.positions;
    return untouched;
}

AnswerBranch branchOf(const Untouched& untouched, const RowsEnd& rows, std::int64_t row,
                      const RowResult& said, const RowPlan& plan, const LvrTokens& tokens) {
    const auto prompt = rows.sight.seen() - rows.passes;
    AnswerBranch branch{
        .row = row, .sees = rows.sight.of(row).clone(), .before = untouched.spoken->before};
    if (plan.span == RowPlan::Span::Removed) {
        // Its last word before the span is read again, in place of the one that ends a thought.
        auto& words = branch.before;
        const auto isEnd = [&](std::int64_t id) {
            return id == tokens.end || id == tokens.latentEnd;
        };
        while (!words.empty() && isEnd(words.front())) words.erase(words.begin());
        const auto& ids = untouched.encoded.prompt.ids;
        const auto last = prompt - (ids.back() == tokens.start ? 2 : 1);
        words.insert(words.begin(), ids[static_cast<std::size_t>(last)]);
        branch.sees.slice(0, last).fill_(false);
        branch.position = rows.next[static_cast<std::size_t>(row)] - 1;
        return branch;
    }
    std::int64_t from = 0;
    for (std::size_t i = 0; i < said.ids.size(); ++i)
        if (said.isLatent[i] || (from == 0 && said.ids[i] == tokens.start))
            from = static_cast<std::int64_t>(i) + 1;
    branch.sees.slice(0, prompt + from).fill_(false);
    branch.position = rows.next[static_cast<std::size_t>(row)] + from;
    return branch;
}

AnswerBranch branchAfter(const Untouched& untouched, std::int64_t latents) {
    const auto places = untouched.latentPlaces();
    const auto from = latents < std::ssize(places) ? places[static_cast<std::size_t>(latents)]
                                                   : places.back() + 1;
    AnswerBranch branch{.sees = untouched.end.sight.of(0).clone(),
                        .position = untouched.end.next.front() + from,
                        .before = untouched.spoken->before};
    branch.sees.slice(0, untouched.prompt() + from).fill_(false);
    return branch;
}

std::optional<std::size_t> candidateOf(const Untouched& untouched, const std::string& question,
                                       const std::string& answer) {
    if (answer.empty()) return std::nullopt;
    for (std::size_t i = 0; i < untouched.candidates.size(); ++i)
        if (isRightAnswer(untouched.candidates[i], answer, question)) return i;
    return std::nullopt;
}

std::vector<double> sharesOf(const std::vector<double>& logProbabilities) {
    if (logProbabilities.empty()) return {};
    const double most = *std::ranges::max_element(logProbabilities);
    std::vector<double> shares;
    double sum = 0;
    for (const double each : logProbabilities) sum += shares.emplace_back(std::exp(each - most));
    for (double& share : shares) share /= sum;
    return shares;
}

double marginOf(const std::vector<double>& logProbabilities) {
    if (logProbabilities.size() < 2) return 0;
    return logProbabilities.front() -
           *std::max_element(logProbabilities.begin() + 1, logProbabilities.end());
}

}  // namespace lvr
