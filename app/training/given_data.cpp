#include "app/training/given_data.h"

#include <iostream>

namespace lvr {

Dataset readGiven(const DataMix& mix, const Ranks& ranks, const std::stop_token& stop) {
    const auto say = [&](const std::string& sentence) {
        if (ranks.first()) std::cerr << sentence << std::endl;
    };
    return readUsable(mix, say, {.stop = stop});
}

}  // namespace lvr
