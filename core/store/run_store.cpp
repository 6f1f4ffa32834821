#include "core/store/run_store.h"

#include <SQLiteCpp/VariadicBind.h>
#include <sqlite3.h>

#include <algorithm>
#include <thread>

#include "core/store/database.h"
#include "core/store/process.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

using namespace std::chrono_literals;
constexpr auto kPatience = 10'000ms;        // a writer waits for another
constexpr auto kReaderPatience = 1000ms;    // a reader waits only where a whole file is locked
constexpr auto kLastPatience = 300ms;       // when a stop was requested
constexpr double kSilentForLong = 15 * 60;  // s; how long a run on another host may say nothing

constexpr const char* kRunColumns =
    "id, kind, command, options, parent, data, out, seed, code_version, steps, status, message, "
    "host, pid, pid_started, step, started, heartbeat, ended, parent_hash, data_hash, notes, "
    "name, tags";

std::string trimmed(const std::string& text) {
    constexpr auto kSpace = " \t\r\n";
    const auto begin = text.find_first_not_of(kSpace);
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

// As they are stored: with commas between them.
std::vector<std::string> tagsIn(const std::string& text) {
    std::vector<std::string> tags;
    std::istringstream words(text);
    for (std::string tag; std::getline(words, tag, ',');) tags.push_back(tag);
    return tags;
}

RunStatus statusOf(const std::string& text) {
    for (const auto status : {RunStatus::Running, RunStatus::Finished, RunStatus::Stopped,
                              RunStatus::Failed, RunStatus::Lost})
        if (toText(status) == text) return status;
    return RunStatus::Failed;
}

// SQLite's busy handler: not 0 to try again.
int waitForOthers(void* patience, int tries) {
    auto& p = *static_cast<StorePatience*>(patience);
    const auto now = std::chrono::steady_clock::now();
    if (tries == 0) p.since = now;
    const auto most = p.stop.stop_requested() ? std::min(kLastPatience, p.most) : p.most;
    if (now - p.since >= most) return 0;
    std::this_thread::sleep_for(10ms);
    return 1;
}

// Why a run that is said to run does not; empty: it does. A run that is held is silent, not lost.
std::string whyLost(const Run& run) {
    if (run.host != hostName())
        return secondsSince1970() - run.heartbeat > kSilentForLong
                   ? "nothing was heard from " + run.host + " for a quarter of an hour"
                   : "";
    return processStart(run.pid) == run.pidStarted ? "" : "its process ended without a word";
}

// What its process is found to do is not in the file.
void lookAtProcess(Run& run) {
    if (run.status != RunStatus::Running) return;
    if (const auto why = whyLost(run); !why.empty()) {
        run.status = RunStatus::Lost;
        run.message = why;
    } else if (!run.message.empty() || (run.host == hostName() && processIsHeld(run.pid))) {
        run.status = RunStatus::Paused;
    }
}

Run readRun(SQLite::Statement& row) {
    Run run;
    run.id = row.getColumn(0).getInt64();
    run.info = {.kind = row.getColumn(1).getString(),
                .command = row.getColumn(2).getString(),
                .options = row.getColumn(3).getString(),
                .parent = row.getColumn(4).getString(),
                .parentHash = row.getColumn(19).getString(),
                .data = row.getColumn(5).getString(),
                .dataHash = row.getColumn(20).getString(),
                .out = row.getColumn(6).getString(),
                .seed = static_cast<std::uint64_t>(row.getColumn(7).getInt64()),
                .codeVersion = row.getColumn(8).getString(),
                .steps = row.getColumn(9).getInt()};
    run.status = statusOf(row.getColumn(10).getString());
    run.message = row.getColumn(11).getString();
    run.host = row.getColumn(12).getString();
    run.pid = row.getColumn(13).getInt64();
    run.pidStarted = row.getColumn(14).getInt64();
    run.step = row.getColumn(15).getInt();
    run.started = row.getColumn(16).getDouble();
    run.heartbeat = row.getColumn(17).getDouble();
    run.ended = row.getColumn(18).getDouble();
    run.notes = row.getColumn(21).getString();
    run.name = row.getColumn(22).getString();
    run.tags = tagsIn(row.getColumn(23).getString());
    lookAtProcess(run);
    return run;
}

std::vector<Run> readRuns(SQLite::Database& database, const std::string& where) {
    std::vector<Run> found;
    SQLite::Statement rows(database, std::string("SELECT ") + kRunColumns + " FROM run " + where +
                                         " ORDER BY id DESC");
    while (rows.executeStep()) found.push_back(readRun(rows));
    return found;
}

std::optional<Run> findRun(SQLite::Database& database, std::int64_t run) {
    const auto found = readRuns(database, "WHERE id = " + std::to_string(run));
    return found.empty() ? std::nullopt : std::optional(found.front());
}

// What the two below find stays true within a transaction that may write. The first is also asked
// before one: a process that is held in the middle of a step keeps all others from beginning one.
void checkNobodyIsAt(const Run& run) {
    if (isAlive(run.status))
        throw Error("run " + std::to_string(run.id) + " is still running as process " +
                    std::to_string(run.pid) + " on " + run.host + "; stop it first");
}

void checkNobodyWritesTo(SQLite::Database& database, const std::string& out, std::int64_t but) {
    if (out.empty()) return;
    for (const auto& run : readRuns(database, "WHERE status = 'running'"))
        if (run.info.out == out && run.id != but && isAlive(run.status) && run.pid != processId())
            throw Error("run " + std::to_string(run.id) + " writes to " + out + " as process " +
                        std::to_string(run.pid) + " on " + run.host +
                        "; stop it first, or choose another folder");
}

}  // namespace

