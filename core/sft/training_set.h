#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/values/image.h"

namespace lvr {

// How a record's targets fill more slots than it has.
enum class FillSlots { RepeatLast, Cycle };

struct TrainingRecord {
    std::string name;  // for errors
    std::string kind;
    std::vector<std::filesystem::path> images;  // one at least
    std::string question;                       // as DataRecord's, with <image> where images stand
    std::string response;                       // gpt turn, e.g. "<lvr>\n<answer> red </answer>"
    std::vector<Box> boxes;                     // of its <lvr>, in order
    FillSlots fill = FillSlots::RepeatLast;
    int source = 0;  // of several data the one it is of
};

// Records, their kinds, and which of them are about the same images. Nothing is read yet.
struct TrainingSet {
    // shares: of each of several data in the records that are drawn; none: all records are alike.
    explicit TrainingSet(std::vector<TrainingRecord> records, std::vector<double> shares = {});

    std::vector<TrainingRecord> records;
    std::vector<std::string> kinds;  // in order of appearance
    std::vector<int> kindOf;         // per record, index into kinds
    std::vector<double> shares;
    // Records of the same data that share their images and what their questions say before the last
    // one.
    std::vector<std::vector<int>> pictures;
};

}  // namespace lvr
