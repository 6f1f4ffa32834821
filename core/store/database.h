#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/error.h"
#include "core/store/run_store.h"

namespace lvr {

// What went wrong with the file, and what to do.
std::string storeFailure(const std::filesystem::path& file, const SQLite::Exception& e);

double secondsSince1970();

struct RunStore::Database {
    std::filesystem::path file;
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
            throw Error(storeFailure(file, e));
        }
    }
    template <class Use>
    auto guarded(const Use& use) const {
        return guarded(file, use);
    }
};

}  // namespace lvr
