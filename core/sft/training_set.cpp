#include "core/sft/training_set.h"

#include <map>

namespace lvr {

TrainingSet::TrainingSet(std::vector<TrainingRecord> given) : records(std::move(given)) {
    std::map<std::string, int> kindIndex;
    std::map<std::vector<std::filesystem::path>, std::size_t> pictureIndex;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const auto& record = records[i];
        const auto [kind, fresh] =
            kindIndex.try_emplace(record.kind, static_cast<int>(kinds.size()));
        if (fresh) kinds.push_back(record.kind);
        kindOf.push_back(kind->second);
        const auto [picture, unseen] = pictureIndex.try_emplace(record.images, pictures.size());
        if (unseen) pictures.emplace_back();
        pictures[picture->second].push_back(static_cast<int>(i));
    }
}

}  // namespace lvr
