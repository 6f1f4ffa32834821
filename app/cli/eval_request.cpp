#include "app/cli/eval_request.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>
#include <sstream>

#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/eval_suite.h"
#include "app/cli/passes.h"
#include "core/error.h"
#include "core/model/placement.h"
#include "core/scorers/scorers.h"
#include "core/vision/picture_plan.h"
#include "datasets/benchmarks/benchmark_reader.h"
#include "datasets/benchmarks/prompt_text.h"

namespace lvr {
namespace {

constexpr std::size_t kShown = 5;  // sentences about what was left out

std::vector<std::string> linesOf(const EvalSaid& said, const std::string& flag) {
    std::vector<std::string> lines;
    const auto found = said.find(flag);
    if (found == said.end()) return lines;
    std::istringstream text(found->second);
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

std::string textOf(const EvalSaid& said, const std::string& flag, const std::string& otherwise) {
    const auto found = said.find(flag);
    return found == said.end() ? otherwise : found->second;
}

// Several values, comma by comma or flag by flag.
CLI::Option* addList(CLI::App& command, EvalSaid& said, const std::string& flag,
                     const std::string& help) {
    return command
        .add_option_function<std::vector<std::string>>(
            "--" + flag,
            [&said, flag](const std::vector<std::string>& values) {
                std::string lines;
                for (const auto& value : values) lines += (lines.empty() ? "" : "\n") + value;
                said[flag] = lines;
            },
            help)
        ->type_name("TEXT")
        ->allow_extra_args(false);
}

CLI::Option* addText(CLI::App& command, EvalSaid& said, const std::string& flag,
                     const std::string& help) {
    return command
        .add_option_function<std::string>(
            "--" + flag, [&said, flag](const std::string& text) { said[flag] = text; }, help)
        ->type_name("TEXT");
}

std::vector<std::string> askedData(const EvalSaid& said, std::vector<std::string>& notes) {
    auto data = linesOf(said, "data");
    if (!said.contains("suite")) return data;
    if (!said.contains("root"))
        throw UsageError("--suite paper needs --root, the folder that holds the benchmarks");
    const auto suite = paperSuite(said.at("root"));
    for (const auto& title : suite.absent) notes.push_back(title + " is not in " + said.at("root"));
    data.insert(data.end(), suite.data.begin(), suite.data.end());
    return data;
}

std::string setName(const BenchmarkSource& source, const BenchmarkSet& set) {
    return set.benchmark + (source.variant.empty() ? "" : "_" + source.variant);
}

void noteOn(const std::string& given, const BenchmarkSet& set, PromptStyle style,
            std::vector<std::string>& notes) {
    for (std::size_t i = 0; i < set.leftOut.size() && i < kShown; ++i)
        notes.push_back("left out of " + given + ": " + set.leftOut[i]);
    if (set.leftOut.size() > kShown)
        notes.push_back("left out of " + given + ": " + std::to_string(set.leftOut.size()) +
                        " items in all");
    for (const auto& note : set.notes) notes.push_back(given + ": " + note);
    const bool isAskedAsLvrDoes =
        style != PromptStyle::Lvr && set.benchmark != "data" && !hasPrompt(set.benchmark, style);
    if (isAskedAsLvrDoes)
        notes.push_back(promptStyleName(style) + " has no prompt of its own for " + set.title +
                        "; it is asked as lvr does");
}

std::string scorerFor(const EvalSaid& said, const BenchmarkSet& set, PromptStyle style) {
    const bool hasOptions = !set.items.empty() && !set.items.front().options.empty();
    return textOf(said, "scorer", defaultScorer(set.benchmark, style, hasOptions));
}

EvalSet describe(const std::string& name, const std::string& given, const BenchmarkSet& set) {
    return {.name = name,
            .source = given,
            .benchmark = set.benchmark,
            .title = set.title,
            .edition = set.edition,
            .hash = set.hash,
            .leftOut = static_cast<int>(set.leftOut.size())};
}

void addQuestions(const EvalSaid& said, const std::string& given, EvalQuestions& questions) {
    const auto source = parseBenchmarkSource(given);
    const auto style = parsePromptStyle(textOf(said, "prompt", "lvr"));
    auto read = readBenchmark(source, {.stop = interruption()});
    auto set = describe(setName(source, read), given, read);
    for (const auto& other : questions.sets)
        if (other.name == set.name)
            throw UsageError("--data " + given + " and " + other.source + " are both " + set.title +
                             "; give one of them");
    noteOn(given, read, style, questions.notes);
    set.scorer = scorerFor(said, read, style);
    const auto limit = static_cast<std::size_t>(std::stoi(textOf(said, "limit", "2147483647")));
    for (auto& item : read.items) {
        if (static_cast<std::size_t>(set.items) == limit) break;
        const auto prompt = promptText(item, style);
        questions.items.push_back({.item = std::move(item), .set = set.name, .prompt = prompt});
        ++set.items;
    }
    questions.sets.push_back(std::move(set));
}

bool thinks(EvalMode mode) { return mode == EvalMode::Lvr || mode == EvalMode::Crop; }

std::vector<EvalColumn> columnsOf(const EvalSaid& said, const ExitRule& own) {
    std::vector<ExitRule> exits;
    for (const auto& text : linesOf(said, "exit")) exits.push_back(parseExitRule(text));
    if (exits.empty() && said.contains("suite"))
        exits = {FixedSteps{4}, FixedSteps{8}, FixedSteps{16}};
    if (exits.empty()) exits.push_back(own);
    std::vector<EvalColumn> columns;
    auto modes = linesOf(said, "mode");
    if (modes.empty()) modes.push_back(toText(EvalMode::Lvr));
    for (const auto& text : modes) {
        const auto mode = parseEvalMode(text);
        if (mode == EvalMode::Imported)
            throw UsageError("--mode imported is what lvr eval import makes; nothing to ask");
        if (thinks(mode))
            for (const auto& exit : exits) columns.push_back({mode, exit});
        else
            columns.push_back({mode, NoLatents{}});
    }
    const auto none = [](const EvalColumn& column) { return !thinks(column.mode); };
    if (said.contains("exit") && std::all_of(columns.begin(), columns.end(), none))
        throw UsageError(
            "--exit is of the modes lvr and crop, and none of them is asked; leave it out");
    std::set<std::string> names;
    for (const auto& column : columns)
        if (!names.insert(toText(column)).second)
            throw UsageError("\"" + toText(column) + "\" is asked twice; say it once");
    return columns;
}

DecodeArguments decodeArguments(const EvalSaid& said) {
    DecodeArguments decode;
    for (const auto& field : fieldsOf(DecodeOptions()))
        if (field.name != "exit" && said.contains(field.name))
            decode[field.name] = said.at(field.name);
    return decode;
}

}  // namespace

void addEvalOptions(CLI::App& command, EvalSaid& said) {
    addList(command, said, "data",
            "vstar:DIR, mmvp:DIR, blink:DIR, cv-bench:DIR, hr-bench:DIR, mme-realworld-lite:DIR, "
            "viscot:DIR, data:FILE (your own), or a path alone; give it again for more")
        ->check(passes([](const std::string& text) { parseBenchmarkSource(text); }));
    addText(command, said, "suite",
            "paper: V*, MMVP, BLINK, CV-Bench, HR-Bench and "
            "MME-RealWorld-Lite, as far as they are below --root, with "
            "4, 8 and 16 latents")
        ->check(CLI::IsMember({"paper"}));
    addText(command, said, "root", "The folder that holds the suite's benchmarks");
    addText(command, said, "model",
            "Checkpoint folder, or a repo id in the local hub cache (default: the shipped tiny "
            "model)");
    addList(command, said, "mode",
            "lvr (latents), base (none), cot (think step by step in words), crop (the region its "
            "latents look at as one more picture), crop:oracle (the region the source names); "
            "a,b,...")
        ->delimiter(',')
        ->check(passes([](const std::string& text) { parseEvalMode(text); }));
    addText(command, said, "prompt",
            "Whose words are put around a question: lvr, lmms_eval, vlmevalkit or official")
        ->check(passes([](const std::string& text) { parsePromptStyle(text); }));
    addText(command, said, "scorer",
            "Whose verdict the table counts (default: of the benchmark and prompt); all are kept")
        ->check(CLI::IsMember(scorerNames()));
    addText(command, said, "limit", "Only so many of the first questions of each")
        ->check(wholeFrom(1));
    addDecodeOptions(command, said);
    addDecodeSeed(command, said);
    command.remove_option(command.get_option("--exit"));
    addList(command, said, "exit",
            "When to stop thinking; several budgets, a,b,..., share one reading of the prompt: "
            "fixed:4,fixed:8,fixed:16 (default: the model's own)")
        ->delimiter(',')
        ->check(passes([](const std::string& text) { parseExitRule(text); }));
}

EvalQuestions readQuestions(const EvalSaid& said) {
    EvalQuestions questions;
    const auto data = askedData(said, questions.notes);
    if (data.empty())
        throw UsageError(
            "nothing is asked; name --data, or --suite paper with --root, or --resume a run");
    for (const auto& given : data) addQuestions(said, given, questions);
    return questions;
}

EvalPlan makePlan(const EvalSaid& said, const EvalQuestions& questions,
                  const LvrCheckpoint& checkpoint, const Placement& placement) {
    auto [options, origins] = decodeSettings(decodeArguments(said), checkpoint);
    const auto columns = columnsOf(said, options.exit);
    options.exit = columns.front().exit;
    const auto limits = limitedTo(options.pixels, checkpoint.preprocess);
    if (said.contains("exit")) origins["exit"] = "flag";
    auto computed = placement;
    computed.why.clear();
    return {.sets = questions.sets,
            .columns = columns,
            .prompt = promptStyleName(parsePromptStyle(textOf(said, "prompt", "lvr"))),
            .decoding = options,
            .minPixels = limits.minPixels,
            .maxPixels = limits.maxPixels,
            .decodingText = decodingText(options, origins),
            .computation = toText(computed),
            .given = said};
}

}  // namespace lvr
