#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/runs_io/event_records.h"
#include "core/runs_io/logged_scalars.h"

namespace lvr {

// A run's metrics (by step) as a TensorBoard event file: one event a step, values in float32 as
// every writer has them. The store keeps no time of a step: between the run's start and its last
// sign of life they are spread evenly.
std::string toEventFile(const Run& run, const std::vector<Metric>& metrics);

// The name TensorBoard knows it by, the same at every export of a run.
std::string eventFileName(const Run& run);

// The scalars of an event file, simple values and tensors of float or double alike; pictures,
// histograms and texts are passed over. Reads as far as the file is whole. Throws Error.
LoggedScalars readEventFile(const std::filesystem::path& file);

// The same of a file that is still written: each look reads what came since the last one, and waits
// for a record that is not whole. A file that became shorter, or is another one, is read anew.
class EventFileTail {
public:
    explicit EventFileTail(const std::filesystem::path& file);
    bool look();  // whether there was anything new; throws Error: the file can't be read
    const LoggedScalars& read() const { return read_; }

private:
    void take(const std::string& record);
    void noteWhatWasLeftOut(const std::string& problem);

    std::filesystem::path file_;
    RecordPlace place_;
    std::uint64_t inode_ = 0;
    LoggedScalars read_;
    std::map<std::string, std::string> owners_;  // by tag: what a writer says only once
    std::set<std::string> noScalars_;
    std::size_t misplaced_ = 0;
};

}  // namespace lvr
