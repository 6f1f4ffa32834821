#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/eval_output.h"
#include "app/cli/passes.h"
#include "app/cli/place_flags.h"
#include "app/training/run_log.h"
#include "core/error.h"
#include "core/eval/evaluation_json.h"
#include "core/eval/imported_answer.h"
#include "core/files/fingerprint.h"
#include "core/scorers/scorers.h"
#include "core/store/run_store.h"
#include "datasets/benchmarks/benchmark_reader.h"
#include "datasets/benchmarks/results.h"

namespace lvr {
namespace {

struct EvalImportArguments {
    std::filesystem::path file, store;
    std::string data, scorer, dialect;
    EvalOutput output;
};

const EvalColumn kImportedColumn{EvalMode::Imported};

void sayNotUsed(const std::vector<std::string>& sentences, const std::string& file) {
    constexpr std::size_t kMost = 5;
    if (sentences.empty()) return;
    std::cerr << "lvr: " << sentences.size() << (sentences.size() == 1 ? " row" : " rows") << " of "
              << file << " can't be used:\n";
    for (std::size_t i = 0; i < std::min(kMost, sentences.size()); ++i)
        std::cerr << "  " << sentences[i] << "\n";
}

// The file's own name where nothing says which benchmark was answered.
std::string setName(const ImportedResults& found, const std::filesystem::path& file) {
    return found.benchmark.empty() ? file.stem().string() : found.benchmark;
}

// With all that the benchmark says of the question, where it was given.
std::vector<EvaluatedItem> itemsOf(const ImportedResults& found, const EvalImportArguments& a,
                                   const BenchmarkSet* benchmark) {
    std::map<std::string, const BenchmarkItem*> known;
    if (benchmark)
        for (const auto& item : benchmark->items) known[item.id] = &item;
    std::vector<EvaluatedItem> items;
    std::set<std::pair<std::string, std::string>> ids;  // of a benchmark
    for (const auto& result : found.results) {
        const auto place = known.find(result.id);
        const auto& own = result.raw.benchmark;
        const auto name = own.empty() ? setName(found, a.file) : own;
        auto dialect = a.dialect.empty() ? result.dialect : a.dialect;
        if (dialect.empty()) dialect = dialectSpelledIn(result.raw.output);
        auto id = result.id;
        if (id.empty() || !ids.emplace(name, id).second) {  // none is lost to one of the same id
            id += (id.empty() ? "row " : ", row ") + std::to_string(items.size() + 1);
            ids.emplace(name, id);
        }
        const BenchmarkItem said{.benchmark = name,
                                 .id = id,
                                 .category = result.category,
                                 .question = result.raw.question,
                                 .options = result.raw.options,
                                 .gold = result.raw.gold};
        items.push_back(
            {.item = place == known.end() ? said : *place->second,
             .set = name,
             .dialect = dialect,
             .answers = {{toText(kImportedColumn), importedAnswer(result.raw.output, dialect)}}});
    }
    return items;
}

EvalSet setOf(const EvalImportArguments& a, const EvaluatedItem& first,
              const BenchmarkSet* benchmark) {
    const auto* known = findBenchmark(first.set);
    const bool hasOptions = !first.item.options.empty();
    return {.name = first.set,
            .source = benchmark ? a.data : a.file.string(),
            .benchmark = first.set,
            .title = known ? known->title : first.set,
            .edition = benchmark ? benchmark->edition : "",
            .hash = benchmark ? benchmark->hash : fingerprint({a.file}),
            .scorer = a.scorer.empty() ? defaultScorer(first.set, PromptStyle::Lvr, hasOptions)
                                       : a.scorer};
}

// Some rows may be odd; a file of which more than one in twenty fits no item answers another one.
void checkThatItFits(const ImportedResults& found, const EvalImportArguments& a) {
    constexpr std::size_t kFew = 20;
    const auto bad = found.leftOut.size(), all = bad + found.results.size();
    if (a.data.empty() || bad * kFew <= all) return;
    throw Error(std::to_string(bad) + " of " + std::to_string(all) + " rows of " + a.file.string() +
                " don't belong to " + a.data + ": " + found.leftOut.front() +
                "; name the benchmark that was answered");
}

EvalPlan planOf(const EvalImportArguments& a, const ImportedResults& found,
                const std::vector<EvaluatedItem>& items, const BenchmarkSet* benchmark) {
    std::vector<EvalSet> sets;
    for (const auto& item : items) {
        const auto same = [&](const EvalSet& set) { return set.name == item.set; };
        auto set = std::find_if(sets.begin(), sets.end(), same);
        if (set == sets.end()) {
            sets.push_back(setOf(a, item, benchmark));
            set = std::prev(sets.end());
        }
        ++set->items;
    }
    sets.front().leftOut = static_cast<int>(found.leftOut.size());
    return {.sets = std::move(sets),
            .columns = {kImportedColumn},
            .prompt = "unknown",
            .decodingText = "unknown (" + found.format + ")",
            .computation = "another program"};
}

void importResults(const EvalImportArguments& a) {
    checkOutput(a.output);
    if (!std::filesystem::exists(a.file)) throw Error("there is no file " + a.file.string());
    std::optional<BenchmarkSet> benchmark;
    if (!a.data.empty())
        benchmark = readBenchmark(parseBenchmarkSource(a.data), {.stop = interruption()});
    const auto* set = benchmark ? &*benchmark : nullptr;
    const auto found = readResults(a.file, set);
    checkThatItFits(found, a);
    sayNotUsed(found.leftOut, a.file.string());
    const auto items = itemsOf(found, a, set);
    const auto plan = planOf(a, found, items, set);
    RunStore store(storeFile(a.store));
    const auto run = store.start({.kind = kEvaluationKind,
                                  .command = commandLine(),
                                  .options = planToJson(plan),
                                  .parent = found.model.empty() ? "unknown" : found.model,
                                  .data = a.file.string(),
                                  .dataHash = plan.sets.front().hash,
                                  .codeVersion = LVR_VERSION,
                                  .steps = static_cast<int>(items.size())});
    std::vector<ItemResult> cells;
    for (const auto& item : items)
        for (auto& cell : cellsOf(item)) cells.push_back(std::move(cell));
    store.putResults(run, cells, static_cast<int>(items.size()));
    store.end(run, RunStatus::Finished, "taken from " + a.file.string());
    writeEvaluation(store, run, a.output);
}

}  // namespace

void addEvalImportCommand(CLI::App& eval) {
    auto a = std::make_shared<EvalImportArguments>();
    auto* command = eval.add_subcommand(
        "import", "Take in what another program answered, and judge it by every scorer");
    command
        ->add_option("file", a->file,
                     "lmms-eval's samples .jsonl, VLMEvalKit's .xlsx, .tsv or .json, the official "
                     "evaluation's steps008.json, BLINK's predictions, or lines as --raw writes")
        ->required();
    command->add_option("--data", a->data,
                        "The benchmark that was answered, vstar:DIR and so on: files that hold no "
                        "questions need it, and pairs, parts and pictures are known by it");
    command->add_option("--scorer", a->scorer, "Whose verdict the table counts (default: LVR's)")
        ->check(CLI::IsMember(scorerNames()));
    addDialectName(*command, a->dialect,
                   "How the model that answered thinks and marks its answers (default: as the "
                   "tokens in an output say, else as LVR's)");
    addStoreOption(*command, a->store);
    command->add_flag("--json", a->output.json, "Print one JSON object");
    command->add_option("--to", a->output.to, "Write the JSON object to this .json file too")
        ->check(endsIn(".json"));
    command->footer(
        "Example: lvr eval import 20260101_samples_vstar_bench.jsonl --data vstar:vstar_bench");
    command->callback([a] { importResults(*a); });
}

}  // namespace lvr
