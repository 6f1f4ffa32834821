#include "app/training/kept_records.h"

#include "datasets/data_check.h"

namespace lvr {

std::string KeptRecords::keep(int step, const std::vector<DataRecord>& records) {
    constexpr int kMost = 20;
    if (records.empty() || ++kept_ > kMost) return {};
    const auto file = folder_ / ("step-" + std::to_string(step) +
                                 (rank_ > 0 ? "-rank-" + std::to_string(rank_) : "") + ".json");
    try {
        std::filesystem::create_directories(folder_);
        writeLvrJson(records, file);
    } catch (const std::exception& error) {
        return "; they can't be kept: " + std::string(error.what());
    }
    return "; lvr score --data " + file.string() + " looks at them";
}

}  // namespace lvr
