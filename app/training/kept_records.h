#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/dataset.h"

namespace lvr {

// Keeps the records of steps without a finite gradient beside the checkpoint, in OUT.nonfinite, as
// data that `lvr score` and `lvr data preview` take. The first ones: a run that goes wrong for good
// gives the same again and again.
class KeptRecords {
public:
    KeptRecords(const std::filesystem::path& out, int rank)
        : folder_(out.string() + ".nonfinite"), rank_(rank) {}

    // What is to be said of it.
    std::string keep(int step, const std::vector<DataRecord>& records);

private:
    std::filesystem::path folder_;
    int rank_, kept_ = 0;
};

}  // namespace lvr
