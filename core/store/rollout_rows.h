#pragma once

#include <vector>

#include "core/values/run.h"

namespace SQLite {
class Database;
}

namespace lvr {

// Rollouts as rows of the store; rewards and tokens are JSON, for whoever reads it with SQL.
void appendRollouts(SQLite::Database& database, std::int64_t run, int step,
                    const std::vector<Rollout>& rollouts);
std::vector<Rollout> readRollouts(SQLite::Database& database, std::int64_t run, int step);

}  // namespace lvr
