#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lvr {

// What an aggregate needs of one item: where it belongs (BenchmarkItem) and whether it was right.
struct JudgedItem {
    std::string category, part, cluster;
    bool right = false;
};

// One figure of a benchmark's table.
struct Aggregate {
    std::string name;  // "overall", "direct_attributes", "pairs", "macro", "original formula", ...
    double value = 0;  // 0..1
    // What it is a share of. 0 of 0: a mean of other figures, which no interval of a share fits.
    int right = 0, count = 0;
};

// The figures that the harnesses print of a benchmark, "overall" first:
//   vstar               overall and by category
//   mmvp                overall (LVR: single) and "pairs": complete ones with both right
//   blink               overall (lmms-eval), by subtask, "macro": mean over subtasks (official)
//   cv_bench            overall (lmms-eval), by source and task, "2D" (mean over its sources) and
//                       "3D" (VLMEvalKit), "original formula": ((ADE20K + COCO) / 2 + Omni3D) / 2
//   hr_bench            overall, by cycle, and means over the four cycles: "mean" and by category
//   mme_realworld_lite  overall, by task, by subtask, by l2 name ("attribute" kinds are one)
//   another             overall and by category
// Figures without any item are left out.
std::vector<Aggregate> aggregatesOf(std::string_view benchmark,
                                    const std::vector<JudgedItem>& items);

// Pairs of MMVP of which one half is missing; they don't count among "pairs".
int incompletePairs(const std::vector<JudgedItem>& items);

}  // namespace lvr
