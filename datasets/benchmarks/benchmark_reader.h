#pragma once

#include "core/values/benchmark.h"
#include "core/values/sample.h"
#include "datasets/benchmarks/benchmark_source.h"

namespace lvr {

// Reads a benchmark, whichever of its public layouts lies there, or data of one's own. Of several
// layouts the one that says most is read, and `notes` names the others. Rows stream by; pictures
// inside of them are copied once to the picture cache, so that items carry paths. A row that can't
// be used (a broken picture, a right answer that is none of the options, an id that was there
// before) is in `leftOut`. Throws Error, one sentence: nothing is there; it is another benchmark
// (which is said); a shard or column is missing; a file is empty, cut off or a Git LFS pointer; no
// row can be used. Throws Cancelled.
BenchmarkSet readBenchmark(const BenchmarkSource& source, const ReadHooks& hooks = {});

// Data of one's own as a set: category is the record's kind, options stay in the question, boxes
// are its targets.
BenchmarkSet readOwnData(const DataSource& source, const ReadHooks& hooks = {});

// The item to be asked: its pictures are read now, its words are promptText's, its boxes are rois,
// its answer is the gold one. Throws Error naming the item: a picture can't be read.
Sample readSample(const BenchmarkItem& item, PromptStyle style);

}  // namespace lvr
