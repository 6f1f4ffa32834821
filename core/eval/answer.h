#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/values/answer_mark.h"

namespace lvr {

// Where a text says its answer: in the last <answer>...</answer> that is complete; if none is,
// after the last <answer>; without one, after the last <lvr>, which stands for a thought in data.
// Tokens around and in a thought, of whatever method, and surrounding space are left out. The
// release has two rules, the last tag for evaluation and the first for rewards (lvr-spec 4.7, 5.3);
// who corrects himself means the last. Of a model that says it otherwise: Boxed, in the last
// \boxed{...} that is complete; Phrase, behind the last "final answer is:" in its line, else in a
// box; and without those as above. What stands before the last </think> or </reason> is not looked
// at. text: nothing of what was only sampled inside a thought.
std::string answerIn(std::string_view text, AnswerMark mark = AnswerMark::Tag);

// Whether an answer, as answerIn gives it, says what the gold one says. They may differ by
// - case, a final dot, space, quotes and LaTeX around them;
// - how a number is written: 1,234 = 1234, 12.0 = 12, \frac{1}{2} = 1/2 = 0.5 = 50% (but 1,2 is
// none);
// - naming an option by its letter, "B", "(b)", "B. red", or by its text, as far as the gold answer
//   or the question says which belong together.
bool isRightAnswer(std::string_view answer, std::string_view gold, std::string_view question = {});

// The texts of the options A, B, ... that a question lists: "(A) red (B) blue", or a line each,
// also as "A. red" or "A) red". Empty when it lists none.
std::vector<std::string> optionsIn(std::string_view question);

}  // namespace lvr
