#include "core/store/database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <array>
#include <chrono>

#include "core/error.h"

namespace lvr {
namespace {

constexpr int kApplicationId = 0x4C565242;  // "LVRB"

// Step i takes a store from version i to i + 1. Never edit one that was released: add another.
constexpr std::array<const char*, 7> kMigrations = {
    R"sql(
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, command TEXT NOT NULL,
    options TEXT NOT NULL, parent TEXT NOT NULL, data TEXT NOT NULL, out TEXT NOT NULL,
    seed INTEGER NOT NULL, code_version TEXT NOT NULL, steps INTEGER NOT NULL,
    status TEXT NOT NULL, message TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
    pid_started INTEGER NOT NULL, step INTEGER NOT NULL, started REAL NOT NULL,
    heartbeat REAL NOT NULL, ended REAL NOT NULL);
CREATE TABLE metric (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
    step INTEGER NOT NULL, name TEXT NOT NULL, value REAL);
CREATE INDEX metric_of_run ON metric (run, seq);
)sql",
    R"sql(
ALTER TABLE run ADD COLUMN parent_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN data_hash TEXT NOT NULL DEFAULT '';
CREATE TABLE rollout (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
    step INTEGER NOT NULL, group_index INTEGER NOT NULL, row_index INTEGER NOT NULL,
    image TEXT NOT NULL, prompt TEXT NOT NULL, expected TEXT NOT NULL, completion TEXT NOT NULL,
    rewards TEXT NOT NULL, reward REAL NOT NULL, advantage REAL NOT NULL, stopped TEXT NOT NULL,
    tokens TEXT NOT NULL, grid_rows INTEGER NOT NULL, grid_cols INTEGER NOT NULL,
    heat BLOB NOT NULL);
CREATE INDEX rollout_of_run ON rollout (run, step);
CREATE TABLE alert (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
    step INTEGER NOT NULL, message TEXT NOT NULL);
CREATE INDEX alert_of_run ON alert (run);
)sql",
    R"sql(
CREATE TABLE checkpoint (
    run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
    step INTEGER NOT NULL, folder TEXT NOT NULL, loss REAL, kept INTEGER NOT NULL,
    PRIMARY KEY (run, step));
CREATE TABLE sample (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
    step INTEGER NOT NULL, record TEXT NOT NULL, image TEXT NOT NULL, question TEXT NOT NULL,
    expected TEXT NOT NULL, answer TEXT NOT NULL, completion TEXT NOT NULL, correct INTEGER,
    loss REAL, stopped TEXT NOT NULL, tokens TEXT NOT NULL, grid_rows INTEGER NOT NULL,
    grid_cols INTEGER NOT NULL, heat BLOB NOT NULL);
CREATE INDEX sample_of_run ON sample (run, step);
)sql",
    R"sql(
ALTER TABLE run ADD COLUMN notes TEXT NOT NULL DEFAULT '';
)sql",
    R"sql(
CREATE TABLE question (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
    number INTEGER NOT NULL, record TEXT NOT NULL, kind TEXT NOT NULL, question TEXT NOT NULL,
    expected TEXT NOT NULL, unreadable TEXT NOT NULL, UNIQUE (run, number));
CREATE TABLE outcome (
    question INTEGER NOT NULL REFERENCES question(seq) ON DELETE CASCADE,
    strategy INTEGER NOT NULL, answer TEXT, correct INTEGER, latents INTEGER, picture_ms REAL,
    first_word_ms REAL, total_ms REAL, failure TEXT NOT NULL, PRIMARY KEY (question, strategy));
)sql",
    R"sql(
ALTER TABLE run ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN tags TEXT NOT NULL DEFAULT '';
)sql",
    R"sql(
CREATE TABLE item_result (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
    item TEXT NOT NULL, column_name TEXT NOT NULL, result TEXT NOT NULL,
    UNIQUE (run, item, column_name));
)sql",
};

int pragma(SQLite::Database& database, const char* name) {
    return database.execAndGet(std::string("PRAGMA ") + name).getInt();
}

bool isEmpty(SQLite::Database& database) {
    return database.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
}

}  // namespace

bool bringUpToDate(SQLite::Database& database, const std::filesystem::path& file, bool mayWrite) {
    const bool fresh = isEmpty(database);
    if (!fresh && pragma(database, "application_id") != kApplicationId)
        throw Error(file.string() + " is a database of another program, not a run store");
    const int version = pragma(database, "user_version"), newest = std::ssize(kMigrations);
    if (version > newest)
        throw Error("the run store " + file.string() + " is of version " + std::to_string(version) +
                    " and this program knows up to " + std::to_string(newest) +
                    "; use a newer LVR Workbench or another --store");
    if (version == newest) return true;
    if (!mayWrite) return false;
    SQLite::Transaction whole(database, SQLite::TransactionBehavior::IMMEDIATE);
    for (int i = pragma(database, "user_version"); i < newest; ++i) database.exec(kMigrations[i]);
    database.exec("PRAGMA application_id = " + std::to_string(kApplicationId) +
                  "; PRAGMA user_version = " + std::to_string(newest));
    whole.commit();
    return true;
}

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
