#include "core/eval/evaluation_table.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "core/eval/judged_items.h"
#include "core/eval/published.h"
#include "core/scorers/aggregates.h"
#include "core/statistics/power.h"
#include "core/statistics/statistics.h"

namespace lvr {
namespace {

using Judged = std::vector<JudgedAnswer>;

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
            .prompt = plan.prompt,
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
    const double differing = row.gained + row.lost;
    if (both > 0) row.detectable = detectableDifference(both, differing / both);
}

// The answers that a figure is a share of: a category's, or a part's. None: it is a mean of
// figures.
Judged partOf(const Judged& items, const std::string& name) {
    Judged part;
    std::ranges::copy_if(items, std::back_inserter(part), [&](const JudgedAnswer& judged) {
        const auto& item = judged.item->item;
        return item.category == name || item.part == name || item.category.starts_with(name + "/");
    });
    return part;
}

std::vector<Aggregate> aggregatesOf(const EvalSet& set, const Judged& items) {
    std::vector<JudgedItem> judged;
    for (const auto& each : items) {
        const auto& item = each.item->item;
        judged.push_back({item.category, item.part, item.cluster, each.right});
    }
    return aggregatesOf(set.benchmark, judged);
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
        for (std::size_t c = 0; c < judged.size(); ++c) add(set, c, "", judged);
        // Figure by figure, so that what is to be compared stands together.
        std::vector<std::vector<Aggregate>> figures;
        for (const auto& items : judged) figures.push_back(aggregatesOf(set, items));
        for (std::size_t f = 1; f < figures.front().size(); ++f)
            for (std::size_t c = 0; c < judged.size(); ++c)
                if (f < figures[c].size()) addFigure(set, c, figures[c][f], judged);
    }

    void addFigure(const EvalSet& set, std::size_t column, const Aggregate& figure,
                   const std::vector<Judged>& judged) {
        std::vector<Judged> part;
        for (const auto& items : judged) part.push_back(partOf(items, figure.name));
        if (figure.count > 0 && static_cast<int>(part[column].size()) == figure.count)
            add(set, column, figure.name, part);
        else
            addAverage(set, column, figure, judged[column]);
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

    // Of pairs, or a mean of other figures.
    void addAverage(const EvalSet& set, std::size_t column, const Aggregate& figure,
                    const Judged& items) {
        auto row = headOf(plan_, set, plan_.columns[column]);
        row.part = figure.name;
        countAnswers(row, items);
        row.accuracy = figure.value;
        row.right = figure.count > 0 ? figure.right : figure.value * row.count;
        if (figure.count > 0) row.count = figure.count;
        const auto interval = wilson95(figure.right, figure.count);
        row.low = interval.low;
        row.high = interval.high;
        row.interval = figure.count > 0 ? "Wilson" : "none";
        addPublished(row, set);
        rows_.push_back(std::move(row));
    }

    // Over all comparisons of the table.
    void adjust() {
        std::vector<double> p;
        for (const auto& row : rows_)
            if (row.isCompared) p.push_back(row.p);
        const auto adjusted = holm(p);
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
