#include "app/causal/causal_sets.h"

#include <algorithm>

#include "app/causal/panel_donors.h"
#include "datasets/scenes/scenes.h"

namespace lvr {

std::string diagnosedData(const SetChoice& choice) {
    if (!choice.file.empty()) return choice.imageRoot.empty() ? choice.file : std::string();
    const auto kinds = sceneKinds();
    const bool isKnown = std::ranges::find(kinds, choice.kind) != kinds.end();
    return isKnown ? "scenes:" + choice.kind : std::string();
}

DiagnoseSet openCausalSet(const SetChoice& choice, const std::stop_token& stop) {
    const auto data = diagnosedData(choice);
    if (data.empty()) return causalSetOf(openSampleSet(choice, stop), choice);
    return diagnoseSet(data, choice.count, choice.seed, stop);
}

DiagnoseSet causalSetOf(const SampleSet& samples, const SetChoice& choice) {
    const auto answers = choice.file.empty() ? answersIn(samples) : std::vector<std::string>();
    const auto item = [samples, answers](std::size_t index) {
        CausalSetItem item{.sample = samples.sample(static_cast<int>(index)),
                           .candidates = answers};
        auto& sample = item.sample;
        if (sample.id.empty()) sample.id = std::to_string(index);
        item.cluster = sample.id;
        item.chain = sample.kind == "chain";
        if (auto other = anotherQuestion(sample.question.text); !other.empty())
            item.otherQuestion = std::move(other);
        return item;
    };
    return {.set = {static_cast<std::size_t>(samples.size), item},
            .name = samples.name,
            .hash = samples.hash};
}

}  // namespace lvr
