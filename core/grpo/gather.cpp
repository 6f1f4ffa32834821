
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/grpo/rollout.h"
#include "core/torch.h"

// What ranks tell each other of their rollouts, as CBOR.
namespace lvr {
namespace {

using Json = nlohmann::json;

Json toJson(const Rollout& r) {
    Json tokens = Json::array();
    for (const auto& t : r.tokens)
        tokens.push_back(
            {t.id, Json::binary({t.text.begin(), t.text.end()}), t.logProbability, t.isLatent});
    return {r.group,  r.index,     r.image,   r.prompt, r.expected,  r.completion, r.rewards,
            r.reward, r.advantage, r.stopped, tokens,   r.grid.rows, r.grid.cols,  r.heat};
}

Rollout toRollout(const Json& j) {
    Rollout r{.group = j[0],
              .index = j[1],
              .image = j[2],
              .prompt = j[3],
              .expected = j[4],
              .completion = j[5],
              .rewards = j[6].get<std::map<std::string, double>>(),
              .reward = j[7],
              .advantage = j[8],
              .stopped = j[9],
              .grid = {j[11], j[12]},
              .heat = j[13].get<std::vector<std::int8_t>>()};
    for (const auto& t : j[10]) {
        const auto& text = t[1].get_binary();
        r.tokens.push_back({t[0], {text.begin(), text.end()}, t[2], t[3]});
    }
    return r;
}

Json toJson(const torch::Tensor& thought) {
    const auto* bytes = static_cast<const std::uint8_t*>(thought.data_ptr());
    return {thought.size(0), thought.size(1), Json::binary({bytes, bytes + thought.nbytes()})};
}

torch::Tensor toThought(const Json& j) {
    const auto thought = torch::empty({j[0].get<std::int64_t>(), j[1].get<std::int64_t>()});
    const auto& bytes = j[2].get_binary();
    std::copy(bytes.begin(), bytes.end(), static_cast<std::uint8_t*>(thought.data_ptr()));
    return thought;
}

std::string pack(const RolloutFigures& figures) {
    Json rollouts = Json::array();
    for (const auto& rollout : figures.rollouts) rollouts.push_back(toJson(rollout));
    Json thoughts = Json::array();
    for (const auto& thought : figures.thoughts) thoughts.push_back(toJson(thought));
    const auto bytes = Json::to_cbor({figures.each, rollouts, thoughts});
    return {bytes.begin(), bytes.end()};
}

}  // namespace

RolloutFigures gather(const Ranks& ranks, const RolloutFigures& mine) {
    if (ranks.count() == 1) return mine;
    RolloutFigures all;
    for (const auto& bytes : ranks.gather(pack(mine))) {
        const auto json = Json::from_cbor(bytes);
        for (const auto& [name, values] : json[0].items())
            for (const double value : values) all.each[name].push_back(value);
        for (const auto& rollout : json[1]) all.rollouts.push_back(toRollout(rollout));
        for (const auto& thought : json[2]) all.thoughts.push_back(toThought(thought));
    }
    return all;
}

}  // namespace lvr
