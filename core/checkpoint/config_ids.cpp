#include "core/checkpoint/config_ids.h"

#include <algorithm>

namespace lvr {

using Ints = std::vector<std::int64_t>;

Ints idsIn(const JsonFields& fields, const std::string& key) {
    Ints ids = fields.isArray(key) ? fields.get<Ints>(key) : Ints{};
    if (!fields.isArray(key))
        if (const auto id = fields.find<std::int64_t>(key)) ids = {*id};
    if (std::any_of(ids.begin(), ids.end(), [](std::int64_t id) { return id < 0; }))
        fields.fail(key, "must not be negative");
    return ids;
}

Ints idsAnywhere(const JsonFields& top, const std::string& key) {
    const auto nested = top.object("text_config");
    return !top.has(key) && nested ? idsIn(*nested, key) : idsIn(top, key);
}

}  // namespace lvr
