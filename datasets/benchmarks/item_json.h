#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "core/values/benchmark.h"

namespace lvr {

// The rows of a set with each benchmark's own names for its fields: a list; of HR-Bench a list of
// {split, rows}. What a layout doesn't have (boxes, a picture's name) is left out.
nlohmann::ordered_json itemsJson(const BenchmarkSet& set);

// The prompts that harnesses build from them: a list of {id, STYLE: text}. Of several styles those
// that have a prompt of their own for this benchmark; where one alone is asked for, it is there in
// any case. BLINK's disclaimer stands as "<disclaimer>", and MME-RealWorld-Lite's ids are row
// numbers from 0, as in the editions that these harnesses read.
nlohmann::ordered_json promptsJson(const BenchmarkSet& set, const std::vector<PromptStyle>& styles);

}  // namespace lvr
