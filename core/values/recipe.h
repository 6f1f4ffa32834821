#pragma once

#include <cstdint>

#include "core/values/train_options.h"

namespace lvr {

// The options as a recipe has them.
template <class Options>
Options defaultsOf(Recipe recipe);
template <>
SftOptions defaultsOf(Recipe recipe);
template <>
GrpoOptions defaultsOf(Recipe recipe);

// What a model of so many parameters is trained by unless somebody says otherwise.
inline Recipe recipeFor(std::int64_t parameters) {
    constexpr std::int64_t kMostOfTiny = 100'000'000;
    return parameters > kMostOfTiny ? Recipe::Paper : Recipe::Tiny;
}

const char* toText(Recipe recipe);

}  // namespace lvr
