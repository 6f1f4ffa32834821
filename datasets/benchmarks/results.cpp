#include "datasets/benchmarks/results.h"

#include <algorithm>
#include <fstream>
#include <functional>

#include "core/error.h"
#include "core/eval/answer.h"
#include "core/files/json_file.h"
#include "datasets/benchmarks/benchmark_source.h"
#include "datasets/benchmarks/item_row.h"
#include "datasets/benchmarks/result_join.h"
#include "datasets/benchmarks/tables.h"
#include "datasets/benchmarks/xlsx.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

// A row on its way to be a result.
struct ResultRow {
    ImportedResult result;
    ResultKey key;
};

// "(b)" and "B" are "B"; what is no letter stays.
std::string goldLetter(const std::string& text) {
    try {
        return letterOf(text, 26);
    } catch (const RecordProblem&) {
        return text;
    }
}

std::string textOrFirst(const Json& value, const char* field) {
    const Json* at = &value;
    while (at->is_array() && !at->empty()) at = &at->front();
    if (at->is_null()) return "";
    return JsonEntry::text(*at, field);
}

// ---- The rows of each kind of file ----

// `resps` is there only where filters changed it; it is what the model said.
ResultRow lmmsResult(const JsonEntry& entry, const fs::path& file) {
    ResultRow row;
    const auto name = file.stem().string();
    const auto task = name.find("_samples_");
    row.key.part = task == name.npos ? "" : name.substr(task + 9);
    row.key.row = std::stoi(entry.textOrNumber("doc_id"));
    row.key.gold = goldLetter(textOrFirst(entry.at("target"), "target"));
    row.key.prompt = entry.has("input") ? textOrFirst(entry.at("input"), "input") : "";
    const char* said = entry.has("resps") ? "resps" : "filtered_resps";
    row.result.raw.output = textOrFirst(entry.at(said), said);
    row.result.id = entry.textOrNumber("doc_id");
    row.result.raw.question = row.key.prompt;
    row.result.raw.options = optionsIn(row.key.prompt);
    row.result.raw.gold = row.key.gold;
    return row;
}

// As VLMEvalKit reads its own files back: an empty cell is the text "nan".
ResultRow vlmEvalKitResult(const JsonEntry& entry, const fs::path& file) {
    ResultRow row;
    auto& result = row.result;
    result.id = entry.textOrNumber("index");
    result.category = entry.has("category") ? entry.text("category") : "";
    result.raw.question = entry.textOrNumber("question");
    result.raw.gold = goldLetter(entry.textOrNumber("answer"));
    if (entry.has("A")) result.raw.options = optionColumns(entry);
    result.raw.output = entry.has("prediction") ? entry.textOrNumber("prediction") : "nan";
    row.key = {.id = result.id,
               .row = std::nullopt,
               .part = file.stem().string(),
               .gold = result.raw.gold,
               .question = result.raw.question,
               .options = result.raw.options,
               .prompt = ""};
    return row;
}

ResultRow lvrResult(const JsonEntry& entry, const fs::path& file) {
    ResultRow row;
    row.result.id = entry.textOrNumber("id");
    row.result.category = entry.has("category") ? entry.text("category") : "";
    row.result.raw.gold = goldLetter(entry.textOrNumber("label"));
    row.result.raw.output = textOrFirst(entry.at("prediction"), "prediction");
    row.key.id = row.result.id;
    row.key.gold = row.result.raw.gold;
    row.key.part = file.stem().string();
    return row;
}

ResultRow blinkResult(const JsonEntry& entry, const fs::path& file) {
    ResultRow row;
    row.result.id = entry.text("idx");
    row.result.category = file.stem().string();
    std::ranges::replace(row.result.category, ' ', '_');
    if (entry.text("answer") == "hidden") throw RecordProblem("its right answer is hidden");
    row.result.raw.gold = goldLetter(entry.text("answer"));
    row.result.raw.output = entry.text("full_prediction");
    row.key.id = row.result.id;
    row.key.gold = row.result.raw.gold;
    return row;
}

