// What a run writes down step by step: metrics, rollouts, alerts, checkpoints and samples.

#include <SQLiteCpp/VariadicBind.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "core/store/database.h"
#include "core/store/generated_rows.h"

namespace lvr {
namespace {

// SQLite has no NaN: it would become NULL, which stands for it here.
void bindValue(SQLite::Statement& row, int at, double value) {
    if (std::isnan(value))
        row.bind(at);
    else
        row.bind(at, value);
}
double valueOf(const SQLite::Column& column) {
    return column.isNull() ? std::numeric_limits<double>::quiet_NaN() : column.getDouble();
}

Metric readMetric(SQLite::Statement& row) {
    return {row.getColumn(0).getInt64(), row.getColumn(1).getInt(), row.getColumn(2).getString(),
            valueOf(row.getColumn(3))};
}

class MetricInsertion {
public:
    MetricInsertion(SQLite::Database& db, std::int64_t run)
        : row_(db, "INSERT INTO metric (run, step, name, value) VALUES (?, ?, ?, ?)") {
        row_.bind(1, run);
    }
    void add(int step, const std::string& name, double value) {
        row_.bind(2, step);
        row_.bindNoCopy(3, name);
        bindValue(row_, 4, value);
        row_.exec();
        row_.reset();
    }

private:
    SQLite::Statement row_;
};

void beat(SQLite::Database& db, std::int64_t run) {
    SQLite::Statement row(db, "UPDATE run SET heartbeat = ? WHERE id = ?");
    SQLite::bind(row, secondsSince1970(), run);
    row.exec();
}

constexpr int kNewestRows = 400;                // takes a third of a millisecond
constexpr std::size_t kRowsAtATime = 5000;      // of a long list; takes about 15 ms
constexpr std::chrono::milliseconds kPause{5};  // in which a training that waits gets its turn

// The run is at the newest step that it has anything of.
void reach(SQLite::Database& db, std::int64_t run, int step) {
    SQLite::Statement row(db, "UPDATE run SET step = max(?, step), heartbeat = ? WHERE id = ?");
    SQLite::bind(row, step, secondsSince1970(), run);
    row.exec();
}

// Whole and sorted lists of metrics, without keeping other writers out for as long as it takes. A
// piece is whole steps and what says that they are there.
void insertInPieces(SQLite::Database& db, std::int64_t run, const std::vector<Metric>& metrics) {
    for (std::size_t i = 0; i < metrics.size();) {
        if (i > 0) std::this_thread::sleep_for(kPause);
        SQLite::Transaction piece(db, SQLite::TransactionBehavior::IMMEDIATE);
        MetricInsertion insertion(db, run);
        const auto full = i + kRowsAtATime;
        for (int step = 0; i < metrics.size() && (i < full || metrics[i].step == step); ++i) {
            step = metrics[i].step;
            insertion.add(step, metrics[i].name, metrics[i].value);
        }
        reach(db, run, metrics[i - 1].step);
        piece.commit();
    }
}

int newestIn(SQLite::Database& db, const char* table, std::int64_t run) {
    SQLite::Statement row(
        db, std::string("SELECT ifnull(max(step), 0) FROM ") + table + " WHERE run = ?");
    row.bind(1, run);
    row.executeStep();
    return row.getColumn(0).getInt();
}

void forgetBeyond(SQLite::Database& db, const char* table, std::int64_t run, int step) {
    SQLite::Statement forget(db,
                             std::string("DELETE FROM ") + table + " WHERE run = ? AND step > ?");
    SQLite::bind(forget, run, step);
    forget.exec();
}

// All at once, however long it takes: whoever reads, or is killed, has the old rows or the new.
void replaceBeyond(SQLite::Database& db, std::int64_t run, int after,
                   const std::vector<Metric>& metrics) {
    SQLite::Transaction whole(db, SQLite::TransactionBehavior::IMMEDIATE);
    const int before = newestIn(db, "metric", run);
    forgetBeyond(db, "metric", run, after);
    MetricInsertion insertion(db, run);
    for (const auto& metric : metrics) insertion.add(metric.step, metric.name, metric.value);
    const int newest = newestIn(db, "metric", run);
    if (newest < before) forgetBeyond(db, "rollout", run, newest);
    SQLite::Statement row(db, "UPDATE run SET step = ?, heartbeat = ? WHERE id = ?");
    SQLite::bind(row, std::max(newest, newestIn(db, "rollout", run)), secondsSince1970(), run);
    row.exec();
    whole.commit();
}

// Rows of many metrics as one column a metric. Those of a step come in the same order every time:
// the next name is mostly known.
class Columns {
public:
    void add(const char* name, int step, double value) {
        if (++at_ >= columns_.size()) at_ = 0;
        if (columns_.empty() || columns_[at_].name != name) at_ = find(name);
        columns_[at_].steps.push_back(step);
        columns_[at_].values.push_back(value);
    }
    std::vector<MetricColumn> take() { return std::move(columns_); }

private:
    std::size_t find(const char* name) {
        const auto [place, isNew] = places_.try_emplace(name, columns_.size());
        if (isNew) columns_.push_back({.name = name});
        return place->second;
    }

