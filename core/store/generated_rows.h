#pragma once

#include <vector>

#include "core/values/run.h"

namespace SQLite {
class Column;
class Database;
class Statement;
}  // namespace SQLite

namespace lvr {

// Rollouts and samples as rows of the store; rewards and tokens are JSON, for whoever reads it with
// SQL.
void appendRollouts(SQLite::Database& database, std::int64_t run, int step,
                    const std::vector<Rollout>& rollouts);
std::vector<Rollout> readRollouts(SQLite::Database& database, std::int64_t run, int step);

void appendSamples(SQLite::Database& database, std::int64_t run, int step,
                   const std::vector<SampleRow>& samples);
std::vector<SampleRow> readSamples(SQLite::Database& database, std::int64_t run, int step);

// Nothing and what is no number are NULL.
void bindOptional(SQLite::Statement& row, int at, std::optional<double> value);
std::optional<double> optionalOf(const SQLite::Column& column);

}  // namespace lvr
