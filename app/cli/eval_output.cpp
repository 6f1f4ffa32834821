#include "app/cli/eval_output.h"

#include <unistd.h>

#include <iostream>

#include "core/error.h"
#include "core/eval/evaluation_json.h"
#include "core/eval/evaluation_table.h"
#include "core/files/atomic_file.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

void checkWritable(const fs::path& file) {
    if (file.empty()) return;
    const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    if (!fs::is_directory(folder))
        throw Error("there is no folder " + folder.string() + " to write " +
                    file.filename().string() + " to");
    if (fs::is_directory(file))
        throw Error(file.string() + " is a folder; name a file to write to");
    if (access(folder.c_str(), W_OK) != 0)
        throw Error("the folder " + folder.string() + " can't be written, so that " +
                    file.filename().string() + " can't be kept there; name another");
}

std::string rawLines(const EvalRun& evaluation) {
    std::string lines;
    for (const auto& item : evaluation.items)
        for (const auto& [column, answer] : item.answers)
            if (answer.failure.empty()) lines += rawLine(item, column) + "\n";
    return lines;
}

std::string headText(const EvalRun& evaluation) {
    const auto& [run, plan, items] = evaluation;
    std::string text = "run " + std::to_string(run.id) + ", " + toText(run.status) + ": " +
                       std::to_string(items.size()) + " of " + std::to_string(run.info.steps) +
                       " items, model " + run.info.parent + "\n";
    for (const auto& set : plan.sets)
        text += set.name + ": " + set.title + (set.edition.empty() ? "" : ", " + set.edition) +
                ", " + std::to_string(set.items) + " items of " + set.source + "\n";
    return text + "decoded with " + plan.decodingText + "; computed in " + plan.computation + "\n";
}

std::string printedText(const EvalRun& evaluation) {
    auto text = headText(evaluation) + "\n" + tableText(rowsOf(evaluation));
    for (const auto& note : notesOn(evaluation)) text += note + "\n";
    return text;
}

}  // namespace

void checkOutput(const EvalOutput& output) {
    checkWritable(output.to);
    checkWritable(output.raw);
}

void writeEvaluation(const RunStore& store, std::int64_t run, const EvalOutput& output) {
    const auto evaluation = readEvaluation(store, run);
    if (!output.raw.empty()) writeFileAtomically(output.raw, rawLines(evaluation));
    if (!output.to.empty()) writeFileAtomically(output.to, evaluationJson(evaluation));
    std::cout << (output.json ? evaluationJson(evaluation) : printedText(evaluation));
}

void showEvaluation(const RunStore& store, const Run& run, bool json) {
    writeEvaluation(store, run.id, {.json = json});
}

std::string evaluationText(const RunStore& store, const Run& run, const std::string& format) {
    const auto evaluation = readEvaluation(store, run.id);
    if (format == "json") return evaluationJson(evaluation);
    if (format == "markdown") return tableMarkdown(rowsOf(evaluation));
    return format == "answers" ? answersCsv(evaluation) : tableCsv(rowsOf(evaluation));
}

}  // namespace lvr