    std::vector<MetricColumn> columns_;
    std::map<std::string, std::size_t> places_;
    std::size_t at_ = 0;
};

// The steps at which a run has rows in a table, ascending.
std::vector<int> stepsIn(SQLite::Database& db, const char* table, std::int64_t run) {
    std::vector<int> found;
    SQLite::Statement rows(
        db, std::string("SELECT DISTINCT step FROM ") + table + " WHERE run = ? ORDER BY step");
    rows.bind(1, run);
    while (rows.executeStep()) found.push_back(rows.getColumn(0).getInt());
    return found;
}

}  // namespace

std::int64_t RunStore::add(const Run& run, const std::vector<Metric>& metrics) {
    const auto id = insert(run.info);
    try {
        database_->guarded([&] {
            auto& db = database_->sqlite;
            insertInPieces(db, id, metrics);
            SQLite::Statement row(db,
                                  "UPDATE run SET status = ?, message = ?, step = ?, started = ?, "
                                  "heartbeat = ?, ended = ? WHERE id = ?");
            SQLite::bind(row, toText(run.status), run.message, run.step, run.started, run.heartbeat,
                         run.ended, id);
            row.exec();
        });
    } catch (const Error&) {
        end(id, RunStatus::Failed, "it could not be written whole");
        remove(id);
        throw;
    }
    return id;
}

void RunStore::append(std::int64_t run, int step, const std::map<std::string, double>& metrics,
                      const std::vector<Rollout>& rollouts, const std::string& alert) {
    database_->guarded([&] {
        auto& db = database_->sqlite;
        SQLite::Transaction whole(db, SQLite::TransactionBehavior::IMMEDIATE);
        MetricInsertion insertion(db, run);
        for (const auto& [name, value] : metrics) insertion.add(step, name, value);
        appendRollouts(db, run, step, rollouts);
        if (!alert.empty()) {
            SQLite::Statement told(db, "INSERT INTO alert (run, step, message) VALUES (?, ?, ?)");
            SQLite::bind(told, run, step, alert);
            told.exec();
        }
        SQLite::Statement beat(db, "UPDATE run SET step = ?, heartbeat = ? WHERE id = ?");
        SQLite::bind(beat, step, secondsSince1970(), run);
        beat.exec();
        whole.commit();
    });
}

void RunStore::appendAll(std::int64_t run, const std::vector<Metric>& metrics,
                         std::optional<int> after) {
    database_->guarded([&] {
        auto& db = database_->sqlite;
        if (after) return replaceBeyond(db, run, *after, metrics);
        insertInPieces(db, run, metrics);
        if (metrics.empty()) beat(db, run);
    });
}

void RunStore::putRollouts(std::int64_t run, int step, const std::vector<Rollout>& rollouts) {
    database_->guarded([&] {
        auto& db = database_->sqlite;
        SQLite::Transaction whole(db, SQLite::TransactionBehavior::IMMEDIATE);
        SQLite::Statement old(db, "DELETE FROM rollout WHERE run = ? AND step = ?");
        SQLite::bind(old, run, step);
        old.exec();
        appendRollouts(db, run, step, rollouts);
        reach(db, run, step);
        whole.commit();
    });
}

void RunStore::addCheckpoint(std::int64_t run, const CheckpointRow& checkpoint) {
    database_->guarded([&] {
        auto& db = database_->sqlite;
        SQLite::Transaction whole(db, SQLite::TransactionBehavior::IMMEDIATE);
        SQLite::Statement others(db, "UPDATE checkpoint SET kept = 0 WHERE run = ? AND folder = ?");
        SQLite::bind(others, run, checkpoint.folder);
        others.exec();
        SQLite::Statement row(db,
                              "INSERT OR REPLACE INTO checkpoint (run, step, folder, kept, loss) "
                              "VALUES (?, ?, ?, ?, ?)");
        SQLite::bind(row, run, checkpoint.step, checkpoint.folder, checkpoint.kept ? 1 : 0);
        bindOptional(row, 5, checkpoint.loss);
        row.exec();
        beat(db, run);
        whole.commit();
    });
}

void RunStore::forgetCheckpoint(std::int64_t run, int step) {
    database_->guarded([&] {
        SQLite::Statement row(database_->sqlite,
                              "UPDATE checkpoint SET kept = 0 WHERE run = ? AND step = ?");
        SQLite::bind(row, run, step);
        row.exec();
    });
}

void RunStore::addSamples(std::int64_t run, int step, const std::vector<SampleRow>& samples) {
    database_->guarded([&] {
        auto& db = database_->sqlite;
        SQLite::Transaction whole(db, SQLite::TransactionBehavior::IMMEDIATE);
        SQLite::Statement old(db, "DELETE FROM sample WHERE run = ? AND step = ?");
        SQLite::bind(old, run, step);
        old.exec();
        appendSamples(db, run, step, samples);
        beat(db, run);
        whole.commit();
    });
}

std::vector<Metric> RunStore::metrics(std::int64_t run) const {
    return database_->guarded([&] {
        std::vector<Metric> found;
        SQLite::Statement rows(database_->sqlite,
                               "SELECT seq, step, name, value FROM metric WHERE run = ? "
                               "ORDER BY step, name");
        rows.bind(1, run);
        while (rows.executeStep()) found.push_back(readMetric(rows));
        return found;
    });
}

std::vector<Metric> RunStore::metrics(std::int64_t run, const std::string& name) const {
    return database_->guarded([&] {
        std::vector<Metric> found;
        SQLite::Statement rows(database_->sqlite,
                               "SELECT seq, step, name, value FROM metric WHERE run = ? AND name = "
                               "? ORDER BY step");
        SQLite::bind(rows, run, name);
        while (rows.executeStep()) found.push_back(readMetric(rows));
        return found;
    });
}

std::vector<Metric> RunStore::readNew(std::int64_t run, std::int64_t& cursor) const {
    return database_->guarded([&] {
        std::vector<Metric> found;
        if (database_->knowsNothingNew(run, cursor)) return found;
        SQLite::Statement rows(database_->sqlite,
                               "SELECT seq, step, name, value FROM metric "
                               "WHERE run = ? AND seq > ? ORDER BY seq");
        SQLite::bind(rows, run, cursor);
        while (rows.executeStep()) found.push_back(readMetric(rows));
        if (!found.empty()) cursor = found.back().seq;
        database_->rememberLook(run, cursor, found.empty());
        return found;
    });
}

std::vector<MetricColumn> RunStore::readNewColumns(std::int64_t run, std::int64_t& cursor,
                                                   int most) const {
    return database_->guarded([&] {
        Columns columns;
        if (database_->knowsNothingNew(run, cursor)) return columns.take();
        SQLite::Statement rows(database_->sqlite,
                               "SELECT seq, step, name, value FROM metric "
                               "WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?");
        SQLite::bind(rows, run, cursor, most);
        const auto before = cursor;
        while (rows.executeStep()) {
            columns.add(rows.getColumn(2).getText(), rows.getColumn(1).getInt(),
                        valueOf(rows.getColumn(3)));
            cursor = rows.getColumn(0).getInt64();
        }
        database_->rememberLook(run, cursor, cursor == before);
        return columns.take();
    });
}

std::map<std::string, double> RunStore::newestMetrics(std::int64_t run) const {
    return database_->guarded([&] {
        std::map<std::string, double> found;
        SQLite::Statement rows(database_->sqlite,
                               "SELECT seq, step, name, value FROM metric WHERE run = ? "
                               "ORDER BY seq DESC LIMIT ?");
        SQLite::bind(rows, run, kNewestRows);
        while (rows.executeStep()) {
            const auto metric = readMetric(rows);
            found.emplace(metric.name, metric.value);  // the newest came first
        }
        return found;
    });
}

std::int64_t RunStore::version() const {
    return database_->guarded([&] { return database_->version(); });
}

std::vector<Alert> RunStore::alerts(std::int64_t run) const {
    return database_->guarded([&] {
        std::vector<Alert> found;
        SQLite::Statement rows(database_->sqlite,
                               "SELECT step, message FROM alert WHERE run = ? ORDER BY seq");
        rows.bind(1, run);
        while (rows.executeStep())
            found.push_back({rows.getColumn(0).getInt(), rows.getColumn(1).getString()});
        return found;
    });
}

std::vector<int> RunStore::rolloutSteps(std::int64_t run) const {
    return database_->guarded([&] { return stepsIn(database_->sqlite, "rollout", run); });
}

std::vector<Rollout> RunStore::rollouts(std::int64_t run, int step) const {
    return database_->guarded([&] { return readRollouts(database_->sqlite, run, step); });
}

std::vector<CheckpointRow> RunStore::checkpoints(std::int64_t run) const {
    return database_->guarded([&] {
        std::vector<CheckpointRow> found;
        SQLite::Statement rows(
            database_->sqlite,
            "SELECT step, folder, loss, kept FROM checkpoint WHERE run = ? ORDER BY step");
        rows.bind(1, run);
        while (rows.executeStep())
            found.push_back({rows.getColumn(0).getInt(), rows.getColumn(1).getString(),
                             optionalOf(rows.getColumn(2)), rows.getColumn(3).getInt() != 0});
        return found;
    });
}

std::vector<int> RunStore::sampleSteps(std::int64_t run) const {
    return database_->guarded([&] { return stepsIn(database_->sqlite, "sample", run); });
}

std::vector<SampleSummary> RunStore::sampleSummaries(std::int64_t run) const {
    return database_->guarded([&] {
        std::vector<SampleSummary> found;
        SQLite::Statement rows(database_->sqlite,
                               "SELECT step, count(*), count(correct), total(correct), avg(loss) "
                               "FROM sample WHERE run = ? GROUP BY step ORDER BY step");
        rows.bind(1, run);
        while (rows.executeStep())
            found.push_back({rows.getColumn(0).getInt(), rows.getColumn(1).getInt(),
                             rows.getColumn(2).getInt(), rows.getColumn(3).getInt(),
                             optionalOf(rows.getColumn(4))});
        return found;
    });
}

std::vector<SampleRow> RunStore::samples(std::int64_t run, int step) const {
    return database_->guarded([&] { return readSamples(database_->sqlite, run, step); });
}

}  // namespace lvr
