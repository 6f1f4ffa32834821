#pragma once

#include <string>
#include <string_view>

namespace lvr {

// A text as VQA scoring compares it (EvalAIAnswerProcessor of Pythia, as lmms-eval has it): small
// letters, no punctuation, no articles, number words as digits, apostrophes put back. Its oddities
// are kept: of periods only the first 32 go.
std::string vqaNormalised(std::string_view text);

}  // namespace lvr
