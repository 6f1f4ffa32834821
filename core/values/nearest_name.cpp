#include "core/values/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace lvr {
namespace {

std::size_t editDistance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const auto swap = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = std::min({swap, row[j] + 1, diagonal + 1});
        }
    }
    return row[b.size()];
}

}  // namespace

std::size_t nearestName(std::span<const std::string> names, std::string_view typed,
                        std::size_t limit) {
    std::size_t best = names.size();
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto distance = editDistance(names[i], typed);
        if (distance >= limit) continue;
        limit = distance;
        best = i;
    }
    return best;
}

}  // namespace lvr
