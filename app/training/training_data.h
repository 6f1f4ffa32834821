#pragma once

#include <cstddef>
#include <vector>

#include "datasets/dataset.h"
#include "datasets/record_length.h"

namespace lvr {

struct TrainArguments;

// What a training reads, and how.
struct DataReading {
    LengthLimit limit;
    enum class Boxes { Used, Ignored } boxes = Boxes::Used;
};

struct TrainingData {
    Dataset data;
    std::size_t tooLong = 0;  // left out of it
};
// What is trained on. The first rank says what is left out, and which boxes aren't used. Throws
// Error: nothing is left.
TrainingData readTrainingData(const TrainArguments& arguments, const DataReading& reading);

struct ValidationData {
    Dataset data;                    // records that can be read
    std::vector<DataRecord> probes;  // of them
    std::size_t unread = 0, tooLong = 0;
};
// What is measured on, each picture decoded once: what can't be read is said and left out for good,
// so that all measurements are of the same records. ProbesOnly: only the probes are looked at. The
// ranks share the pictures and must all call it. Throws Error: none can be read.
enum class Measured { Losses, ProbesOnly };
ValidationData readValidationData(const TrainArguments& arguments, const DataReading& reading,
                                  Measured measured);

}  // namespace lvr
