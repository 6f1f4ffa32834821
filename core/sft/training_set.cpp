#include "core/sft/training_set.h"

#include <map>
#include <tuple>

#include "core/values/image_marks.h"

namespace lvr {
namespace {

// What a question says before each of its images, as far as it says where they are.
std::vector<std::string> textsBefore(const std::string& question) {
    auto pieces = cutAtImageMarks(question);
    pieces.pop_back();
    return pieces;
}

}  // namespace

TrainingSet::TrainingSet(std::vector<TrainingRecord> given, std::vector<double> sharesOfData)
    : records(std::move(given)), shares(std::move(sharesOfData)) {
    std::map<std::string, int> kindIndex;
    using Beginning = std::tuple<int, std::vector<std::filesystem::path>, std::vector<std::string>>;
    std::map<Beginning, std::size_t> pictureIndex;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const auto& record = records[i];
        const auto [kind, fresh] =
            kindIndex.try_emplace(record.kind, static_cast<int>(kinds.size()));
        if (fresh) kinds.push_back(record.kind);
        kindOf.push_back(kind->second);
        const auto [picture, unseen] =
            pictureIndex.try_emplace(Beginning(shares.empty() ? 0 : record.source, record.images,
                                               textsBefore(record.question)),
                                     pictures.size());
        if (unseen) pictures.emplace_back();
        pictures[picture->second].push_back(static_cast<int>(i));
    }
}

}  // namespace lvr
