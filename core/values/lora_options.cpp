#include "core/values/lora_options.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/values/nearest_name.h"

namespace lvr {

double LoraOptions::scale() const {
    return alpha / (scaling == LoraScaling::RsLora ? std::sqrt(rank) : rank);
}

void checkLoraTarget(const std::string& name) {
    const auto known = LoraOptions().targets;
    if (std::find(known.begin(), known.end(), name) == known.end())
        throw Error("there is no Linear \"" + name + "\" in the language model; did you mean \"" +
                    known[nearestName(known, name)] + "\"?");
}

}  // namespace lvr
