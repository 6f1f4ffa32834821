#include "app/cli/score_records.h"

#include "app/cli/command.h"
#include "app/training/given_data.h"
#include "datasets/dataset.h"

namespace lvr {

std::vector<ScoreRecord> scoreRecords(const DataMix& mix, int most) {
    std::vector<ScoreRecord> records;
    const auto dataset = readGiven(mix, {}, interruption());
    for (const auto& record : dataset.records) {
        if (std::ssize(records) == most) break;
        records.push_back({dataset.name(record),
                           {record.images.begin(), record.images.end()},
                           record.question,
                           record.response,
                           record.boxes});
    }
    return records;
}

}  // namespace lvr
