#include <ATen/Parallel.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <set>

#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/eval_output.h"
#include "app/cli/eval_request.h"
#include "app/cli/passes.h"
#include "app/cli/place_flags.h"
#include "app/training/run_log.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/eval/evaluate_items.h"
#include "core/eval/evaluation_json.h"
#include "core/eval/plan_difference.h"
#include "core/files/fingerprint.h"
#include "core/model/lvr_checkpoint.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

struct EvalDataArguments {
    EvalSaid said;
    std::string dtype = "auto", device = "auto", dialect, resume;
    std::filesystem::path store;
    EvalOutput output;
    int threads = 0;
};

// "3 min 20 s"
std::string spanText(double seconds) {
    const auto whole = static_cast<long>(seconds + 0.5);
    if (whole < 60) return std::to_string(whole) + " s";
    if (whole < 3600)
        return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
    return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
}

// How far it is, on stderr: one line that is written over on a terminal, else a line a tenth.
class EvalProgressLine {
public:
    EvalProgressLine(int done, int total) : before_(done), done_(done), total_(total) {}

    void step(const std::string& set) {
        using namespace std::chrono;
        ++done_;
        const double spent = duration<double>(steady_clock::now() - began_).count();
        const double each = spent / (done_ - before_);
        const bool isLast = done_ == total_;
        const auto text = set + ": " + std::to_string(done_) + " of " + std::to_string(total_) +
                          " items" +
                          (isLast ? "" : ", " + spanText(each * (total_ - done_)) + " left");
        if (isatty(STDERR_FILENO))
            std::cerr << "\r\033[K" << text << (isLast ? "\n" : "") << std::flush;
        else if (isLast || done_ * 10 / total_ != (done_ - 1) * 10 / total_)
            std::cerr << "lvr: " << text << "\n";
    }
    int done() const { return done_; }

private:
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    int before_, done_, total_;
};

// The run that --resume names, with what was said when it began; none without.
std::optional<EvalRun> resumedRun(const RunStore& store, const EvalDataArguments& a) {
    if (a.resume.empty()) return std::nullopt;
    auto before = readEvaluation(store, findRun(store, a.resume).id);
    if (isAlive(before.run.status))
        throw Error("run " + a.resume + " is still running as process " +
                    std::to_string(before.run.pid) + " on " + before.run.host + "; stop it first");
    return before;
}

// What is not said now is as it was said then. Another way to say which data is in place of all.
EvalSaid saidInAll(EvalSaid said, const std::optional<EvalRun>& before) {
    if (!before) return said;
    const bool namesData = said.contains("data") || said.contains("suite");
    for (const auto& [flag, text] : before->plan.given)
        if (!namesData || (flag != "data" && flag != "suite" && flag != "root"))
            said.emplace(flag, text);
    return said;
}

void checkSame(const EvalRun& before, const std::string& model, const std::string& modelHash,
               const EvalPlan& plan) {
    const auto name = "run " + std::to_string(before.run.id);
    const auto end = "; leave out --resume to begin another run";
    if (modelHash != before.run.info.parentHash)
        throw Error(name + " was begun with the model " + before.run.info.parent + ", and " +
                    (model == before.run.info.parent ? "its files have changed since"
                                                     : model + " is another") +
                    end);
    if (const auto difference = differenceBetween(before.plan, plan))
        throw Error(name + " can't go on: " + *difference + end);
}

std::string dataText(const EvalPlan& plan) {
    std::string text;
    for (const auto& set : plan.sets) text += (text.empty() ? "" : ", ") + set.source;
    return text;
}

std::string dataHash(const EvalPlan& plan) {
    if (plan.sets.size() == 1) return plan.sets.front().hash;
    Fingerprint all;
    for (const auto& set : plan.sets) all.add(set.hash.data(), set.hash.size());
    return "xxh3-128:" + all.hex();
}

RunInfo infoOf(const EvalPlan& plan, const std::string& model, const std::string& modelHash,
               std::size_t items) {
    return {.kind = kEvaluationKind,
            .command = commandLine(),
            .options = planToJson(plan),
            .parent = model,
            .parentHash = modelHash,
            .data = dataText(plan),
            .dataHash = dataHash(plan),
            .seed = plan.decoding.sampling.seed,
            .codeVersion = LVR_VERSION,
            .steps = static_cast<int>(items)};
}

// Those that have no answers yet; one that could not be read is tried again.
std::vector<EvaluatedItem> openItems(std::vector<EvaluatedItem> items,
                                     const std::optional<EvalRun>& before) {
    std::set<std::string> answered;
    if (before)
        for (const auto& item : before->items)
            if (item.unreadable.empty()) answered.insert(itemName(item));
    std::erase_if(items,
                  [&](const EvaluatedItem& item) { return answered.contains(itemName(item)); });
    return items;
}

