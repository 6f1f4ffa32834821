#include "datasets/benchmarks/item_json.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "datasets/benchmarks/item_row.h"
#include "datasets/benchmarks/prompt_text.h"
#include "datasets/benchmarks/set_rules.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

// Ids that are whole numbers are numbers, whether the source writes them so or as texts.
OrderedJson idJson(const std::string& id) {
    const bool isNumber = !id.empty() && id.size() < 10 && (id == "0" || id[0] != '0') &&
                          std::ranges::all_of(id, [](unsigned char c) { return std::isdigit(c); });
    return isNumber ? OrderedJson(std::stoi(id)) : OrderedJson(id);
}

OrderedJson number(double value) {
    if (std::abs(value) < 1e9 && value == std::floor(value))
        return static_cast<std::int64_t>(value);
    return value;
}

// "2D/Count": what is before the slash, and what is behind it.
std::pair<std::string, std::string> halves(const std::string& category) {
    const auto slash = category.find('/');
    if (slash == category.npos) return {category, ""};
    return {category.substr(0, slash), category.substr(slash + 1)};
}

void addUnlessEmpty(OrderedJson& row, const char* key, const std::string& text) {
    if (!text.empty()) row[key] = text;
}

void addExtent(OrderedJson& row, const BenchmarkItem& item) {
    if (item.extents.empty()) return;
    row["width"] = item.extents.front().width;
    row["height"] = item.extents.front().height;
}

void addQuestion(OrderedJson& row, const BenchmarkItem& item) {
    row["question"] = item.question;
    if (!item.options.empty()) row["options"] = item.options;
    row["gold"] = item.gold;
}

OrderedJson targetsJson(const BenchmarkItem& item) {
    auto targets = OrderedJson::array();
    for (const auto& target : item.targets)
        targets.push_back(
            {{"name", target.name},
             {"xywh",
              {number(target.x), number(target.y), number(target.width), number(target.height)}}});
    return targets;
}

OrderedJson vstarRow(const BenchmarkItem& item) {
    OrderedJson row{{"id", idJson(item.id)}, {"category", item.category}};
    addUnlessEmpty(row, "image", item.picture);
    addExtent(row, item);
    addQuestion(row, item);
    if (!item.targets.empty()) row["targets"] = targetsJson(item);
    addUnlessEmpty(row, "option_first_correct", item.statement);
    return row;
}

OrderedJson mmvpRow(const BenchmarkItem& item) {
    OrderedJson row{{"id", idJson(item.id)}, {"pair", std::stoi(item.cluster)}};
    addQuestion(row, item);
    addUnlessEmpty(row, "image", item.picture);
    return row;
}

OrderedJson blinkRow(const BenchmarkItem& item) {
    OrderedJson row{{"id", idJson(item.id)}, {"sub_task", item.category}};
    addQuestion(row, item);
    row["images"] = item.images.size();
    addUnlessEmpty(row, "prompt", item.prompt);
    return row;
}

OrderedJson cvBenchRow(const BenchmarkItem& item) {
    const auto [type, task] = halves(item.category);
    OrderedJson row{{"id", idJson(item.id)}, {"type", type}};
    addUnlessEmpty(row, "task", task);
    row["source"] = item.part;
    addQuestion(row, item);
    row["prompt"] = item.prompt;
    addUnlessEmpty(row, "filename", item.picture);
    return row;
}

OrderedJson hrBenchRow(const BenchmarkItem& item) {
    const auto [size, category] = halves(item.category);
    OrderedJson row{{"index", idJson(idInFile(item))},
                    {"question", item.question},
                    {"answer", item.gold},
                    {"category", category.empty() ? size : category}};
    for (std::size_t i = 0; i < item.options.size(); ++i) row[letterAt(i)] = item.options[i];
    row["cycle_category"] = item.part;
    return row;
}

OrderedJson mmeRealWorldRow(const BenchmarkItem& item) {
    const auto [task, subtask] = halves(item.category);
    OrderedJson row{{"id", idJson(item.id)}};
    addQuestion(row, item);
    row["task"] = task;
    row["subtask"] = subtask;
    row["l2"] = item.part;
    addUnlessEmpty(row, "image", item.picture);
    return row;
}

// Of sets that have no form of their own: Visual-CoT, one's own data.
OrderedJson plainRow(const BenchmarkItem& item) {
    OrderedJson row{{"id", idJson(item.id)}, {"category", item.category}};
    row["images"] = item.images;
    addExtent(row, item);
    addQuestion(row, item);
    auto targets = targetsJson(item);
    for (std::size_t i = 0; i < targets.size(); ++i)
        if (item.images.size() > 1) targets[i]["image"] = item.targets[i].image;
    if (!targets.empty()) row["targets"] = targets;
    return row;
}

OrderedJson rowOf(const BenchmarkItem& item) {
    static const std::map<std::string, std::function<OrderedJson(const BenchmarkItem&)>> rows = {
        {"vstar", vstarRow},      {"mmvp", mmvpRow},
        {"blink", blinkRow},      {"cv_bench", cvBenchRow},
        {"hr_bench", hrBenchRow}, {"mme_realworld_lite", mmeRealWorldRow}};
    const auto found = rows.find(item.benchmark);
    return found == rows.end() ? plainRow(item) : found->second(item);
}

// As the goldens call it: the official LVR evaluation is one harness among others.
std::string promptKey(PromptStyle style) {
    return style == PromptStyle::Lvr ? "lvr_official" : promptStyleName(style);
}

std::string shownPrompt(const BenchmarkItem& item, PromptStyle style) {
    const auto text = promptText(item, style);
    return text.starts_with(kBlinkDisclaimer)
               ? "<disclaimer>" + text.substr(std::string_view(kBlinkDisclaimer).size())
               : text;
}

}  // namespace

OrderedJson itemsJson(const BenchmarkSet& set) {
    auto rows = OrderedJson::array();
    for (const auto& item : set.items) {
        if (set.benchmark != "hr_bench") {
            rows.push_back(rowOf(item));
            continue;
        }
        if (rows.empty() || rows.back()["split"] != item.split)
            rows.push_back({{"split", item.split}, {"rows", OrderedJson::array()}});
        rows.back()["rows"].push_back(rowOf(item));
    }
    return rows;
}

OrderedJson promptsJson(const BenchmarkSet& set, const std::vector<PromptStyle>& styles) {
    auto rows = OrderedJson::array();
    for (const auto& item : set.items) {
        const bool byNumber = set.benchmark == "mme_realworld_lite";
        OrderedJson row{{"id", byNumber ? OrderedJson(rows.size()) : idJson(idInFile(item))}};
        for (const auto style : styles)
            if (styles.size() == 1 || hasPrompt(set.benchmark, style))
                row[promptKey(style)] = shownPrompt(item, style);
        rows.push_back(row);
    }
    return rows;
}

}  // namespace lvr
