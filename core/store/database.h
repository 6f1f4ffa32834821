#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <filesystem>
#include <memory>

#include "core/error.h"
#include "core/store/run_store.h"

namespace lvr {

// Makes the tables of a new file; brings those of an older version up to date in one transaction,
// when `mayWrite`. False: it is of an older version still. Throws Error: another program's
// database, or a newer version than this program knows; SQLite::Exception otherwise.
bool bringUpToDate(SQLite::Database& database, const std::filesystem::path& file, bool mayWrite);

// Throws Error: what went wrong with the file, and what to do.
[[noreturn]] void failAs(const std::filesystem::path& file, const SQLite::Exception& e);

double secondsSince1970();

// How long a locked file is waited for.
struct StorePatience {
    std::chrono::milliseconds most;
    std::stop_token stop = {};  // then a moment is enough
    std::chrono::steady_clock::time_point since = {};
};

struct RunStore::Database {
    std::filesystem::path file;
    std::unique_ptr<StorePatience> patience;  // SQLite looks at it until it is closed
    SQLite::Database sqlite;
    struct Look {
        std::int64_t cursor = 0, version = -1;
    };
    std::map<std::int64_t, Look> nothingNew;  // by run: the last look that found no row

    std::int64_t version() { return sqlite.execAndGet("PRAGMA data_version").getInt64(); }
    bool knowsNothingNew(std::int64_t run, std::int64_t cursor) {
        const auto& look = nothingNew[run];
        versionLooked = version();
        return look.version == versionLooked && look.cursor == cursor;
    }
    void rememberLook(std::int64_t run, std::int64_t cursor, bool foundNothing) {
        if (foundNothing) nothingNew[run] = {cursor, versionLooked};
    }
    std::int64_t versionLooked = -1;  // before the rows were read

    // The one place where SQLite's exceptions become ours.
    template <class Use>
    static auto guarded(const std::filesystem::path& file, const Use& use) {
        try {
            return use();
        } catch (const SQLite::Exception& e) {
            failAs(file, e);
        }
    }
    template <class Use>
    auto guarded(const Use& use) const {
        return guarded(file, use);
    }
};

}  // namespace lvr
