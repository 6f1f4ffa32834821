#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/values/image.h"
#include "core/vision/image_file.h"

namespace lvr {

// One question with its answer and the regions to look at, whatever format it was in.
struct DataRecord {
    int file = 0;    // index into Dataset::files
    int number = 0;  // within that file, from 1
    std::string dataset;
    std::string questionId;
    std::vector<std::string> images;  // absolute paths
    // With an <image> where each image stands; without any when all stand before it.
    std::string question;
    std::string
        answer;  // inside <answer>, trimmed; without tags the trimmed text after the last <lvr>
    std::string response;               // the gpt turn, its <lvr> included
    std::vector<Box> boxes;             // of its <lvr>, in order
    std::optional<PictureSize> stated;  // of the first image, where the record says it
    std::string note;                   // what is odd about it and does not keep it from being used
    // Of a record without a kind, wherever kinds are listed.
    std::string kind() const { return dataset.empty() ? "unnamed" : dataset; }
    // Only a <lvr> thinks of a box.
    bool usesItsBoxes() const { return response.find("<lvr>") != std::string::npos; }
    bool operator==(const DataRecord&) const = default;
};

struct BadRecord {
    int file = 0, number = 0;
    std::string problem;     // names the field
    bool noPicture = false;  // that is all: its picture isn't where it was looked for
};

struct Dataset {
    std::vector<std::string> files;
    std::vector<DataRecord> records;  // the good ones
    std::vector<BadRecord> bad;
    std::vector<int> sources;  // [files] of several data (DataMix) the one it is of; empty: one

    int sourceOf(const DataRecord& record) const {
        return sources.empty() ? 0 : sources[record.file];
    }
    std::string name(int file, int number) const;  // "data.json, record 3", for errors
    std::string name(const DataRecord& record) const { return name(record.file, record.number); }
};

// Where data and its images are.
struct DataSource {
    std::filesystem::path data;       // a file, or a folder that holds data.json
    std::filesystem::path imageRoot;  // of relative image paths; empty: the data's folder
    // OLD=NEW: an image path that begins with OLD begins with NEW instead. The first that fits.
    std::vector<std::string> remap;
};

// Lists of 400,000 records take a while. Called on the reader's own thread.
struct ReadHooks {
    std::function<void(int records)> onRecords;  // now and then, with how many were read so far
    std::stop_token stop;
};

// Reads, by their fields, the records of
// - the LVR JSON format (lvr-spec 2.1) and its RL form (2.2): a plain list, or a meta list of files
//   (ds_name, data_path, image_folder); `bbox_images` says which image each box is on,
// - Visual-CoT: metadata lines with `bboxs` in pixels, and the LLaVA form, whose boxes are pixels
//   after "###" or fractions of the picture padded to a square,
// - ViRL39K: `question`, `answer`, `image`, as JSON or Parquet.
// A file holds a list, or a record a line. Pictures that are inside of a Parquet file are copied
// once into the cache (PictureCache), and the records name the copies. What is wrong with a record,
// an empty answer included, is in `bad`. Throws Error naming the file when it is missing, cut off,
// of another format, or empty; Cancelled when stopped.
Dataset readDataset(const DataSource& source, const ReadHooks& hooks = {});

// The same for whoever can only go on with good records. A few bad ones are left out and `leftOut`
// is told so in one sentence; when there are none but bad ones, or more than one in twenty, the
// first is an Error: then it is the data, or the way it was given, that is wrong.
Dataset readUsable(const DataSource& source, const std::function<void(const std::string&)>& leftOut,
                   const ReadHooks& hooks = {});

}  // namespace lvr
