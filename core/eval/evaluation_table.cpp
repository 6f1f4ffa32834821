#include "core/eval/evaluation_table.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "core/eval/judged_items.h"
#include "core/eval/published.h"
#include "core/eval/statistics.h"

namespace lvr {
namespace {

using Judged = std::vector<JudgedItem>;

double medianOf(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + std::ssize(values) / 2;
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2) return *middle;
    return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// What the row is about, whatever came of it.
EvalRow headOf(const EvalPlan& plan, const EvalSet& set, const EvalColumn& column) {
    const bool thinks = column.mode == EvalMode::Lvr || column.mode == EvalMode::Crop;
    return {.set = set.name,
            .title = set.title,
            .column = toText(column),
            .mode = toText(column.mode),
            .exit = thinks ? toText(column.exit) : "none",
            .scorer = set.scorer,
            .prompt = toText(plan.prompt),
            .minPixels = plan.minPixels,
            .maxPixels = plan.maxPixels};
}

void countAnswers(EvalRow& row, const Judged& items) {
    std::vector<double> visualTokens;
    int closed = 0;
    for (const auto& item : items) {
        row.disagree += item.disagree;
        visualTokens.push_back(item.answer->visualTokens);
        if (item.answer->latents() == 0) continue;
        ++row.thought;
        row.latents += item.answer->latents();
        closed += item.answer->closed == std::ssize(item.answer->thoughts);
    }
    row.count = static_cast<int>(items.size());
    row.visualTokens = medianOf(std::move(visualTokens));
    if (row.count > 0) row.triggered = static_cast<double>(row.thought) / row.count;
    if (row.thought > 0) row.closed = static_cast<double>(closed) / row.thought;
    if (row.thought > 0) row.latents /= row.thought;
}

// Means of each number, and the share of hits.
std::optional<RoiHeat> meanHeat(const std::vector<RoiHeat>& all, double& hits) {
    if (all.empty()) return std::nullopt;
    RoiHeat mean;
    for (const auto& heat : all) {
        mean.mass += heat.mass;
        mean.massChance += heat.massChance;
        mean.rank += heat.rank;
        mean.rankChance += heat.rankChance;
        hits += heat.hit;
    }
    const auto count = static_cast<double>(all.size());
    for (double* sum : {&mean.mass, &mean.massChance, &mean.rank, &mean.rankChance, &hits})
        *sum /= count;
    return mean;
}

void addHeat(EvalRow& row, const Judged& items) {
    std::vector<RoiHeat> latents, answers;
    for (const auto& item : items) {
        const auto& answer = *item.answer;
        row.withRegions += !answer.latentHeat.empty() || answer.answerHeat.has_value();
        latents.insert(latents.end(), answer.latentHeat.begin(), answer.latentHeat.end());
        if (answer.answerHeat) answers.push_back(*answer.answerHeat);
    }
    row.latentHeat = meanHeat(latents, row.latentHits);
    row.answerHeat = meanHeat(answers, row.answerHits);
}

void addPublished(EvalRow& row, const EvalSet& set) {
    auto found = publishedFor(set.name, row.part);
    if (!found.base && !found.lvr) found = publishedFor(set.benchmark, row.part);
    row.base = found.base;
    row.lvr = found.lvr;
}

// Items under the first column and under this one that both answered.
void compare(EvalRow& row, const Judged& first, const Judged& items) {
    row.isCompared = true;
    std::map<const EvaluatedItem*, bool> before;
    for (const auto& item : first) before[item.item] = item.right;
    int both = 0;
    for (const auto& item : items) {
        const auto other = before.find(item.item);
        if (other == before.end()) continue;
        ++both;
        row.gained += item.right && !other->second;
        row.lost += !item.right && other->second;
    }
    row.p = row.holm = mcnemarExact(row.lost, row.gained);
    row.detectable = detectableDifference(both, row.gained + row.lost);
}

Judged partOf(const Judged& items, const std::string& category) {
    Judged part;
    std::ranges::copy_if(items, std::back_inserter(part), [&](const JudgedItem& item) {
        return item.item->item.category == category;
    });
    return part;
}

std::vector<std::string> categoriesOf(const Judged& items) {
    std::set<std::string> names;
    for (const auto& item : items) names.insert(item.item->item.category);
    if (names.size() < 2) return {};
    return {names.begin(), names.end()};
}

class Table {
public:
    explicit Table(const EvalRun& evaluation) : plan_(evaluation.plan) {
        for (const auto& set : plan_.sets) addSet(evaluation, set);
        adjust();
    }
    std::vector<EvalRow> rows() && { return std::move(rows_); }

private:
    void addSet(const EvalRun& evaluation, const EvalSet& set) {
        std::vector<Judged> judged;
        for (const auto& column : plan_.columns)
            judged.push_back(judgedItems(evaluation, set, toText(column)));
        for (std::size_t c = 0; c < judged.size(); ++c) {
            add(set, c, "", judged);
            for (const auto& average : averagesOf(set.benchmark, judged[c]))
                addAverage(set, c, average, judged[c]);
        }
        if (judged.empty()) return;
        for (const auto& category : categoriesOf(judged.front())) {
            std::vector<Judged> part;
            for (const auto& items : judged) part.push_back(partOf(items, category));
            for (std::size_t c = 0; c < judged.size(); ++c) add(set, c, category, part);
        }
    }

    void add(const EvalSet& set, std::size_t column, const std::string& part,
             const std::vector<Judged>& judged) {
        const auto& items = judged[column];
        auto row = headOf(plan_, set, plan_.columns[column]);
        row.part = part;
        countAnswers(row, items);
        const auto rate = rateOf(items);
        row.right = rate.right;
        row.accuracy = rate.share;
        row.low = rate.low;
        row.high = rate.high;
        row.interval = rate.interval;
        addHeat(row, items);
        addPublished(row, set);
        if (column > 0) compare(row, judged.front(), items);
        rows_.push_back(std::move(row));
    }

    void addAverage(const EvalSet& set, std::size_t column, const Average& average,
                    const Judged& items) {
        auto row = headOf(plan_, set, plan_.columns[column]);
        row.part = average.name;
        countAnswers(row, items);
        row.count = average.count;
        row.right = average.share * average.count;
        row.accuracy = average.share;
        row.low = average.low;
        row.high = average.high;
        row.interval = average.interval;
        addPublished(row, set);
        rows_.push_back(std::move(row));
    }

    // Over all comparisons of the table.
    void adjust() {
        std::vector<double> p;
        for (const auto& row : rows_)
            if (row.isCompared) p.push_back(row.p);
        const auto adjusted = holmAdjusted(p);
        auto next = adjusted.begin();
        for (auto& row : rows_)
            if (row.isCompared) row.holm = *next++;
    }

    const EvalPlan& plan_;
    std::vector<EvalRow> rows_;
};

}  // namespace

std::vector<EvalRow> rowsOf(const EvalRun& evaluation) { return Table(evaluation).rows(); }

}  // namespace lvr