void askAll(RunStore& store, std::int64_t run, const LvrCheckpoint& checkpoint,
            const EvalPlan& plan, const std::vector<EvaluatedItem>& items, int total) {
    EvalProgressLine progress(total - static_cast<int>(items.size()), total);
    const auto keep = [&](const EvaluatedItem& item) {
        progress.step(item.set);
        store.putResults(run, cellsOf(item), progress.done());
        if (!item.unreadable.empty())
            std::cerr << "lvr: " << itemName(item) << " skipped: " << item.unreadable << "\n";
    };
    try {
        evaluateItems(checkpoint, plan, items, {.onItem = keep, .ask = {.stop = interruption()}});
        store.end(run, RunStatus::Finished, "");
    } catch (const Cancelled&) {
        store.end(run, RunStatus::Stopped, "interrupted");
        std::cerr << "lvr: stopped after " << progress.done() << " of " << total
                  << " items; lvr eval data --resume " << run << " goes on\n";
        throw;
    } catch (const std::exception& error) {
        store.end(run, RunStatus::Failed, error.what());
        throw;
    }
}

void evalData(EvalDataArguments& a) {
    std::optional<NothingToKeep> stopsAtOnce(std::in_place);
    checkOutput(a.output);
    if (a.dtype != "auto") a.said["dtype"] = a.dtype;
    if (a.device != "auto") a.said["device"] = a.device;
    if (!a.dialect.empty()) a.said["dialect"] = a.dialect;
    RunStore store(storeFile(a.store));
    const auto before = resumedRun(store, a);
    const auto said = saidInAll(a.said, before);
    const auto textOf = [&](const char* flag, const char* otherwise) {
        return said.contains(flag) ? said.at(flag) : std::string(otherwise);
    };
    const auto questions = readQuestions(said);
    const ModelArguments named{.model = textOf("model", ""),
                               .dtype = textOf("dtype", "auto"),
                               .device = textOf("device", "auto"),
                               .dialect = textOf("dialect", "")};
    const auto model = modelNamed(named);
    const auto modelHash = checkpointFingerprint(findCheckpoint(model));
    const auto placement = placementOf(named);
    const auto checkpoint = openCheckpoint(named, placement);
    if (a.threads > 0) at::set_num_threads(a.threads);
    const auto plan = makePlan(said, questions, checkpoint, placement);
    if (before) checkSame(*before, model, modelHash, plan);
    for (const auto& note : questions.notes) std::cerr << "lvr: " << note << "\n";
    const int total = static_cast<int>(questions.items.size());
    auto items = openItems(questions.items, before);
    if (const auto& dialect = checkpoint.rules.dialect; !isLvr(dialect))
        for (auto& item : items) item.dialect = dialect.name;
    const auto run = before ? before->run.id
                            : store.start(infoOf(plan, model, modelHash, questions.items.size()));
    if (before) store.resume(run, total - static_cast<int>(items.size()));
    stopsAtOnce.reset();
    askAll(store, run, checkpoint, plan, items, total);
    writeEvaluation(store, run, a.output);
}

}  // namespace

void addEvalDataCommand(CLI::App& eval) {
    auto a = std::make_shared<EvalDataArguments>();
    auto* command =
        eval.add_subcommand("data", "On benchmarks, or data of your own, as the papers' tables");
    addEvalOptions(*command, a->said);
    addPlacementOptions(*command, a->dtype, a->device);
    addDialect(*command, a->dialect);
    addStoreOption(*command, a->store);
    command->add_option(
        "--resume", a->resume,
        "Go on with this run of the store; what is not said is as it was said then");
    command->add_option("--threads", a->threads, "CPU threads")->check(wholeFrom(1));
    command->add_flag("--json", a->output.json, "Print one JSON object");
    command->add_option("--to", a->output.to, "Write the JSON object to this .json file too")
        ->check(endsIn(".json"));
    command
        ->add_option("--raw", a->output.raw,
                     "Write the raw outputs to this .jsonl file, for lvr eval rescore")
        ->check(endsIn(".jsonl"));
    command->footer(
        "Each item is in the run store as soon as it is answered: lvr runs show N prints its "
        "table.\nN is the number of items that were thought about; triggered is its share, closed "
        "the share of\nthose whose thoughts all ended in their end token; disputed counts items on "
        "which scorers that read an\nanswer differ. Heat is mass/chance rank/chance of the "
        "regions that a source names.\nExamples:\n  lvr eval data --data vstar:vstar_bench --exit "
        "fixed:4,fixed:8,fixed:16 --mode lvr,base\n  lvr eval data --suite paper --root "
        "benchmarks --model M --to table.json\n  lvr eval data --resume 12");
    command->callback([a] { evalData(*a); });
}

}  // namespace lvr
