// What an evaluation writes down item by item.

#include <SQLiteCpp/VariadicBind.h>

#include "core/store/database.h"

namespace lvr {

void RunStore::putResults(std::int64_t run, const std::vector<ItemResult>& results, int done) {
    database_->guarded([&] {
        auto& db = database_->sqlite;
        SQLite::Transaction whole(db, SQLite::TransactionBehavior::IMMEDIATE);
        SQLite::Statement row(db,
                              "INSERT INTO item_result (run, item, column_name, result) VALUES "
                              "(?, ?, ?, ?) ON CONFLICT (run, item, column_name) DO UPDATE SET "
                              "result = excluded.result");
        for (const auto& cell : results) {
            row.reset();
            SQLite::bind(row, run, cell.item, cell.column, cell.result);
            row.exec();
        }
        SQLite::Statement beat(db, "UPDATE run SET step = ?, heartbeat = ? WHERE id = ?");
        SQLite::bind(beat, done, secondsSince1970(), run);
        beat.exec();
        whole.commit();
    });
}

std::vector<ItemResult> RunStore::results(std::int64_t run) const {
    return database_->guarded([&] {
        SQLite::Statement rows(database_->sqlite,
                               "SELECT item, column_name, result FROM item_result WHERE run = ? "
                               "ORDER BY seq");
        rows.bind(1, run);
        std::vector<ItemResult> found;
        while (rows.executeStep())
            found.push_back({rows.getColumn(0).getString(), rows.getColumn(1).getString(),
                             rows.getColumn(2).getString()});
        return found;
    });
}

}  // namespace lvr