RunStore::RunStore(const fs::path& file, Access access) {
    std::error_code failed;
    if (fs::is_directory(file, failed))
        throw Error("the run store " + file.string() +
                    " is a folder; name a file in it, such as runs.db");
    if (access == Access::Write && file.has_parent_path())
        fs::create_directories(file.parent_path(), failed);
    if (access == Access::Read && !fs::exists(file, failed))
        throw Error("there is no run store " + file.string() +
                    "; a training makes one, or name another with --store");
    Database::guarded(file, [&] {
        open(file, access);
        if (bringUpToDate(database_->sqlite, file, access == Access::Write)) return;
        RunStore(file, Access::Write);  // what is looked at is brought up to date, too
        open(file, access);
    });
    Database::guarded(file, [&] {
        if (access == Access::Write) database_->sqlite.exec("PRAGMA journal_mode = WAL");
        database_->sqlite.exec("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
    });
}

void RunStore::open(const fs::path& file, Access access) {
    const bool reads = access == Access::Read;
    database_ = std::make_unique<Database>(Database{
        .file = file,
        .patience = std::make_unique<StorePatience>(
            StorePatience{.most = reads ? kReaderPatience : kPatience}),
        .sqlite =
            SQLite::Database(file.string(), reads ? SQLite::OPEN_READONLY
                                                  : SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE),
        .nothingNew = {}});
    sqlite3_busy_handler(database_->sqlite.getHandle(), waitForOthers, database_->patience.get());
}

void RunStore::hurryWhen(const std::stop_token& stop) { database_->patience->stop = stop; }

RunStore::~RunStore() = default;
RunStore::RunStore(RunStore&&) noexcept = default;

std::int64_t RunStore::start(const RunInfo& info) {
    return database_->guarded([&] {
        SQLite::Transaction whole(database_->sqlite, SQLite::TransactionBehavior::IMMEDIATE);
        checkNobodyWritesTo(database_->sqlite, info.out, 0);
        const auto run = insert(info);
        whole.commit();
        return run;
    });
}

std::int64_t RunStore::insert(const RunInfo& info) {
    return database_->guarded([&] {
        SQLite::Statement row(
            database_->sqlite,
            "INSERT INTO run (kind, command, options, parent, data, out, seed, code_version, "
            "steps, status, message, host, pid, pid_started, step, started, heartbeat, ended, "
            "parent_hash, data_hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', '', ?, ?, ?, 0, ?, ?, 0, ?, ?)");
        SQLite::bind(row, info.kind, info.command, info.options, info.parent, info.data, info.out,
                     static_cast<std::int64_t>(info.seed), info.codeVersion, info.steps, hostName(),
                     processId(), processStart(processId()), secondsSince1970(), secondsSince1970(),
                     info.parentHash, info.dataHash);
        row.exec();
        return static_cast<std::int64_t>(database_->sqlite.getLastInsertRowid());
    });
}

void RunStore::end(std::int64_t run, RunStatus status, const std::string& message) {
    database_->guarded([&] {
        SQLite::Statement row(database_->sqlite,
                              "UPDATE run SET status = ?, message = ?, heartbeat = ?, ended = ? "
                              "WHERE id = ?");
        SQLite::bind(row, toText(status), message, secondsSince1970(), secondsSince1970(), run);
        row.exec();
    });
}

void RunStore::resume(std::int64_t run, int step) {
    database_->guarded([&] {
        auto& db = database_->sqlite;
        if (const auto known = findRun(db, run); known && known->pid != processId())
            checkNobodyIsAt(*known);
        SQLite::Transaction whole(db, SQLite::TransactionBehavior::IMMEDIATE);
        const auto known = findRun(db, run);
        if (!known)
            throw Error("there is no run " + std::to_string(run) + " in " +
                        database_->file.string());
        if (known->pid != processId()) checkNobodyIsAt(*known);
        checkNobodyWritesTo(db, known->info.out, run);
        for (const std::string table : {"metric", "rollout", "alert", "checkpoint", "sample"}) {
            SQLite::Statement forget(db, "DELETE FROM " + table + " WHERE run = ? AND step > ?");
            SQLite::bind(forget, run, step);
            forget.exec();
        }
        SQLite::Statement own(
            db,
            "UPDATE run SET status = 'running', message = '', ended = 0, step = ?, "
            "host = ?, pid = ?, pid_started = ?, heartbeat = ? WHERE id = ?");
        SQLite::bind(own, step, hostName(), processId(), processStart(processId()),
                     secondsSince1970(), run);
        own.exec();
        whole.commit();
    });
}

void RunStore::setPlan(std::int64_t run, int steps, const std::string& options) {
    database_->guarded([&] {
        SQLite::Statement row(database_->sqlite,
                              "UPDATE run SET steps = ?, options = ? WHERE id = ?");
        SQLite::bind(row, steps, options, run);
        row.exec();
    });
}

void RunStore::setWaiting(std::int64_t run, const std::string& forWhat) {
    database_->guarded([&] {
        SQLite::Statement row(database_->sqlite, "UPDATE run SET message = ? WHERE id = ?");
        SQLite::bind(row, forWhat, run);
        row.exec();
    });
}

void RunStore::remove(std::int64_t run) {
    database_->guarded([&] {
        if (const auto known = findRun(database_->sqlite, run)) checkNobodyIsAt(*known);
        SQLite::Transaction whole(database_->sqlite, SQLite::TransactionBehavior::IMMEDIATE);
        if (const auto known = findRun(database_->sqlite, run)) checkNobodyIsAt(*known);
        SQLite::Statement row(database_->sqlite, "DELETE FROM run WHERE id = ?");
        row.bind(1, run);
        row.exec();
        whole.commit();
    });
}

void RunStore::setText(std::int64_t run, const char* column, const std::string& text) {
    const int changed = database_->guarded([&] {
        SQLite::Statement row(database_->sqlite,
                              std::string("UPDATE run SET ") + column + " = ? WHERE id = ?");
        SQLite::bind(row, text, run);
        return row.exec();
    });
    if (changed == 0)
        throw Error("there is no run " + std::to_string(run) + " in " + database_->file.string());
}

void RunStore::setNotes(std::int64_t run, const std::string& notes) {
    setText(run, "notes", notes);
}

void RunStore::setName(std::int64_t run, const std::string& name) {
    if (name.find('\n') != std::string::npos)
        throw Error("the name of run " + std::to_string(run) +
                    " has several lines; a name is one, notes may be more");
    setText(run, "name", trimmed(name));
}

void RunStore::setTags(std::int64_t run, const std::vector<std::string>& tags) {
    std::vector<std::string> known;
    std::string text;
    for (const auto& given : tags) {
        const auto tag = trimmed(given);
        if (tag.find_first_of(",\n") != std::string::npos)
            throw Error("the tag \"" + tag + "\" of run " + std::to_string(run) +
                        " has a comma or several lines; give each tag by itself");
        if (tag.empty() || std::ranges::find(known, tag) != known.end()) continue;
        known.push_back(tag);
        text += (text.empty() ? "" : ",") + tag;
    }
    setText(run, "tags", text);
}

std::vector<Run> RunStore::runs() const {
    return database_->guarded([&] { return readRuns(database_->sqlite, ""); });
}

std::optional<Run> RunStore::find(std::int64_t run) const {
    return database_->guarded([&] { return findRun(database_->sqlite, run); });
}

std::string toText(RunStatus status) {
    switch (status) {
        case RunStatus::Running:
            return "running";
        case RunStatus::Paused:
            return "paused";
        case RunStatus::Finished:
            return "finished";
        case RunStatus::Stopped:
            return "stopped";
        case RunStatus::Failed:
            return "failed";
        case RunStatus::Lost:
            return "lost";
    }
    return {};
}

fs::path defaultStore() {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string(value ? value : "");
    };
    if (const auto named = variable("LVR_STORE"); !named.empty()) return named;
    const auto data = variable("XDG_DATA_HOME"), home = variable("HOME");
    if (data.empty() && home.empty())
        throw Error("there is no HOME to keep the run store in; name a file with --store");
    return (data.empty() ? fs::path(home) / ".local" / "share" : fs::path(data)) / "lvr-workbench" /
           "runs.db";
}

}  // namespace lvr
