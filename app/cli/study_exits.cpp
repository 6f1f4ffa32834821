#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/exit_report.h"
#include "app/cli/passes.h"
#include "app/cli/study.h"
#include "app/engine/tiny_model.h"
#include "core/checkpoint/hf_folder.h"
#include "core/decode/decoder.h"
#include "core/decode/latent_probe.h"
#include "core/error.h"
#include "core/eval/answer.h"
#include "core/files/atomic_file.h"
#include "core/files/fingerprint.h"
#include "core/files/json_file.h"
#include "core/torch.h"
#include "datasets/scenes/clutter_scenes.h"
#include "datasets/scenes/scenes.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

constexpr std::uint64_t kFirstSeed = 2000000, kProbeSeed = 1900000;  // never trained on
constexpr int kMostLatents = 16;

struct ExitArguments {
    fs::path out;
    std::vector<std::string> models;
    std::string dialect;  // of them all
    int seeds = 3, count = 200, probe = 120;
};

// What questions there are, by their index.
struct QuestionSet {
    const char* name;
    const char* says;
    Sample (*sample)(std::uint64_t seed, std::uint64_t index);
};

Sample toSample(const ScenePicture& picture) {
    const auto& asked = picture.questions.front();
    return {"", asked.kind, {{paint(picture.scene)}, asked.text}, asked.answer, asked.rois};
}

Sample chainSample(std::uint64_t seed, std::uint64_t index) {
    return sceneSample(seed, index, "chain");
}

Sample clutterSample(std::uint64_t seed, std::uint64_t index) {
    const auto kinds = clutterKinds();
    return toSample(clutterWithQuestion(seed, index, kinds[index % kinds.size()]));
}

// In turns a chain of any length and a question that one or two looks answer.
Sample mixedSample(std::uint64_t seed, std::uint64_t index) {
    if (index % 2 == 0) return chainSample(seed, index);
    auto kinds = sceneKinds();
    std::erase(kinds, "chain");
    return sceneSample(seed, index, kinds[index / 2 % kinds.size()]);
}

constexpr std::array<QuestionSet, 3> kSets{
    {{"chains", "Chains of 0 to 6 hops, each length as often.", chainSample},
     {"clutter", "Cluttered scenes, all kinds in turn.", clutterSample},
     {"mixture", "In turns a chain of 0 to 6 hops and a question that one or two looks answer.",
      mixedSample}}};

// probe: the name of its file, in the folder of the study.
std::vector<std::string> rulesWith(const std::string& probe) {
    std::vector<std::string> rules;
    for (const int count : {1, 2, 4, 8, 12, 16}) rules.push_back("fixed:" + std::to_string(count));
    for (const char* rule :
         {"end-prob:0.1:16", "end-prob:0.5:16", "end-prob:0.9:16", "end-token:16", "settled:0.8:16",
          "settled:0.9:16", "settled:0.95:16", "settled:0.98:16", "answer-settled:1:16",
          "answer-settled:2:16", "answer-settled:3:16", "entropy:0.05:16", "entropy:0.2:16",
          "entropy:0.5:16", "entropy:1:16"})
        rules.emplace_back(rule);
    for (const char* threshold : {"0.3", "0.5", "0.7", "0.9"})
        rules.push_back("probe:" + probe + ":" + threshold + ":16");
    return rules;
}

// How one question is answered by each rule; the prompt is read once.
std::vector<RowResult> answersOf(const LvrCheckpoint& checkpoint, const Sample& sample,
                                 const std::vector<ExitRule>& exits) {
    auto options = checkpoint.decoding().options;
    options.sampling.temperature = 0;
    options.maxNewTokens = 32;
    auto encoded = encodeQuestion(checkpoint, sample.question, options);
    encoded.prompt.copies = static_cast<int>(exits.size());
    encoded.prompt.exits = exits;
    return decodeRows(checkpoint.model, {encoded.prompt}, checkpoint.rules, options);
}

bool isRight(const LvrCheckpoint& checkpoint, const RowResult& row, const Sample& sample) {
    return isRightAnswer(answerOf(checkpoint, row), sample.answer, sample.question.text);
}

void sayProgress(const std::string& what, int done, int total) {
    if (interruption().stop_requested()) throw Cancelled();
    if (isatty(STDERR_FILENO))
        std::cerr << "\r" << what << " " << done << "/" << total
                  << (done == total ? "\r\033[K" : "") << std::flush;
}

