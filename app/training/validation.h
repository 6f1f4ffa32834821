#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "core/model/lvr_checkpoint.h"
#include "core/values/run.h"
#include "datasets/data_mix.h"

namespace lvr {

// What a training is measured on while it goes on.
struct ValidationArguments {
    DataMix source;         // no data: nothing is measured
    int every = 100;        // steps
    int probes = 8;         // questions that are asked and kept with their traces
    int earlyStopping = 0;  // measurements in a row without a better loss that end it; 0: none do
};

// Records that are spread evenly over the data and whose answer is known.
std::vector<DataRecord> chooseProbes(const Dataset& dataset, int count);
struct ProbeAnswers {
    std::vector<SampleRow> rows;
    std::string problem;  // of the first that could not be asked
};
// Asks each. Those that can't be read any more are taken off the list. Throws Cancelled.
ProbeAnswers askProbes(const LvrCheckpoint& checkpoint, const DecodeOptions& options,
                       std::vector<DataRecord>& probes, const std::stop_token& stop = {});
// "probe/accuracy" and "probe/loss", as far as there is something to compare.
std::map<std::string, double> probeMetrics(const std::vector<SampleRow>& samples);

}  // namespace lvr