ResultRow ownResult(const JsonEntry& entry, const fs::path&) {
    ResultRow row;
    auto& result = row.result;
    result.id = entry.textOrNumber("id");
    result.category = entry.has("category") ? entry.text("category") : "";
    result.raw = {.benchmark = entry.has("benchmark") ? entry.text("benchmark") : "",
                  .question = entry.text("question"),
                  .options = {},
                  .gold = entry.textOrNumber("gold"),
                  .output = entry.text("output")};
    if (entry.has("options"))
        for (const auto& option : entry.list("options"))
            result.raw.options.push_back(JsonEntry::text(option, "options"));
    if (entry.has("dialect")) result.dialect = entry.text("dialect");
    row.key.id = result.id;
    row.key.gold = result.raw.gold;
    row.key.question = result.raw.question;
    row.key.options = result.raw.options;
    return row;
}

struct ResultFormat {
    const char* name;
    std::vector<std::string> fields;  // that its rows have
    ResultRow (*read)(const JsonEntry&, const fs::path&);
};

const std::vector<ResultFormat>& resultFormats() {
    static const std::vector<ResultFormat> formats = {
        {"lmms-eval samples", {"doc_id", "target", "filtered_resps"}, lmmsResult},
        {"lmms-eval samples", {"doc_id", "target", "resps"}, lmmsResult},
        {"lvr outputs", {"question", "gold", "output"}, ownResult},
        {"BLINK predictions", {"idx", "answer", "full_prediction"}, blinkResult},
        {"LVR evaluation", {"id", "prediction", "label"}, lvrResult},
        {"VLMEvalKit table", {"index", "question", "answer"}, vlmEvalKitResult}};
    return formats;
}

const ResultFormat* formatOf(const Json& row) {
    if (!row.is_object()) return nullptr;
    for (const auto& format : resultFormats())
        if (std::ranges::all_of(format.fields, [&](auto& field) { return row.contains(field); }))
            return &format;
    return nullptr;
}

// BLINK's dump is an object of splits; pandas writes columns as objects of their rows.
Json rowsOfObject(const fs::path& file) {
    std::ifstream in(file);
    const auto object = Json::parse(in, nullptr, /*allow_exceptions=*/false);
    auto rows = Json::array();
    if (!object.is_object()) return rows;
    for (const char* split : {"val", "test"})
        if (object.contains(split) && object[split].is_array())
            for (const auto& row : object[split]) rows.push_back(row);
    if (!rows.empty() || !object.contains("prediction") || !object["prediction"].is_object())
        return rows;
    for (const auto& [index, ignored] : object["prediction"].items()) {
        Json row;
        for (const auto& [column, values] : object.items())
            if (values.is_object() && values.contains(index)) row[column] = values[index];
        rows.push_back(row);
    }
    return rows;
}

bool beginsWithBrace(const fs::path& file) {
    std::ifstream in(file);
    skipByteOrderMark(in);
    in >> std::ws;
    return in.peek() == '{';
}

void forEachResultRow(const fs::path& file, const OnEntry& visit) {
    const auto ending = file.extension();
    if (ending == ".xlsx") return forEachSheetRow(file, visit);
    if (ending == ".tsv" || ending == ".csv") return forEachTableRow(file, visit);
    if (ending == ".json" && beginsWithBrace(file)) {
        const auto rows = rowsOfObject(file);
        for (std::size_t i = 0; i < rows.size(); ++i) visit({int(i + 1), rows[i], ""});
        if (!rows.empty()) return;
    }
    forEachEntry(file, visit);
}

// The names by which VLMEvalKit and lmms-eval call what we call by another.
std::string benchmarkIn(const std::string& name) {
    std::string plain;
    for (const unsigned char c : name)
        if (std::isalnum(c)) plain += static_cast<char>(std::tolower(c));
    for (const auto& [part, benchmark] : {std::pair("vstar", "vstar"),
                                          {"mmvp", "mmvp"},
                                          {"blink", "blink"},
                                          {"cvbench", "cv_bench"},
                                          {"hrbench", "hr_bench"},
                                          {"mmerealworld", "mme_realworld_lite"}})
        if (plain.find(part) != plain.npos) return benchmark;
    return "";
}

