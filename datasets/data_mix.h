#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "datasets/dataset.h"

namespace lvr {

// Several files of data that are used together.
struct DataMix {
    std::vector<std::filesystem::path> data;        // each a file, or a folder that holds data.json
    std::vector<std::filesystem::path> imageRoots;  // none: as DataSource; one for all, or for each
    std::vector<std::string> remap;                 // of all
    std::vector<double> weights;  // none, or each one's share of what is drawn, in any unit
};

// Throws Error: image roots or weights that don't fit the number of data, weights that are negative
// or add up to nothing.
std::vector<DataSource> sourcesOf(const DataMix& mix);
// Their paths, absolute, for a person.
std::string described(const DataMix& mix);

// As of one source (datasets/dataset.h), one after the other.
Dataset readDataset(const DataMix& mix, const ReadHooks& hooks = {});
Dataset readUsable(const DataMix& mix, const std::function<void(const std::string&)>& leftOut,
                   const ReadHooks& hooks = {});

}  // namespace lvr
