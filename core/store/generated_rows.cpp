#include "core/store/generated_rows.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace lvr {
namespace {

using Json = nlohmann::json;

std::string toText(const std::vector<RolloutToken>& tokens) {
    Json json{{"ids", Json::array()},
              {"texts", Json::array()},
              {"log_probabilities", Json::array()},
              {"latent", Json::array()}};
    for (const auto& token : tokens) {
        json["ids"].push_back(token.id);
        json["texts"].push_back(token.text);
        json["log_probabilities"].push_back(token.logProbability);
        json["latent"].push_back(token.isLatent);
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<RolloutToken> tokensFrom(const std::string& text) {
    const auto json = Json::parse(text);
    std::vector<RolloutToken> tokens;
    for (std::size_t i = 0; i < json["ids"].size(); ++i) {
        const auto& logProbability = json["log_probabilities"][i];  // null when it was not finite
        tokens.push_back({json["ids"][i], json["texts"][i],
                          logProbability.is_null() ? 0 : logProbability.get<float>(),
                          json["latent"][i]});
    }
    return tokens;
}

// A null pointer would be NULL: a thought without latents has an empty heat.
void bindHeat(SQLite::Statement& row, int at, const std::vector<std::int8_t>& heat) {
    row.bind(at, heat.empty() ? static_cast<const void*>("") : heat.data(),
             static_cast<int>(heat.size()));
}

std::vector<std::int8_t> heatOf(const SQLite::Column& column) {
    const auto* bytes = static_cast<const std::int8_t*>(column.getBlob());
    return {bytes, bytes + column.getBytes()};
}

}  // namespace

void bindOptional(SQLite::Statement& row, int at, std::optional<double> value) {
    if (value && !std::isnan(*value))
        row.bind(at, *value);
    else
        row.bind(at);
}

std::optional<double> optionalOf(const SQLite::Column& column) {
    if (column.isNull()) return {};
    return column.getDouble();
}

void appendRollouts(SQLite::Database& database, std::int64_t run, int step,
                    const std::vector<Rollout>& rollouts) {
    if (rollouts.empty()) return;
    SQLite::Statement row(
        database,
        "INSERT INTO rollout (run, step, group_index, row_index, image, prompt, expected, "
        "completion, rewards, reward, advantage, stopped, tokens, grid_rows, grid_cols, heat) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const auto& r : rollouts) {
        SQLite::bind(row, run, step, r.group, r.index, r.image, r.prompt, r.expected, r.completion,
                     Json(r.rewards).dump(), r.reward, r.advantage, r.stopped, toText(r.tokens),
                     r.grid.rows, r.grid.cols);
        bindHeat(row, 16, r.heat);
        row.exec();
        row.reset();
    }
}

std::vector<Rollout> readRollouts(SQLite::Database& database, std::int64_t run, int step) {
    SQLite::Statement rows(
        database,
        "SELECT group_index, row_index, image, prompt, expected, completion, rewards, reward, "
        "advantage, stopped, tokens, grid_rows, grid_cols, heat FROM rollout "
        "WHERE run = ? AND step = ? ORDER BY group_index, row_index");
    SQLite::bind(rows, run, step);
    std::vector<Rollout> found;
    while (rows.executeStep()) {
        found.push_back({.group = rows.getColumn(0).getInt(),
                         .index = rows.getColumn(1).getInt(),
                         .image = rows.getColumn(2).getString(),
                         .prompt = rows.getColumn(3).getString(),
                         .expected = rows.getColumn(4).getString(),
                         .completion = rows.getColumn(5).getString(),
                         .rewards = Json::parse(rows.getColumn(6).getString()),
                         .reward = rows.getColumn(7).getDouble(),
                         .advantage = rows.getColumn(8).getDouble(),
                         .stopped = rows.getColumn(9).getString(),
                         .tokens = tokensFrom(rows.getColumn(10).getString()),
                         .grid = {rows.getColumn(11).getInt(), rows.getColumn(12).getInt()},
                         .heat = heatOf(rows.getColumn(13))});
    }
    return found;
}

void appendSamples(SQLite::Database& database, std::int64_t run, int step,
                   const std::vector<SampleRow>& samples) {
    SQLite::Statement row(
        database,
        "INSERT INTO sample (run, step, record, image, question, expected, answer, completion, "
        "correct, loss, stopped, tokens, grid_rows, grid_cols, heat) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const auto& s : samples) {
        SQLite::bind(row, run, step, s.record, s.image, s.question, s.expected, s.answer,
                     s.completion);
        if (s.right)
            row.bind(9, *s.right ? 1 : 0);
        else
            row.bind(9);
        bindOptional(row, 10, s.loss);
        row.bind(11, s.stopped);
        row.bind(12, toText(s.tokens));
        row.bind(13, s.grid.rows);
        row.bind(14, s.grid.cols);
        bindHeat(row, 15, s.heat);
        row.exec();
        row.reset();
    }
}

std::vector<SampleRow> readSamples(SQLite::Database& database, std::int64_t run, int step) {
    SQLite::Statement rows(
        database,
        "SELECT record, image, question, expected, answer, completion, correct, loss, stopped, "
        "tokens, grid_rows, grid_cols, heat FROM sample WHERE run = ? AND step = ? ORDER BY seq");
    SQLite::bind(rows, run, step);
    std::vector<SampleRow> found;
    while (rows.executeStep()) {
        SampleRow s{.record = rows.getColumn(0).getString(),
                    .image = rows.getColumn(1).getString(),
                    .question = rows.getColumn(2).getString(),
                    .expected = rows.getColumn(3).getString(),
                    .answer = rows.getColumn(4).getString(),
                    .completion = rows.getColumn(5).getString(),
                    .loss = optionalOf(rows.getColumn(7)),
                    .stopped = rows.getColumn(8).getString(),
                    .tokens = tokensFrom(rows.getColumn(9).getString()),
                    .grid = {rows.getColumn(10).getInt(), rows.getColumn(11).getInt()},
                    .heat = heatOf(rows.getColumn(12))};
        if (const auto right = rows.getColumn(6); !right.isNull()) s.right = right.getInt() != 0;
        found.push_back(std::move(s));
    }
    return found;
}

}  // namespace lvr