// Latents of questions of their own, each with whether the answer is right when the thought ends
// there. Balanced over nothing: as the mixture has them.
void trainProbe(const LvrCheckpoint& checkpoint, const ExitArguments& a, const fs::path& file) {
    std::vector<ExitRule> exits;
    for (int count = 1; count <= kMostLatents; ++count) exits.emplace_back(FixedSteps{count});
    std::vector<std::vector<float>> latents;
    std::vector<bool> right;
    for (int i = 0; i < a.probe; ++i) {
        sayProgress("questions for the probe", i, a.probe);
        const auto sample = mixedSample(kProbeSeed, i);
        const auto rows = answersOf(checkpoint, sample, exits);
        const auto& longest = rows.back().latents;  // [16, D], on the CPU; the others begin like it
        const auto* values = longest.data_ptr<float>();
        const auto width = longest.size(1);
        for (std::int64_t k = 0; k < std::min<std::int64_t>(longest.size(0), rows.size()); ++k) {
            latents.emplace_back(values + k * width, values + (k + 1) * width);
            right.push_back(isRight(checkpoint, rows[k], sample));
        }
    }
    sayProgress("questions for the probe", a.probe, a.probe);
    auto probe = trainedProbe(latents, right);
    probe.madeWith = commandLine();
    writeLatentProbe(probe, file);
}

// ---- Kept results

OrderedJson settingsOf(const ExitArguments& a) {
    OrderedJson json{{"study", "exits"}, {"count", a.count}, {"probe", a.probe}};
    if (!a.dialect.empty()) json["dialect"] = a.dialect;
    return json;
}

OrderedJson toJson(const std::map<std::string, ExitOutcome>& outcomes) {
    auto json = OrderedJson::object();
    for (const auto& [rule, outcome] : outcomes) {
        std::string right;
        for (const bool each : outcome.right) right += each ? '1' : '0';
        json[rule] = {{"right", right}, {"latents", outcome.latents}};
    }
    return json;
}

void addKept(const OrderedJson& kept, ExitSet& set) {
    for (const auto& rule : set.rules) {
        auto& outcome = set.outcomes[rule];
        const auto& one = kept.at("rules").at(rule);
        for (const char each : one.at("right").get<std::string>())
            outcome.right.push_back(each == '1');
        for (const int latents : one.at("latents").get<std::vector<int>>())
            outcome.latents.push_back(latents);
    }
}

std::vector<ExitRule> exitsOf(const std::vector<std::string>& rules, const fs::path& folder) {
    std::vector<ExitRule> exits;
    for (const auto& rule : rules) {
        exits.push_back(parseExitRule(rule));
        if (auto* probe = std::get_if<LearnedProbe>(&exits.back()))
            probe->file = (folder / probe->file).string();
    }
    return exits;
}

// A model of the study, and what its files are.
struct StudiedModel {
    LvrCheckpoint checkpoint;
    std::string name, hash;
};

OrderedJson measured(const StudiedModel& model, const QuestionSet& questions,
                     const std::vector<std::string>& rules, const std::vector<ExitRule>& exits,
                     std::uint64_t seed, int count) {
    const auto& checkpoint = model.checkpoint;
    std::map<std::string, ExitOutcome> outcomes;
    const auto what = std::string(questions.name) + ", seed " + std::to_string(seed);
    for (int i = 0; i < count; ++i) {
        sayProgress(what, i, count);
        const auto sample = questions.sample(seed, i);
        const auto rows = answersOf(checkpoint, sample, exits);
        for (std::size_t r = 0; r < rows.size(); ++r) {
            outcomes[rules[r]].right.push_back(isRight(checkpoint, rows[r], sample));
            outcomes[rules[r]].latents.push_back(static_cast<int>(rows[r].latents.size(0)));
        }
    }
    sayProgress(what, count, count);
    return {{"seed", seed},
            {"count", count},
            {"model", model.name},
            {"checkpoint", model.hash},
            {"command", commandLine()},
            {"rules", toJson(outcomes)}};
}

