#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace lvr {

// Index of the name that is the fewest letters (changed, added or dropped; Levenshtein) away from
// what was typed, for "did you mean". names.size() when none is nearer than `limit`; the first of
// equals.
std::size_t nearestName(std::span<const std::string> names, std::string_view typed,
                        std::size_t limit = std::numeric_limits<std::size_t>::max());

}  // namespace lvr
