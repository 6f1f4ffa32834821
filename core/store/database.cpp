#include "core/store/database.h"

#include <sqlite3.h>

#include <chrono>

namespace lvr {

void failAs(const std::filesystem::path& file, const SQLite::Exception& e) {
    const auto name = file.string();
    switch (e.getErrorCode()) {
        case SQLITE_CANTOPEN:
            throw Error("can't open the run store " + name +
                        "; check that it and its folder exist and can be written, or choose "
                        "another with --store");
        case SQLITE_READONLY:
            throw Error("the run store " + name + " is read-only; choose another with --store");
        case SQLITE_NOTADB:
            throw Error(name + " is not a run store");
        case SQLITE_CORRUPT:
            throw Error("the run store " + name +
                        " is damaged; move it away and start a new one, or restore a copy");
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            throw StoreIsLocked("the run store " + name +
                                " is locked by another program; try again");
        case SQLITE_FULL:
            throw Error("the disk of the run store " + name + " is full; make room and try again");
        default:
            throw Error("the run store " + name + " can't be used: " + e.what());
    }
}

double secondsSince1970() {
    using namespace std::chrono;
    return duration<double>(system_clock::now().time_since_epoch()).count();
}

}  // namespace lvr
