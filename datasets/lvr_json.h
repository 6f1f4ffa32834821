#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/values/image.h"

namespace lvr {

// One record of the LVR JSON format (lvr-spec 2.1) or of the RL format (2.2).
struct LvrRecord {
    std::string dataset;  // `dataset`, otherwise the meta list's `ds_name`
    std::string questionId;
    std::vector<std::string> images;  // absolute paths
    std::string question;             // without <image> and the newline on each side of it
    std::string
        answer;  // inside <answer>, trimmed; without tags the trimmed text after the last <lvr>
    std::string response;    // the gpt turn, its <lvr> included
    std::vector<Box> boxes;  // of its <lvr>, in order, fractions of the first image
    bool operator==(const LvrRecord&) const = default;
};

// Reads a plain list of records, a meta list of such files (ds_name, data_path, image_folder), or
// the data.json of a folder. Relative image paths start at `imageRoot`, which unless given is the
// folder of the file; a meta list's `image_folder` and `data_path` do likewise. A record has one
// box for each <lvr>, or one <lvr> for all its boxes. Throws Error naming file, record and field.
std::vector<LvrRecord> readLvrJson(const std::filesystem::path& fileOrFolder,
                                   const std::filesystem::path& imageRoot = {});

}  // namespace lvr
