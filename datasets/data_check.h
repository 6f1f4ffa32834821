#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "core/vision/preprocess.h"
#include "datasets/dataset.h"

namespace lvr {

struct Speech;

struct Spread {
    double least = 0, median = 0, p95 = 0, most = 0;
    std::size_t count = 0;
};
Spread spreadOf(std::vector<double> values);

// What there is to say of data before anything is trained on it.
struct DataReport {
    struct Finding {
        std::string name;  // "data.json, record 3"
        std::string what;
    };
    std::size_t records = 0, images = 0;  // all records; different image files of the good ones
    std::vector<Finding> bad;             // records that can't be used, in their order
    std::vector<Finding> notes;           // odd ones that can
    std::map<std::string, std::size_t> datasets;  // good records of each
    Spread imageTokens;                           // visual tokens of an image
    Spread roiTokens;                             // of all boxes of a record that has some
    Spread roiShare;                              // the same as a part of its images' tokens, 0..1
    Spread boxes;                                 // of a record
    Spread textTokens;                            // of a record's question and response
    Spread positions;                             // of a record, its images and thoughts too
    std::size_t unusedBoxes = 0;                  // good records with boxes and no <lvr>
    std::size_t withoutPicture = 0;               // bad ones whose picture is not there
};

enum class ImageCheck { Structure, Decode };

// Looks at every image once (Structure: that the file is whole; Decode: every pixel) and at every
// box on the token grid that `preprocess` gives its image. Records whose images can't be read move
// from `dataset.records` to `dataset.bad`. `seen` is told how many images were looked at of how
// many. Without speech texts are not measured. Throws Cancelled.
DataReport checkData(Dataset& dataset, const PreprocessConfig& preprocess, ImageCheck check,
                     const std::function<void(std::size_t done, std::size_t all)>& seen,
                     const std::stop_token& stop, const Speech* speech = nullptr);

// Records in the LVR JSON format, one at least: boxes within the image, images relative to the
// file's folder where they are below it. Atomic. Throws Error.
void writeLvrJson(const std::vector<DataRecord>& records, const std::filesystem::path& file);

}  // namespace lvr
