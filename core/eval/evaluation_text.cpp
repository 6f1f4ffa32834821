#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/eval/evaluation_json.h"
#include "core/eval/evaluation_table.h"
#include "core/eval/judged_items.h"
#include "core/eval/published.h"
#include "core/values/csv_text.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;
using Cells = std::vector<std::string>;

std::string printed(const char* format, double value) {
    char text[48];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

std::string percent(double share) { return printed("%.1f", 100 * share); }

std::string pixelsText(const EvalRow& row) {
    if (row.maxPixels == 0) return "unknown";
    return std::to_string(row.minPixels) + "–" + std::to_string(row.maxPixels);
}

std::string intervalText(const EvalRow& row) {
    return row.interval == "none" ? "–" : percent(row.low) + "–" + percent(row.high);
}

std::string askedText(const EvalRow& row) {
    const bool saysExit = row.mode == "crop";
    return row.mode == "lvr" ? row.exit : row.mode + (saysExit ? " " + row.exit : "");
}

std::string pairedText(const EvalRow& row) {
    return row.isCompared ? "+" + std::to_string(row.gained) + " -" + std::to_string(row.lost) : "";
}

// The smallest difference that as many items would show.
std::string detectableText(const EvalRow& row) {
    if (!row.isCompared) return "";
    return row.detectable ? percent(*row.detectable) : "none";
}

std::string heatText(const std::optional<RoiHeat>& heat) {
    if (!heat) return "";
    return percent(heat->mass) + "/" + percent(heat->massChance) + " " +
           printed("%.0f", heat->rank) + "/" + printed("%.0f", heat->rankChance);
}

std::string hitText(const std::optional<RoiHeat>& heat, double hits) {
    return heat ? percent(hits) + "/" + percent(heat->massChance) : "";
}

std::string optional(const std::optional<PublishedRange>& range) {
    return range ? toText(*range) : "";
}

struct TableColumn {
    const char* title;
    std::string (*text)(const EvalRow&);
    bool isNumber = true;
};

const std::vector<TableColumn>& tableColumns() {
    static const std::vector<TableColumn> kColumns{
        {"benchmark", [](const EvalRow& r) { return r.set; }, false},
        {"part", [](const EvalRow& r) { return r.part.empty() ? "all" : r.part; }, false},
        {"asked", askedText, false},
        {"n", [](const EvalRow& r) { return std::to_string(r.count); }},
        {"right %", [](const EvalRow& r) { return percent(r.accuracy); }},
        {"95 %", intervalText},
        {"interval", [](const EvalRow& r) { return r.interval; }, false},
        {"scorer", [](const EvalRow& r) { return r.scorer; }, false},
        {"prompt", [](const EvalRow& r) { return r.prompt; }, false},
        {"pixels", pixelsText},
        {"tokens", [](const EvalRow& r) { return printed("%g", r.visualTokens); }},
        {"N", [](const EvalRow& r) { return std::to_string(r.thought); }},
        {"triggered %", [](const EvalRow& r) { return percent(r.triggered); }},
        {"closed %", [](const EvalRow& r) { return r.thought ? percent(r.closed) : "–"; }},
        {"latents", [](const EvalRow& r) { return r.thought ? printed("%.1f", r.latents) : "–"; }},
        {"disputed", [](const EvalRow& r) { return std::to_string(r.disagree); }},
        {"gain/loss", pairedText},
        {"p Holm", [](const EvalRow& r) { return r.isCompared ? printed("%.3g", r.holm) : ""; }},
        {"detectable", detectableText},
        {"published base", [](const EvalRow& r) { return optional(r.base); }},
        {"published LVR", [](const EvalRow& r) { return optional(r.lvr); }},
        {"heat mass rank", [](const EvalRow& r) { return heatText(r.latentHeat); }},
        {"heat hit", [](const EvalRow& r) { return hitText(r.latentHeat, r.latentHits); }},
        {"answer mass rank", [](const EvalRow& r) { return heatText(r.answerHeat); }},
        {"answer hit", [](const EvalRow& r) { return hitText(r.answerHeat, r.answerHits); }}};
    return kColumns;
}

// Characters, not bytes.
std::size_t widthOf(const std::string& text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

// Columns that are empty in every row are left out.
struct Printed {
    std::vector<TableColumn> columns;
    std::vector<Cells> lines;  // the heading first
};

Printed printedTable(const std::vector<EvalRow>& rows) {
    Printed table;
    table.lines.resize(rows.size() + 1);
    for (const auto& column : tableColumns()) {
        Cells cells;
        for (const auto& row : rows) cells.push_back(column.text(row));
        if (std::ranges::all_of(cells, &std::string::empty)) continue;
        table.columns.push_back(column);
        table.lines[0].push_back(column.title);
        for (std::size_t r = 0; r < rows.size(); ++r) table.lines[r + 1].push_back(cells[r]);
    }
    return table;
}

OrderedJson numberOrNull(const std::optional<double>& value) {
    return value ? OrderedJson(*value) : OrderedJson();
}

OrderedJson toJson(const std::optional<PublishedRange>& range) {
    if (!range) return nullptr;
    return {{"low", range->low}, {"high", range->high}, {"sources", range->sources}};
}

OrderedJson toJson(const std::optional<RoiHeat>& heat, double hits) {
    if (!heat) return nullptr;
    return {{"mass", heat->mass}, {"mass_chance", heat->massChance},
            {"rank", heat->rank}, {"rank_chance", heat->rankChance},
            {"hit", hits},        {"hit_chance", heat->massChance}};
}

OrderedJson toJson(const EvalRow& r) {
    OrderedJson json{{"benchmark", r.set},
                     {"title", r.title},
                     {"part", r.part},
                     {"column", r.column},
                     {"mode", r.mode},
                     {"exit", r.exit},
                     {"count", r.count},
                     {"right", r.right},
                     {"accuracy", r.accuracy},
                     {"low95", r.low},
                     {"high95", r.high},
                     {"interval", r.interval},
                     {"scorer", r.scorer},
                     {"prompt", r.prompt},
                     {"min_pixels", r.minPixels},
                     {"max_pixels", r.maxPixels},
                     {"visual_tokens", r.visualTokens},
                     {"thought", r.thought},
                     {"triggered", r.triggered},
                     {"closed", r.closed},
                     {"latents", r.latents},
                     {"disputed", r.disagree},
                     {"published_base", toJson(r.base)},
                     {"published_lvr", toJson(r.lvr)},
                     {"latent_heat", toJson(r.latentHeat, r.latentHits)},
                     {"answer_heat", toJson(r.answerHeat, r.answerHits)}};
    if (r.isCompared)
        json["against_first"] = {{"gained", r.gained},
                                 {"lost", r.lost},
                                 {"p", r.p},
                                 {"p_holm", r.holm},
                                 {"detectable", numberOrNull(r.detectable)}};
    return json;
}

OrderedJson verdictsJson(const EvaluatedItem& item, const ItemAnswer& answer) {
    auto verdicts = OrderedJson::object();
    for (const auto& verdict : verdictsOn(item, answer))
        verdicts[verdict.scorer] = {
            {"letter", verdict.letter ? OrderedJson(*verdict.letter) : OrderedJson()},
            {"right", verdict.right}};
    return verdicts;
}

OrderedJson itemJson(const EvaluatedItem& item) {
    OrderedJson json;
    for (const auto& cell : cellsOf(item)) {
        const auto value = OrderedJson::parse(cell.result);
        if (cell.column == "item")
            json = value;
        else
            json["answers"][cell.column] = value;
    }
    for (const auto& [column, answer] : item.answers)
        if (answer.failure.empty())
            json["answers"][column]["verdicts"] = verdictsJson(item, answer);
    return json;
}

}  // namespace

std::string tableText(const std::vector<EvalRow>& rows) {
    const auto table = printedTable(rows);
    std::vector<std::size_t> widths(table.columns.size());
    for (const auto& line : table.lines)
        for (std::size_t c = 0; c < line.size(); ++c)
            widths[c] = std::max(widths[c], widthOf(line[c]));
    std::string text;
    for (const auto& line : table.lines) {
        std::string printedLine;
        for (std::size_t c = 0; c < line.size(); ++c) {
            const std::string space(widths[c] - widthOf(line[c]), ' ');
            printedLine +=
                (c ? "  " : "") + (table.columns[c].isNumber ? space + line[c] : line[c] + space);
        }
        text += printedLine.substr(0, printedLine.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
}

std::string tableMarkdown(const std::vector<EvalRow>& rows) {
    const auto table = printedTable(rows);
    std::string text;
    for (std::size_t i = 0; i < table.lines.size(); ++i) {
        for (const auto& cell : table.lines[i]) text += "| " + cell + " ";
        text += "|\n";
        if (i > 0) continue;
        for (const auto& column : table.columns) text += column.isNumber ? "|---:" : "|---";
        text += "|\n";
    }
    return text;
}

std::string tableCsv(const std::vector<EvalRow>& rows) {
    Cells titles;
    for (const auto& column : tableColumns()) titles.push_back(column.title);
    auto text = csvLine(titles);
    for (const auto& row : rows) {
        Cells cells;
        for (const auto& column : tableColumns()) cells.push_back(column.text(row));
        text += csvLine(cells);
    }
    return text;
}

std::string evaluationJson(const EvalRun& evaluation) {
    const auto& info = evaluation.run.info;
    OrderedJson all{{"run", evaluation.run.id},
                    {"command", info.command},
                    {"model", info.parent},
                    {"model_hash", info.parentHash},
                    {"data_hash", info.dataHash},
                    {"seed", info.seed},
                    {"code_version", info.codeVersion},
                    {"plan", OrderedJson::parse(planToJson(evaluation.plan))},
                    {"notes", notesOn(evaluation)},
                    {"rows", OrderedJson::array()},
                    {"items", OrderedJson::array()}};
    for (const auto& row : rowsOf(evaluation)) all["rows"].push_back(toJson(row));
    for (const auto& item : evaluation.items) all["items"].push_back(itemJson(item));
    return all.dump(1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string answersCsv(const EvalRun& evaluation) {
    std::string text = csvLine({"benchmark", "id", "category", "column", "gold", "output",
                                "latents", "scorer", "letter", "right", "failure"});
    for (const auto& item : evaluation.items)
        for (const auto& [column, answer] : item.answers) {
            const Cells head{item.set,
                             item.item.id,
                             item.item.category,
                             column,
                             item.item.gold,
                             answer.output,
                             std::to_string(answer.latents())};
            const auto add = [&](Cells tail) {
                auto line = head;
                line.insert(line.end(), tail.begin(), tail.end());
                text += csvLine(line);
            };
            if (!answer.failure.empty()) add({"", "", "", answer.failure});
            if (answer.failure.empty())
                for (const auto& verdict : verdictsOn(item, answer))
                    add({verdict.scorer, verdict.letter.value_or(""), verdict.right ? "1" : "0",
                         ""});
        }
    return text;
}

std::vector<std::string> notesOn(const EvalRun& evaluation) {
    std::vector<std::string> notes;
    std::vector<std::string> unreadable;
    std::map<std::string, std::pair<int, std::string>> failed;
    for (const auto& item : evaluation.items) {
        if (!item.unreadable.empty()) unreadable.push_back(item.unreadable);
        for (const auto& [column, answer] : item.answers)
            if (!answer.failure.empty() && ++failed[column].first == 1)
                failed[column].second = itemName(item) + ": " + answer.failure;
    }
    for (const auto& set : evaluation.plan.sets)
        if (set.leftOut > 0)
            notes.push_back(std::to_string(set.leftOut) + " items of " + set.source +
                            " were left out as it was read");
    if (!unreadable.empty())
        notes.push_back(std::to_string(unreadable.size()) +
                        (unreadable.size() == 1 ? " item was" : " items were") + " skipped: " +
                        unreadable.front() + (unreadable.size() > 1 ? "; and others" : ""));
    for (const auto& [column, why] : failed)
        notes.push_back(column + " gave no answer to " + std::to_string(why.first) +
                        (why.first == 1 ? " item: " : " items, the first: ") + why.second);
    return notes;
}

}  // namespace lvr
