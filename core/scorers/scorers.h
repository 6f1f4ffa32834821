#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/values/benchmark.h"

namespace lvr {

// How public code, and ours, judges raw outputs. Nothing here runs a model or asks a judge: what
// public code would put to one stays undecided, and so wrong, and the rule says that.
//
//   lvr_official              the LVR release, for all its benchmarks
//   lmms_vstar, lmms_mmvp, lmms_blink (CV-Bench too), lmms_hrbench, lmms_mme_realworld
//   lmms_reasoning            lmms-eval's reasoning tasks without their judge
//   vlmevalkit_rule           and its two older editions, as ..._2025-09-28, ..._2025-07-31
//   vlmevalkit_mme_realworld
//   blink_official            without its GPT step
//   exact_letter              ours: nothing but the letter
//   answer                    ours: the letter or the option's text (core/eval/answer.h)
//   vqa                       free text: equal once normalised as VQA does, the whole output ...
//   vqa_answer                ... or what it marks as its answer
//   lvr_reward                the release's reward of GRPO: math-verify, else equal in the tags
//   math_verify               math-verify with the gold answer as gold (core/scorers/math_verify.h)
std::vector<std::string> scorerNames();

// Those that belong to a benchmark: the harnesses' own rules for it, and ours. A benchmark that
// isn't known counts as data of one's own.
std::vector<std::string> scorersOf(std::string_view benchmark, bool hasOptions);

// The one that a harness uses on a benchmark when its prompt was used. Where a style has none that
// runs without a judge, the strict one of ours.
std::string defaultScorer(std::string_view benchmark, PromptStyle style, bool hasOptions);

// Throws Error when there is no such scorer.
Verdict verdictOf(std::string_view scorer, const RawOutput& output);
std::vector<Verdict> verdictsOf(const std::vector<std::string>& scorers, const RawOutput& output);

// A gold letter however it is written: "B", "b", "(b)", "B." give "B"; of another text the text.
std::string goldLetter(std::string_view gold);

}  // namespace lvr
