#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lvr {

// What a rule took from a raw output.
struct LetterReading {
    std::optional<std::string> letter;  // none: undecided
    std::string rule;                   // which of its rules decided
    bool operator==(const LetterReading&) const = default;
};

// The rules by which public code takes the letter of an option from a raw output, each as its
// source has it, oddities included; written from the rules and held against results of that code.
// options: their texts, for A, B, ...

// Release of LVR, evaluation.py at 637a9f7: the first character of the last answer tag.
LetterReading lvrOfficialLetter(std::string_view output);
// lmms-eval at 75571cf.
LetterReading lmmsVstarLetter(std::string_view output);
LetterReading lmmsMmvpLetter(std::string_view output);   // A and B only
LetterReading lmmsBlinkLetter(std::string_view output);  // CV-Bench has the same
LetterReading lmmsMmeRealWorldLetter(std::string_view output);
LetterReading lmmsHrBenchLetter(std::string_view output, const std::vector<std::string>& options);

// VLMEvalKit's rule changed twice; numbers made with different ones can't be compared.
enum class VlmEvalKitEdition {
    Until2025August,  // f776365: the letter anywhere; option texts in replies of any length
    Until2026June,    // b862cf7: among the last four words; replies up to twice the options' length
    Now,              // e8e78f0: also "answer is X"
};
LetterReading vlmEvalKitLetter(std::string_view output, const std::vector<std::string>& options,
                               VlmEvalKitEdition edition = VlmEvalKitEdition::Now);
LetterReading vlmEvalKitMmeRealWorldLetter(std::string_view output);

// BLINK, test_benchmark.py at 2d6a779: "(B)". "JUDGE": it would ask GPT-3.5.
LetterReading blinkOfficialLetter(std::string_view output, int options);

// Ours, strict: nothing but the letter, as "B", "(B)", "B." or "B:".
LetterReading exactLetter(std::string_view output);

// lmms-eval's reasoning tasks (reasoning_utils.py): what is judged at all ...
LetterReading lmmsReasoningAnswer(std::string_view output);
// ... and the letter it reads from that; empty: none.
std::string lmmsReasoningLetter(std::string_view answer);
// An answer or a gold answer as it compares them: without a final period and space around it ...
std::string lmmsReasoningText(std::string_view answer);
// ... and whether it finds them equal; where not, it asks math-verify.
bool lmmsReasoningMatches(std::string_view answer, std::string_view gold);
// Its reward for form: 0, 0.8 or 1.
double lmmsReasoningFormat(std::string_view output);

}  // namespace lvr
