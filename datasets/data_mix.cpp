#include "datasets/data_mix.h"

#include <cmath>
#include <iterator>
#include <numeric>

#include "core/error.h"

namespace lvr {
namespace {

std::string times(std::size_t count, const char* flag) {
    return std::to_string(count) + " " + flag;
}

void checkWeights(const DataMix& mix) {
    if (mix.weights.empty()) return;
    if (mix.weights.size() != mix.data.size())
        throw Error(times(mix.weights.size(), "--data-weights for ") +
                    times(mix.data.size(), "--data; give one for each"));
    for (const double weight : mix.weights)
        if (!(weight >= 0) || std::isinf(weight))
            throw Error("--data-weights must be numbers from 0 on");
    if (std::accumulate(mix.weights.begin(), mix.weights.end(), 0.0) <= 0)
        throw Error("--data-weights add up to nothing; give one at least more than 0");
}

template <class Read>
Dataset readEach(const DataMix& mix, const Read& read) {
    Dataset all;
    int source = 0;
    for (const auto& each : sourcesOf(mix)) {
        auto part = read(each);
        const int before = static_cast<int>(all.files.size());
        for (auto& record : part.records) record.file += before;
        for (auto& bad : part.bad) bad.file += before;
        all.sources.resize(all.files.size() + part.files.size(), source++);
        const auto append = [](auto& to, auto& from) {
            to.insert(to.end(), std::make_move_iterator(from.begin()),
                      std::make_move_iterator(from.end()));
        };
        append(all.files, part.files);
        append(all.records, part.records);
        append(all.bad, part.bad);
    }
    return all;
}

}  // namespace

std::vector<DataSource> sourcesOf(const DataMix& mix) {
    const auto roots = mix.imageRoots.size();
    if (roots > 1 && roots != mix.data.size())
        throw Error(times(roots, "--image-root for ") +
                    times(mix.data.size(), "--data; give one for all, or one for each"));
    checkWeights(mix);
    std::vector<DataSource> sources;
    for (std::size_t i = 0; i < mix.data.size(); ++i)
        sources.push_back(
            {mix.data[i], roots == 0 ? "" : mix.imageRoots[roots == 1 ? 0 : i], mix.remap});
    return sources;
}

std::string described(const DataMix& mix) {
    std::string text;
    for (const auto& path : mix.data)
        text += (text.empty() ? "" : ", ") + std::filesystem::absolute(path).string();
    return text;
}

Dataset readDataset(const DataMix& mix, const ReadHooks& hooks) {
    return readEach(mix, [&](const DataSource& source) { return readDataset(source, hooks); });
}

Dataset readUsable(const DataMix& mix, const std::function<void(const std::string&)>& leftOut,
                   const ReadHooks& hooks) {
    return readEach(mix,
                    [&](const DataSource& source) { return readUsable(source, leftOut, hooks); });
}

}  // namespace lvr
