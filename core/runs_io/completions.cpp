#include "core/runs_io/completions.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/writer.h>

#include <map>
#include <set>

#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/runs_io/metrics_text.h"
#include "core/store/run_store.h"
#include "core/values/csv_text.h"

namespace lvr {
namespace {

constexpr std::int64_t kRowsAGroup = 65536;

void must(const arrow::Status& status) {
    if (!status.ok()) throw Error("can't write the completions: " + status.ToString());
}
template <class T>
T must(arrow::Result<T> result) {
    must(result.status());
    return *std::move(result);
}

class CompletionsTable {
public:
    void append(int step, const Rollout& rollout) {
        must(step_.Append(step));
        must(prompt_.Append(rollout.prompt));
        must(completion_.Append(rollout.completion));
        for (const auto& [name, value] : rollout.rewards) must(reward(name).Append(value));
        must(advantage_.Append(rollout.advantage));
        must(total_.Append(rollout.reward));
        must(image_.Append(rollout.image));
        must(group_.Append(rollout.group));
        must(expected_.Append(rollout.expected));
        must(stopped_.Append(rollout.stopped));
        for (auto& [name, column] : rewards_)
            if (column->length() < step_.length()) must(column->AppendNull());
    }

    std::shared_ptr<arrow::Table> finish() {
        add("step", step_);
        add("prompt", prompt_);
        add("completion", completion_);
        for (auto& [name, column] : rewards_) add(name, *column);
        add("advantage", advantage_);
        add("reward", total_);
        add("image", image_);
        add("group", group_);
        add("expected", expected_);
        add("stopped", stopped_);
        return arrow::Table::Make(arrow::schema(fields_), columns_);
    }

private:
    // A function that scores for the first time has nothing for the rows before.
    arrow::DoubleBuilder& reward(const std::string& name) {
        auto& column = rewards_[name];
        if (!column) {
            column = std::make_unique<arrow::DoubleBuilder>();
            must(column->AppendNulls(step_.length() - 1));
        }
        return *column;
    }
    void add(const std::string& name, arrow::ArrayBuilder& builder) {
        fields_.push_back(arrow::field(name, builder.type()));
        columns_.push_back(must(builder.Finish()));
    }

    arrow::Int64Builder step_;
    arrow::Int32Builder group_;
    arrow::LargeStringBuilder prompt_, completion_, image_, expected_, stopped_;
    arrow::DoubleBuilder advantage_, total_;
    std::map<std::string, std::unique_ptr<arrow::DoubleBuilder>> rewards_;
    arrow::FieldVector fields_;
    arrow::ArrayVector columns_;
};

std::shared_ptr<arrow::Buffer> toParquet(const arrow::Table& table) {
    const auto codec = arrow::util::Codec::IsAvailable(arrow::Compression::SNAPPY)
                           ? arrow::Compression::SNAPPY
                           : arrow::Compression::UNCOMPRESSED;
    const auto properties = parquet::WriterProperties::Builder().compression(codec)->build();
    const auto out = must(arrow::io::BufferOutputStream::Create());
    must(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), out, kRowsAGroup,
                                    properties));
    return must(out->Finish());
}

using CompletionJson = nlohmann::ordered_json;

// Each with the same columns: a reward that did not score is null.
std::vector<CompletionJson> rowsWithAllRewards(const std::vector<std::pair<int, Rollout>>& all) {
    std::set<std::string> names;
    for (const auto& [step, rollout] : all)
        for (const auto& [name, value] : rollout.rewards) names.insert(name);
    std::vector<CompletionJson> rows;
    for (const auto& [step, rollout] : all) {
        const auto one = toJson(step, rollout);
        CompletionJson row;
        for (const auto& [key, value] : one.items()) {
            if (key == "index") continue;
            if (key != "rewards") {
                row[key] = value;
                continue;
            }
            for (const auto& name : names) row[name] = value.value(name, CompletionJson());
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string completionText(const CompletionJson& json, int indent = -1) {
    return json.dump(indent, ' ', false, CompletionJson::error_handler_t::replace);
}

std::string toJsonLines(const std::vector<CompletionJson>& rows) {
    std::string text;
    for (const auto& row : rows) text += completionText(row) + "\n";
    return text;
}

std::string toCsvTable(const std::vector<CompletionJson>& rows) {
    std::string text;
    const auto addLine = [&](const auto& cellOf) {
        std::vector<std::string> cells;
        for (const auto& item : rows.front().items()) cells.push_back(cellOf(item.key()));
        text += csvLine(cells);
    };
    addLine([](const std::string& key) { return key; });
    for (const auto& row : rows)
        addLine([&](const std::string& key) {
            const auto& value = row.at(key);
            return value.is_null()     ? std::string()
                   : value.is_string() ? value.template get<std::string>()
                                       : completionText(value);
        });
    return text;
}

std::vector<std::pair<int, Rollout>> rolloutsOf(const RunStore& store, std::int64_t run) {
    std::vector<std::pair<int, Rollout>> all;
    for (const int step : store.rolloutSteps(run))
        for (auto& rollout : store.rollouts(run, step)) all.emplace_back(step, std::move(rollout));
    if (all.empty())
        throw Error("run " + std::to_string(run) +
                    " has no rollouts to export; lvr grpo writes them, --format csv has its "
                    "metrics");
    return all;
}

void writeParquet(const std::vector<std::pair<int, Rollout>>& all,
                  const std::filesystem::path& file) {
    CompletionsTable table;
    for (const auto& [step, rollout] : all) table.append(step, rollout);
    const auto bytes = toParquet(*table.finish());
    writeFileAtomically(
        file, {std::as_bytes(std::span(bytes->data(), static_cast<std::size_t>(bytes->size())))});
}

}  // namespace

CompletionJson toJson(int step, const Rollout& rollout) {
    CompletionJson rewards = CompletionJson::object();
    for (const auto& [name, value] : rollout.rewards) rewards[name] = jsonNumber(value);
    return {{"step", step},
            {"prompt", rollout.prompt},
            {"completion", rollout.completion},
            {"rewards", rewards},
            {"advantage", jsonNumber(rollout.advantage)},
            {"reward", jsonNumber(rollout.reward)},
            {"image", rollout.image},
            {"group", rollout.group},
            {"index", rollout.index},
            {"expected", rollout.expected},
            {"stopped", rollout.stopped}};
}

CompletionJson toJson(int step, const SampleRow& sample) {
    return {{"step", step},
            {"record", sample.record},
            {"question", sample.question},
            {"expected", sample.expected},
            {"answer", sample.answer},
            {"completion", sample.completion},
            {"right", sample.right ? CompletionJson(*sample.right) : CompletionJson()},
            {"loss", sample.loss ? jsonNumber(*sample.loss) : CompletionJson()},
            {"image", sample.image},
            {"stopped", sample.stopped}};
}

void writeCompletions(const RunStore& store, std::int64_t run, const std::filesystem::path& file) {
    const auto ending = file.extension().string();
    if (ending != ".parquet" && ending != ".jsonl" && ending != ".json" && ending != ".csv")
        throw Error("completions are written as .parquet, .jsonl, .json or .csv; " + file.string() +
                    " ends with none of them");
    const auto all = rolloutsOf(store, run);
    if (ending == ".parquet") return writeParquet(all, file);
    const auto rows = rowsWithAllRewards(all);
    writeFileAtomically(file, ending == ".csv"     ? toCsvTable(rows)
                              : ending == ".jsonl" ? toJsonLines(rows)
                                                   : completionText(rows, 2) + "\n");
}

}  // namespace lvr
