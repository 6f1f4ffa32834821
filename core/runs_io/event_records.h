#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace lvr {

// TensorFlow's record files, which TensorBoard's events are kept in: each record stands between its
// length and its checksum (CRC32C), both with checksums of their own.
void appendRecord(std::string& file, std::string_view record);

// Is this the beginning of such a file?
bool startsWithRecord(const std::filesystem::path& file);

// Where a record begins.
struct RecordPlace {
    std::uintmax_t position = 0;  // bytes
    int count = 0;                // records before it
};

// Reads one record after the other, keeping only that one in memory.
class EventRecordReader {
public:
    explicit EventRecordReader(const std::filesystem::path& file,
                               RecordPlace from = {});  // throws Error: it can't be read
    // The next record; false after the last one, and where the file is broken.
    bool next(std::string& record);
    const RecordPlace& place() const { return place_; }  // of the next one
    // "it ends in the middle of record 7"; empty: no record was broken.
    const std::string& problem() const { return problem_; }

private:
    std::ifstream in_;
    std::uintmax_t left_ = 0;  // bytes
    RecordPlace place_;
    std::string problem_;
};

}  // namespace lvr
