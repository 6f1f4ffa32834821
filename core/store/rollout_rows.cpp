#include "core/store/rollout_rows.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

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

}  // namespace

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
        // A null pointer would be NULL: a thought without latents has an empty heat.
        row.bind(16, r.heat.empty() ? static_cast<const void*>("") : r.heat.data(),
                 static_cast<int>(r.heat.size()));
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
        Rollout r{.group = rows.getColumn(0).getInt(),
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
                  .grid = {rows.getColumn(11).getInt(), rows.getColumn(12).getInt()}};
        const auto heat = rows.getColumn(13);
        const auto* bytes = static_cast<const std::int8_t*>(heat.getBlob());
        r.heat.assign(bytes, bytes + heat.getBytes());
        found.push_back(std::move(r));
    }
    return found;
}

}  // namespace lvr
