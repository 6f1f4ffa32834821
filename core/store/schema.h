#pragma once

#include <filesystem>

namespace SQLite {
class Database;
}

namespace lvr {

// Makes the tables of a new file; brings those of an older version up to date in one transaction,
// when `mayWrite`. False: it is of an older version still. Throws Error: another program's
// database, or a newer version than this program knows; SQLite::Exception otherwise.
bool bringUpToDate(SQLite::Database& database, const std::filesystem::path& file, bool mayWrite);

}  // namespace lvr
