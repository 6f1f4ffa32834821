#pragma once

namespace lvr {

// Where a text says its answer (core/eval/answer.h): inside <answer>, inside \boxed{}, or behind
// "final answer is:".
enum class AnswerMark { Tag, Boxed, Phrase };

}  // namespace lvr
