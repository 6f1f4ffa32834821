#include "core/scorers/scorers.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/error.h"
#include "core/eval/answer.h"
#include "core/scorers/letter_rules.h"
#include "core/scorers/math_verify.h"
#include "core/scorers/python_text.h"
#include "core/scorers/vqa_text.h"
#include "core/values/nearest_name.h"

namespace lvr {
namespace {

// What a scorer says besides its name.
struct Judgement {
    std::optional<std::string> letter;
    bool right = false;
    std::string rule;
};

// A rule that reads a letter is right when it is the gold one.
Judgement against(const std::string& gold, LetterReading reading) {
    const bool right = reading.letter == gold;
    return {std::move(reading.letter), right, std::move(reading.rule)};
}

std::string withParentheses(const std::string& letter) { return "(" + letter + ")"; }

// The question with its options behind it, so that answers in words find their letter.
std::string listed(const RawOutput& raw) {
    auto text = raw.question;
    for (std::size_t i = 0; i < raw.options.size(); ++i)
        text += "\n" + std::string{static_cast<char>('A' + i)} + ". " + raw.options[i];
    return text;
}

Judgement byAnswer(const RawOutput& raw) {
    const auto said = answerIn(raw.output, raw.mark);
    if (raw.options.empty()) {
        const bool right = isRightAnswer(said, answerIn(raw.gold), raw.question);
        return {said, right, "the last answer tag, number or text"};
    }
    const auto question = listed(raw);
    std::optional<std::string> letter;
    for (std::size_t i = 0; i < raw.options.size(); ++i) {
        const std::string option{static_cast<char>('A' + i)};
        if (!isRightAnswer(said, option, question)) continue;
        if (letter) return {std::nullopt, false, "more than one option"};
        letter = option;
    }
    const bool right = letter == goldLetter(raw.gold);
    return {letter, right,
            letter ? "its letter or text in the last answer tag" : "names no option"};
}

Judgement byReasoning(const RawOutput& raw) {
    const auto answer = lmmsReasoningAnswer(raw.output);
    const auto gold = lmmsReasoningText(raw.options.empty() ? raw.gold : goldLetter(raw.gold));
    const auto said = lmmsReasoningText(*answer.letter);
    if (lmmsReasoningMatches(said, gold)) return {answer.letter, true, answer.rule};
    const bool verified = mathVerify(gold, said);
    return {answer.letter, verified, answer.rule + (verified ? ", by math-verify" : "")};
}

Judgement byVqa(const std::string& said, const RawOutput& raw) {
    const auto normalised = vqaNormalised(said);
    return {normalised, normalised == vqaNormalised(raw.gold), "equal once normalised"};
}

// The text of the first answer tag on one line; of a text without one, all of it.
std::string inFirstTag(const std::string& text) {
    static const PythonPattern tag("<answer>(.*?)</answer>");
    const auto whole = pythonText(text);
    const auto match = tag.search(whole);
    return utf8Of(stripped(match ? match->group : whole));
}

Judgement byReward(const RawOutput& raw) {
    // As released: the model's answer goes first, where the library takes the gold one.
    if (mathVerify(raw.output, raw.gold)) return {inFirstTag(raw.output), true, "math-verify"};
    const auto said = inFirstTag(raw.output);
    return {said, said == inFirstTag(raw.gold), "equal in the first answer tag"};
}

Judgement byMathVerify(const RawOutput& raw) {
    const auto answer = mathAnswerIn(raw.output);
    if (!answer) return {std::nullopt, false, "no formula and no number"};
    return {answer->text, mathVerify(raw.gold, raw.output), "its last formula or number"};
}

struct Scorer {
    const char* name;
    Judgement (*judge)(const RawOutput&);
};

template <LetterReading (*rule)(std::string_view)>
Judgement byLetter(const RawOutput& raw) {
    return against(goldLetter(raw.gold), rule(raw.output));
}

template <VlmEvalKitEdition edition>
Judgement byVlmEvalKit(const RawOutput& raw) {
    return against(goldLetter(raw.gold), vlmEvalKitLetter(raw.output, raw.options, edition));
}

constexpr std::array<Scorer, 18> kScorers{
    {{"lvr_official", byLetter<lvrOfficialLetter>},
     {"lmms_vstar", byLetter<lmmsVstarLetter>},
     {"lmms_mmvp", byLetter<lmmsMmvpLetter>},
     {"lmms_blink", byLetter<lmmsBlinkLetter>},
     {"lmms_hrbench",
      [](const RawOutput& raw) {
          return against(goldLetter(raw.gold), lmmsHrBenchLetter(raw.output, raw.options));
      }},
     {"lmms_mme_realworld", byLetter<lmmsMmeRealWorldLetter>},
     {"lmms_reasoning", byReasoning},
     {"vlmevalkit_rule", byVlmEvalKit<VlmEvalKitEdition::Now>},
     {"vlmevalkit_rule_2025-09-28", byVlmEvalKit<VlmEvalKitEdition::Until2026June>},
     {"vlmevalkit_rule_2025-07-31", byVlmEvalKit<VlmEvalKitEdition::Until2025August>},
     {"vlmevalkit_mme_realworld", byLetter<vlmEvalKitMmeRealWorldLetter>},
     {"blink_official",
      [](const RawOutput& raw) {
          return against(withParentheses(goldLetter(raw.gold)),
                         blinkOfficialLetter(raw.output, static_cast<int>(raw.options.size())));
      }},
     {"exact_letter", byLetter<exactLetter>},
     {"answer", byAnswer},
     {"vqa", [](const RawOutput& raw) { return byVqa(raw.output, raw); }},
     {"vqa_answer",
      [](const RawOutput& raw) { return byVqa(answerIn(raw.output, raw.mark), raw); }},
     {"lvr_reward", byReward},
     {"math_verify", byMathVerify}}};

// lmms-eval's rule for a benchmark.
std::optional<std::string> lmmsScorer(std::string_view benchmark) {
    if (benchmark == "vstar") return "lmms_vstar";
    if (benchmark == "mmvp") return "lmms_mmvp";
    if (benchmark == "blink" || benchmark == "cv_bench") return "lmms_blink";
    if (benchmark == "hr_bench") return "lmms_hrbench";
    if (benchmark == "mme_realworld_lite") return "lmms_mme_realworld";
    return std::nullopt;
}

}  // namespace

std::vector<std::string> scorerNames() {
    std::vector<std::string> names;
    for (const auto& scorer : kScorers) names.emplace_back(scorer.name);
    return names;
}

std::vector<std::string> scorersOf(std::string_view benchmark, bool hasOptions) {
    if (!hasOptions)
        return {"answer", "vqa", "vqa_answer", "lvr_reward", "math_verify", "lmms_reasoning"};
    std::vector<std::string> names{"lvr_official"};
    if (const auto own = lmmsScorer(benchmark)) names.push_back(*own);
    names.emplace_back("lmms_reasoning");
    if (benchmark == "mme_realworld_lite")
        names.emplace_back("vlmevalkit_mme_realworld");
    else
        for (const char* edition : {"", "_2025-09-28", "_2025-07-31"})
            names.push_back(std::string("vlmevalkit_rule") + edition);
    if (benchmark == "blink") names.emplace_back("blink_official");
    for (const char* own : {"exact_letter", "answer"}) names.emplace_back(own);
    return names;
}

std::string defaultScorer(std::string_view benchmark, PromptStyle style, bool hasOptions) {
    if (!hasOptions) return "answer";
    switch (style) {
        case PromptStyle::Lvr:
            return "lvr_official";
        case PromptStyle::LmmsEval:
            return lmmsScorer(benchmark).value_or("exact_letter");
        case PromptStyle::VlmEvalKit:
            return benchmark == "mme_realworld_lite" ? "vlmevalkit_mme_realworld"
                                                     : "vlmevalkit_rule";
        case PromptStyle::Official:
            return benchmark == "blink" ? "blink_official" : "exact_letter";
    }
    return "exact_letter";
}

Verdict verdictOf(std::string_view scorer, const RawOutput& output) {
    const auto found = std::find_if(kScorers.begin(), kScorers.end(),
                                    [&](const Scorer& each) { return each.name == scorer; });
    if (found == kScorers.end()) {
        const auto names = scorerNames();
        throw Error("there is no scorer \"" + std::string(scorer) + "\"; did you mean \"" +
                    names[nearestName(names, std::string(scorer))] + "\"?");
    }
    auto [letter, right, rule] = found->judge(output);
    return {found->name, std::move(letter), right, std::move(rule)};
}

std::vector<Verdict> verdictsOf(const std::vector<std::string>& scorers, const RawOutput& output) {
    std::vector<Verdict> verdicts;
    for (const auto& scorer : scorers) verdicts.push_back(verdictOf(scorer, output));
    return verdicts;
}

std::string goldLetter(std::string_view gold) {
    static const PythonPattern letter(R"(^\(?([A-Za-z])\)?[.:]?\z)");
    const auto text = stripped(pythonText(gold));
    const auto match = letter.search(text);
    return utf8Of(match ? uppered(match->group) : text);
}

}  // namespace lvr
