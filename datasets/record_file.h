#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "core/values/sample.h"

namespace lvr {

// A question with its answer and the regions to look at, to be kept for training.
struct NewRecord {
    Sample sample;                                // id: the record's question_id
    std::vector<std::filesystem::path> pictures;  // [images], empty where no file holds one
    std::vector<std::string> labels;              // of the regions; may be fewer, and empty
};

// Appends it to a file in the LVR JSON format, which is made where there is none; gives how many
// records it holds then. Pictures that no file holds are written beside it, into a folder of its
// name. The file holds all of it or what it held before. Throws Error naming the file or the field:
// the file is no list of records, the question or the answer is empty, a picture can't be written.
std::size_t appendRecord(const NewRecord& record, const std::filesystem::path& file);

}  // namespace lvr
