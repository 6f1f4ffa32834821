#include "core/eval/kept_comparison.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/eval/strategies_json.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct Plan {
    SetChoice choice;
    std::vector<Strategy> strategies;
};

Plan planOf(const Run& run) {
    const OrderedJson options =
        OrderedJson::parse(run.info.options, nullptr, /*allow_exceptions=*/false);
    try {
        const OrderedJson& set = options.at("set");
        return {.choice = {.file = set.value("file", ""),
                           .imageRoot = set.value("image_root", ""),
                           .kind = set.value("kind", ""),
                           .count = set.value("count", SetChoice().count),
                           .seed = set.value("seed", SetChoice().seed)},
                .strategies = strategiesFromJson(options.at("strategies"))};
    } catch (const OrderedJson::exception&) {
        throw Error("comparison " + std::to_string(run.id) +
                    " does not say what it compares; open it with the program that made it, or "
                    "delete it");
    }
}

ComparisonSummary summaryOf(const RunStore& store, const Run& run) {
    ComparisonSummary summary{.run = run};
    try {
        for (const auto& strategy : planOf(run).strategies)
            summary.titles.push_back(titleText(strategy));
    } catch (const Error&) {  // it can be deleted all the same
        return summary;
    }
    summary.tallies = store.tallies(run.id, static_cast<int>(summary.titles.size()));
    return summary;
}

}  // namespace

RunInfo comparisonInfo(const SetChoice& choice, const std::vector<Strategy>& strategies,
                       RunInfo info) {
    OrderedJson list = OrderedJson::array();
    for (const auto& strategy : strategies) list.push_back(strategyToJson(strategy));
    info.kind = kComparisonKind;
    info.options = OrderedJson{
        {"set",
         {{"file", choice.file},
          {"image_root", choice.imageRoot},
          {"kind", choice.kind},
          {"count", choice.count},
          {"seed", choice.seed}}},
        {"strategies",
         list}}.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
    info.seed = choice.file.empty() ? choice.seed : 0;
    return info;
}

SetResults resultsOf(const RunInfo& info, const std::vector<Strategy>& strategies,
                     std::vector<SetQuestion> questions) {
    SetResults results{.set = info.data, .model = info.parent, .strategies = strategies};
    results.failures.resize(strategies.size());
    for (auto& question : questions) {
        if (!question.unreadable.empty()) {
            results.unreadable.push_back(question.unreadable);
            continue;
        }
        for (std::size_t i = 0; i < question.failures.size(); ++i)
            if (!question.failures[i].empty()) results.failures[i] = question.failures[i];
        results.questions.push_back(std::move(question));
    }
    return results;
}

Comparison readComparison(const RunStore& store, std::int64_t run) {
    const auto found = store.find(run);
    if (!found) throw Error("comparison " + std::to_string(run) + " is not in the store any more");
    if (found->info.kind != kComparisonKind)
        throw Error("run " + std::to_string(run) + " is no comparison but of lvr " +
                    found->info.kind);
    auto plan = planOf(*found);
    auto questions = store.questions(run, static_cast<int>(plan.strategies.size()));
    auto results = resultsOf(found->info, plan.strategies, std::move(questions));
    return {.run = *found, .choice = std::move(plan.choice), .results = std::move(results)};
}

std::vector<ComparisonSummary> listComparisons(const RunStore& store) {
    std::vector<ComparisonSummary> all;
    for (const auto& run : store.runs())
        if (run.info.kind == kComparisonKind) all.push_back(summaryOf(store, run));
    return all;
}

}  // namespace lvr