// lmms-eval: the folder, "/" written as "__". VLMEvalKit: the name before the data set's.
std::string modelOf(const fs::path& file, const std::string& format) {
    auto name = file.parent_path().filename().string();
    if (format == "VLMEvalKit table") {
        name = file.stem().string();
        return name.substr(0, name.rfind('_'));
    }
    if (format == "lmms-eval samples")
        if (const auto slash = name.find("__"); slash != name.npos) name.replace(slash, 2, "/");
    return format == "lvr outputs" ? "" : name;
}

class ResultReader {
public:
    ResultReader(const fs::path& file, const BenchmarkSet* set) : file_(file), set_(set) {
        if (set) finder_.emplace(*set);
    }

    ImportedResults read() {
        forEachResultRow(file_, [this](const FileEntry& entry) { readRow(entry); });
        addNotes();
        return std::move(results_);
    }

private:
    void readRow(const FileEntry& entry) {
        try {
            if (!entry.problem.empty()) throw RecordProblem(entry.problem);
            if (!format_) begin(entry.value);
            auto row = format_->read(JsonEntry(entry.value), file_);
            if (results_.format == "VLMEvalKit table" && row.result.raw.output == "nan") ++empty_;
            if (set_) join(row);
            if (row.result.raw.benchmark.empty()) row.result.raw.benchmark = results_.benchmark;
            results_.results.push_back(std::move(row.result));
        } catch (const RecordProblem& problem) {
            results_.leftOut.push_back(file_.string() + ", record " + std::to_string(entry.number) +
                                       ": " + problem.what());
        } catch (const std::logic_error&) {  // of std::stoi
            results_.leftOut.push_back(file_.string() + ", record " + std::to_string(entry.number) +
                                       ": field \"doc_id\" must be a number");
        }
    }

    void begin(const Json& first) {
        format_ = formatOf(first);
        if (!format_)
            throw Error(file_.string() +
                        " is no result file of lmms-eval, VLMEvalKit, LVR's evaluation, BLINK or "
                        "lvr; its rows have none of their fields");
        results_.format = format_->name;
        results_.model = modelOf(file_, results_.format);
        const auto said = first.value("benchmark", "");
        auto named = said.empty() ? benchmarkIn(file_.filename().string()) : said;
        if (results_.format == "BLINK predictions") named = "blink";
        if (set_ && !named.empty() && named != set_->benchmark && findBenchmark(named))
            throw Error(file_.string() + " holds results of " + findBenchmark(named)->title +
                        ", not of " + set_->title);
        results_.benchmark = set_ ? set_->benchmark : named;
    }

    void join(ResultRow& row) {
        const auto* item = finder_->find(row.key);
        if (!item && !(row.key.question.empty() && row.key.prompt.empty())) {
            auto key = row.key;  // the labels of editions differ
            key.gold.clear();
            item = finder_->find(key);
            if (item) ++otherGold_;
        }
        if (!item) throw RecordProblem(whyNotJoined(row));
        auto& result = row.result;
        result.id = item->id;
        result.category = item->category;
        result.raw = {.benchmark = item->benchmark,
                      .question = item->question,
                      .options = item->options,
                      .gold = item->gold,
                      .output = result.raw.output};
    }

    std::string whyNotJoined(const ResultRow& row) const {
        const auto what = row.key.row ? "row " + std::to_string(*row.key.row) : "id " + row.key.id;
        return what + " with the right answer \"" + row.key.gold + "\" is no item of " +
               set_->title + " at " + set_->source;
    }

    void addNotes() {
        const auto say = [&](int count, const std::string& what) {
            if (count > 0) results_.notes.push_back(std::to_string(count) + what);
        };
        say(empty_, " empty predictions are \"nan\", as VLMEvalKit reads them back");
        say(otherGold_, " right answers differ from the benchmark's, which are used");
        if (results_.results.empty() && !results_.leftOut.empty())
            throw Error(results_.leftOut.front() + "; no record of the file can be used");
    }

    const fs::path& file_;
    const BenchmarkSet* set_;
    std::optional<ItemFinder> finder_;
    const ResultFormat* format_ = nullptr;
    ImportedResults results_;
    int empty_ = 0, otherGold_ = 0;
};

}  // namespace

ImportedResults readResults(const fs::path& file, const BenchmarkSet* benchmark) {
    return ResultReader(file, benchmark).read();
}

}  // namespace lvr
