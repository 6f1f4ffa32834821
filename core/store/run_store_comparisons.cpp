// What a comparison writes down question by question.

#include <SQLiteCpp/VariadicBind.h>

#include <map>

#include "core/store/database.h"

namespace lvr {
namespace {

// Returns the row's key.
std::int64_t insertQuestion(SQLite::Database& db, std::int64_t run, const SetQuestion& q) {
    SQLite::Statement old(db, "DELETE FROM question WHERE run = ? AND number = ?");
    SQLite::bind(old, run, q.number);
    old.exec();
    SQLite::Statement row(db,
                          "INSERT INTO question (run, number, record, kind, question, expected, "
                          "unreadable) VALUES (?, ?, ?, ?, ?, ?, ?)");
    SQLite::bind(row, run, q.number, q.id, q.kind, q.text, q.expected, q.unreadable);
    row.exec();
    return db.getLastInsertRowid();
}

// A question that was not answered has no numbers.
void bindOutcome(SQLite::Statement& row, const std::optional<Outcome>& outcome) {
    if (!outcome) return;
    row.bind(3, outcome->answer);
    row.bind(4, outcome->right ? 1 : 0);
    row.bind(5, outcome->latents);
    row.bind(6, outcome->times.picture);
    row.bind(7, outcome->times.firstToken);
    row.bind(8, outcome->times.total);
}

void insertOutcomes(SQLite::Database& db, std::int64_t key, const SetQuestion& q) {
    SQLite::Statement row(db,
                          "INSERT INTO outcome (question, strategy, answer, correct, latents, "
                          "picture_ms, first_word_ms, total_ms, failure) "
                          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (std::size_t i = 0; i < q.outcomes.size(); ++i) {
        const std::string failure = i < q.failures.size() ? q.failures[i] : std::string();
        if (!q.outcomes[i] && failure.empty()) continue;
        row.reset();
        row.clearBindings();
        row.bind(1, key);
        row.bind(2, static_cast<int>(i));
        bindOutcome(row, q.outcomes[i]);
        row.bind(9, failure);
        row.exec();
    }
}

std::optional<Outcome> outcomeOf(SQLite::Statement& row) {
    if (row.getColumn(2).isNull()) return std::nullopt;
    return Outcome{.answer = row.getColumn(2).getString(),
                   .right = row.getColumn(3).getInt() != 0,
                   .latents = row.getColumn(4).getInt(),
                   .times = {row.getColumn(5).getDouble(), row.getColumn(6).getDouble(),
                             row.getColumn(7).getDouble()}};
}

// place: of each question's key among `found`.
std::vector<SetQuestion> readQuestions(SQLite::Database& db, std::int64_t run, int strategies,
                                       std::map<std::int64_t, std::size_t>& place) {
    std::vector<SetQuestion> found;
    SQLite::Statement rows(db,
                           "SELECT seq, number, record, kind, question, expected, unreadable "
                           "FROM question WHERE run = ? ORDER BY number");
    rows.bind(1, run);
    const auto count = static_cast<std::size_t>(strategies);
    while (rows.executeStep()) {
        place[rows.getColumn(0).getInt64()] = found.size();
        found.push_back({.number = rows.getColumn(1).getInt(),
                         .id = rows.getColumn(2).getString(),
                         .kind = rows.getColumn(3).getString(),
                         .text = rows.getColumn(4).getString(),
                         .expected = rows.getColumn(5).getString(),
                         .outcomes = std::vector<std::optional<Outcome>>(count),
                         .failures = std::vector<std::string>(count),
                         .unreadable = rows.getColumn(6).getString()});
    }
    return found;
}

}  // namespace

void RunStore::putQuestion(std::int64_t run, const SetQuestion& question, int done) {
    database_->guarded([&] {
        auto& db = database_->sqlite;
        SQLite::Transaction whole(db, SQLite::TransactionBehavior::IMMEDIATE);
        insertOutcomes(db, insertQuestion(db, run, question), question);
        SQLite::Statement beat(db, "UPDATE run SET step = ?, heartbeat = ? WHERE id = ?");
        SQLite::bind(beat, done, secondsSince1970(), run);
        beat.exec();
        whole.commit();
    });
}

std::vector<SetQuestion> RunStore::questions(std::int64_t run, int strategies) const {
    return database_->guarded([&] {
        auto& db = database_->sqlite;
        SQLite::Transaction whole(db);  // both tables as they are at one moment
        std::map<std::int64_t, std::size_t> place;
        auto found = readQuestions(db, run, strategies, place);
        SQLite::Statement rows(db,
                               "SELECT o.question, strategy, answer, correct, latents, picture_ms, "
                               "first_word_ms, total_ms, failure FROM outcome o "
                               "JOIN question q ON q.seq = o.question WHERE q.run = ?");
        rows.bind(1, run);
        while (rows.executeStep()) {
            const int strategy = rows.getColumn(1).getInt();
            if (strategy < 0 || strategy >= strategies) continue;
            auto& question = found.at(place.at(rows.getColumn(0).getInt64()));
            question.outcomes[strategy] = outcomeOf(rows);
            question.failures[strategy] = rows.getColumn(8).getString();
        }
        return found;
    });
}

std::vector<StrategyTally> RunStore::tallies(std::int64_t run, int strategies) const {
    return database_->guarded([&] {
        std::vector<StrategyTally> found(static_cast<std::size_t>(strategies));
        SQLite::Statement rows(database_->sqlite,
                               "SELECT strategy, count(correct), total(correct) FROM outcome o "
                               "JOIN question q ON q.seq = o.question WHERE q.run = ? "
                               "GROUP BY strategy");
        rows.bind(1, run);
        while (rows.executeStep()) {
            const int strategy = rows.getColumn(0).getInt();
            if (strategy < 0 || strategy >= strategies) continue;
            found[strategy] = {rows.getColumn(1).getInt(), rows.getColumn(2).getInt()};
        }
        return found;
    });
}

}  // namespace lvr