StudiedModel studied(const std::string& model, const std::string& dialect) {
    const ModelArguments opened{.model = model, .dialect = dialect};
    const auto path = fs::path(model);
    return {openCheckpoint(opened, placementOf(opened)),
            (path.filename().empty() ? path.parent_path() : path).filename().string(),
            checkpointFingerprint(findCheckpoint(model))};
}

// Throws UsageError when the folder's results were made otherwise.
void claimFolder(const ExitArguments& a) {
    std::error_code failed;
    fs::create_directories(a.out, failed);
    const auto file = a.out / "study.json";
    if (!fs::exists(file)) {
        writeFileAtomically(file, settingsOf(a).dump(1) + "\n");
        return;
    }
    const auto made = OrderedJson::parse(readTextFile(file), nullptr, false);
    if (made != settingsOf(a))
        throw UsageError(a.out.string() + " was made with other settings: " + made.dump() +
                         "; give another --out");
}

// All seeds of a set together, what is kept already and what is measured now.
ExitSet setOf(const ExitArguments& a, const StudiedModel& model, const QuestionSet& questions,
              const std::string& probe) {
    ExitSet set{.model = model.name,
                .set = questions.name,
                .says = questions.says,
                .rules = rulesWith(probe),
                .outcomes = {}};
    for (int seed = 0; seed < a.seeds; ++seed) {
        const auto file =
            a.out / (model.name + "-" + questions.name + "-" + std::to_string(seed) + ".json");
        if (!fs::exists(file))
            writeFileAtomically(file,
                                measured(model, questions, set.rules, exitsOf(set.rules, a.out),
                                         kFirstSeed + seed, a.count)
                                        .dump() +
                                    "\n");
        const auto kept = OrderedJson::parse(readTextFile(file));
        if (kept.at("checkpoint") != model.hash)
            throw UsageError(file.string() +
                             " was measured on another model of that name; give "
                             "another --out");
        addKept(kept, set);
    }
    return set;
}

std::string headOf(const ExitArguments& a) {
    return "# When to stop thinking\n\nMade with `" + commandLine() +
           "`: " + std::to_string(a.seeds) + " seeds of questions from " +
           std::to_string(kFirstSeed) + " on, greedy. The probe was trained on " +
           std::to_string(a.probe) +
           " other questions of the mixture. Early answers (answer-settled, entropy) and the probe "
           "cost work that mean latents do not count.\n\n";
}

void runExitStudy(ExitArguments& a) {
    if (a.models.empty()) a.models.push_back(tinyModelFolder());
    claimFolder(a);
    auto report = headOf(a);
    for (const auto& given : a.models) {
        const auto model = studied(given, a.dialect);
        const auto probe = "probe-" + model.name + ".json";
        if (!fs::exists(a.out / probe)) trainProbe(model.checkpoint, a, a.out / probe);
        report += "Model " + model.name + ", " + model.hash + ".\n\n";
        for (const auto& questions : kSets) {
            const auto set = setOf(a, model, questions, probe);
            const auto plot = set.model + "-" + set.set + ".svg";
            writeFileAtomically(a.out / plot, exitPlot(set));
            report += exitTable(set, plot);
            writeFileAtomically(a.out / "report.md", report);
            std::cout << exitTable(set, plot) << std::flush;
        }
    }
}

}  // namespace

void addExitStudy(CLI::App& studies) {
    auto a = std::make_shared<ExitArguments>();
    auto* exits = studies.add_subcommand(
        "exits",
        "When to stop thinking: accuracy against latents of fixed budgets and adaptive exit rules, "
        "on chains, clutter and a mixture");
    exits->add_option("--out", a->out, "Folder for results, plots and report.md")->required();
    exits->add_option("--model", a->models,
                      "Checkpoint; give it again for several (default: the shipped tiny model)");
    addDialect(*exits, a->dialect);
    exits->add_option("--seeds", a->seeds, "Of questions, how many")
        ->check(wholeFrom(1))
        ->capture_default_str();
    exits->add_option("--count", a->count, "Questions a set and seed")
        ->check(wholeFrom(1))
        ->capture_default_str();
    exits->add_option("--probe", a->probe, "Questions that the probe is trained on")
        ->check(wholeFrom(1))
        ->capture_default_str();
    exits->footer("Example: lvr study exits --out build/exits");
    exits->callback([a] { runExitStudy(*a); });
}

}  // namespace lvr
