#pragma once

#include <filesystem>

#include "core/values/benchmark.h"

namespace lvr {

// Reads the answers that another program gave, from its result file:
// - lmms-eval: <date>_samples_<task>.jsonl. It holds neither question nor options: a row is joined
//   to the item with its row number (doc_id) and right answer (target);
// - VLMEvalKit: {model}_{dataset}.xlsx, .tsv or .json; an empty prediction is "nan", as VLMEvalKit
//   reads it back;
// - the official LVR evaluation: steps008.json;
// - BLINK: the predictions of a subset, as its own program dumps them;
// - ours: a line {benchmark, question, options, gold, output} an answer.
// With a benchmark each result gets that item's id, question, options, category and right answer;
// without one what the file says. A row that can't be read or joined is in leftOut. Throws Error
// naming the file: not there, none of these, empty, or not of this benchmark.
ImportedResults readResults(const std::filesystem::path& file,
                            const BenchmarkSet* benchmark = nullptr);

}  // namespace lvr
