#include "core/runs_io/completions.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/writer.h>

#include <map>

#include "core/checkpoint/atomic_file.h"
#include "core/error.h"
#include "core/store/run_store.h"

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

}  // namespace

void writeCompletions(const RunStore& store, std::int64_t run, const std::filesystem::path& file) {
    const auto steps = store.rolloutSteps(run);
    if (steps.empty())
        throw Error("run " + std::to_string(run) +
                    " has no rollouts to export; lvr grpo writes them, --format csv has its "
                    "metrics");
    CompletionsTable table;
    for (const int step : steps)
        for (const auto& rollout : store.rollouts(run, step)) table.append(step, rollout);
    const auto bytes = toParquet(*table.finish());
    writeFileAtomically(
        file, {std::as_bytes(std::span(bytes->data(), static_cast<std::size_t>(bytes->size())))});
}

}  // namespace lvr
