#include <CLI/CLI.hpp>
#include <cmath>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/cli/command.h"
#include "core/checkpoint/atomic_file.h"
#include "core/error.h"
#include "core/eval/statistics.h"
#include "core/train/train_state.h"

// Experiments as lists of lvr commands. Each is shown before it runs and can be repeated by hand;
// what is done already is not done again.
namespace lvr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Arguments = std::vector<std::string>;

struct StudyArguments {
    fs::path out;
    int seeds = 3, steps = 700, count = 200;
};

constexpr int kMostHops = 9;

// One row of the table: how a model is made from the aligned vision tower, and how it is asked.
struct Variant {
    std::string name, says;
    std::string model;  // folder, before "-SEED"; several variants may share one
    Arguments train;    // the command that makes it, without model, data, out and seed
    std::string from;   // the model it starts from, before "-SEED"
    std::string data;
    Arguments eval;
};

std::vector<Variant> chainVariants(const StudyArguments& a) {
    const Arguments sft{
        "sft",        "--schedule", "cosine",      "--steps", std::to_string(a.steps),
        "--pictures", "8",          "--questions", "6",       "--save-every",
        "200"};
    const auto with = [&](const Arguments& more) {
        auto all = sft;
        all.insert(all.end(), more.begin(), more.end());
        return all;
    };
    const auto ramp = with({"--own-latents", "ramp"}), off = with({"--own-latents", "off"}),
               plain = with({"--twin", "plain"});
    std::vector<Variant> all{
        {"LVR", "own latents, own-latent pass in training", "lvr", ramp, "vision", "latents", {}},
        {"teacher forcing",
         "own latents, trained on the right ones only, as published",
         "teacher",
         off,
         "vision",
         "latents",
         {}},
        {"teacher forcing, snap",
         "the same, each latent replaced by the nearest visual token",
         "teacher",
         off,
         "vision",
         "latents",
         {"--latent-feed", "snap"}},
        {"filler",
         "the same slots and targets, a constant is fed",
         "filler",
         with({"--twin", "filler"}),
         "vision",
         "latents",
         {}},
        {"plain", "question and answer", "plain", plain, "vision", "latents", {}},
        {"words, cold",
         "the colours on the way as text, then the answer",
         "words",
         plain,
         "vision",
         "words",
         {}},
        {"words, warm",
         "the same, trained as long again from there",
         "words-warm",
         plain,
         "words",
         "words",
         {}}};
    all.push_back({"teacher forcing + GRPO",
                   "the teacher-forced model refined by rewards, without boxes",
                   "grpo",
                   {"grpo", "--max-steps", std::to_string(a.steps), "--lr", "2e-5", "--beta",
                    "0.001", "--temperature", "1", "--top-k", "0", "--max-new-tokens", "40"},
                   "teacher",
                   "latents",
                   {}});
    return all;
}

void announce(const Arguments& arguments) {
    std::string line;
    for (const auto& argument : arguments) line += " " + argument;
    std::cout << "\n$ lvr" << line << std::endl;
}

void run(const Arguments& arguments) {
    if (interruption().stop_requested()) throw Cancelled();
    announce(arguments);
    runCommand(arguments);
}

// Trains what is not there, goes on with what was interrupted.
void train(const fs::path& out, const Arguments& fresh) {
    if (TrainState::read(out)) return run({fresh.front(), "--resume", out.string()});
    if (!fs::exists(out / "config.json")) run(fresh);
}

fs::path modelFolder(const StudyArguments& a, const std::string& name, int seed) {
    return a.out / (name + "-" + std::to_string(seed));
}

void makeData(const StudyArguments& a) {
    for (const bool words : {false, true}) {
        const auto out = a.out / (words ? "data-words" : "data-latents");
        if (fs::exists(out / "data.json")) continue;
        Arguments make{"make-data", "scenes", "--out", out.string(), "--count",
                       "24000",     "--seed", "1",     "--kinds",    "chain"};
        if (words) make.push_back("--words");
        run(make);
    }
}

fs::path resultFile(const StudyArguments& a, const Variant& variant, int seed) {
    auto name = variant.name;
    for (char& c : name)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '-';
    return a.out / (name + "-" + std::to_string(seed) + ".json");
}

void measure(const StudyArguments& a, const Variant& variant, int seed) {
    const auto file = resultFile(a, variant, seed);
    if (fs::exists(file)) return;
    Json rows = Json::array();
    for (int hops = 0; hops <= kMostHops; ++hops) {
        const auto part = file.string() + ".part";
        Arguments eval{"eval",    "scenes",
                       "--model", modelFolder(a, variant.model, seed).string(),
                       "--kinds", "chain",
                       "--hops",  std::to_string(hops) + ":" + std::to_string(hops),
                       "--count", std::to_string(a.count),
                       "--to",    part,
                       "--json"};
        eval.insert(eval.end(), variant.eval.begin(), variant.eval.end());
        run(eval);
        auto row = Json::parse(std::ifstream(part)).at("rows").at(0);
        row["hops"] = hops;
        rows.push_back(row);
        fs::remove(part);
    }
    writeFileAtomically(file, rows.dump(1) + "\n");
}

struct Cell {
    int right = 0, count = 0;
    std::vector<double> bySeed;
};

std::vector<Cell> cellsOf(const StudyArguments& a, const Variant& variant) {
    std::vector<Cell> cells(kMostHops + 1);
    for (int seed = 0; seed < a.seeds; ++seed) {
        std::ifstream in(resultFile(a, variant, seed));
        if (!in) continue;
        for (const auto& row : Json::parse(in)) {
            auto& cell = cells.at(row.at("hops").get<std::size_t>());
            const int count = row.at("count");
            const double accuracy = row.at("accuracy");
            cell.count += count;
            cell.right += static_cast<int>(std::lround(accuracy * count));
            cell.bySeed.push_back(accuracy);
        }
    }
    return cells;
}

// Means over seeds with a 95 % interval of all questions together; seeds apart below.
std::string table(const StudyArguments& a, const std::vector<Variant>& variants) {
    std::ostringstream out;
    out << "| right answers by hops |";
    for (int hops = 0; hops <= kMostHops; ++hops)
        out << " " << hops << (hops > 6 ? "*" : "") << " |";
    out << "\n|---|";
    for (int hops = 0; hops <= kMostHops; ++hops) out << "---|";
    out << "\n";
    char text[64];
    for (const auto& variant : variants) {
        const auto cells = cellsOf(a, variant);
        if (cells.front().bySeed.empty()) continue;
        out << "| " << variant.name << " |";
        for (const auto& cell : cells) {
            const auto interval = wilson95(cell.right, cell.count);
            std::snprintf(text, sizeof text, " %.2f (%.2f-%.2f) |",
                          static_cast<double>(cell.right) / cell.count, interval.low,
                          interval.high);
            out << text;
        }
        out << "\n|  by seed |";
        for (const auto& cell : cells) {
            out << " ";
            for (std::size_t s = 0; s < cell.bySeed.size(); ++s) {
                std::snprintf(text, sizeof text, "%s%.2f", s ? "/" : "", cell.bySeed[s]);
                out << text;
            }
            out << " |";
        }
        out << "\n";
    }
    out << "\n\\* longer than any chain in training.";
    for (const auto& variant : variants) out << " " << variant.name << ": " << variant.says << ".";
    out << "\n";
    return out.str();
}

// For Mermaid, which GitHub and most Markdown viewers draw.
std::string plot(const StudyArguments& a, const std::vector<Variant>& variants) {
    std::ostringstream out;
    out << "```mermaid\nxychart-beta\n    title \"Right answers by number of hops\"\n    x-axis [";
    for (int hops = 0; hops <= kMostHops; ++hops) out << (hops ? ", " : "") << hops;
    out << "]\n    y-axis \"right\" 0 --> 1\n";
    std::string names;
    for (const auto& variant : variants) {
        const auto cells = cellsOf(a, variant);
        if (cells.front().bySeed.empty()) continue;
        out << "    line [";
        for (std::size_t hops = 0; hops < cells.size(); ++hops)
            out << (hops ? ", " : "")
                << std::round(1000.0 * cells[hops].right / cells[hops].count) / 1000;
        out << "]\n";
        names += (names.empty() ? "" : ", ") + variant.name;
    }
    out << "```\nLines in this order: " << names << ".\n";
    return out.str();
}

void report(const StudyArguments& a, const std::vector<Variant>& variants) {
    const auto text = table(a, variants) + "\n" + plot(a, variants);
    writeFileAtomically(a.out / "report.md", text);
    std::cout << "\n" << text << "\nwrote " << (a.out / "report.md").string() << std::endl;
}

void studyChains(const StudyArguments& a) {
    const auto variants = chainVariants(a);
    fs::create_directories(a.out);
    makeData(a);
    for (int seed = 0; seed < a.seeds; ++seed) {
        const auto number = std::to_string(seed);
        const auto vision = modelFolder(a, "vision", seed);
        train(vision, {"align", "--out", vision.string(), "--seed", number});
        for (const auto& variant : variants) {
            const auto out = modelFolder(a, variant.model, seed);
            auto command = variant.train;
            for (const auto& more :
                 {std::string("--model"), modelFolder(a, variant.from, seed).string(),
                  std::string("--data"), (a.out / ("data-" + variant.data)).string(),
                  std::string("--out"), out.string(), std::string("--seed"), number})
                command.push_back(more);
            train(out, command);
            measure(a, variant, seed);
        }
        report(a, variants);
    }
}

}  // namespace

void addStudyCommand(CLI::App& app) {
    auto a = std::make_shared<StudyArguments>();
    auto* study = app.add_subcommand(
        "study", "Experiments as lists of lvr commands, resumable, with a table at the end");
    study->require_subcommand(1);
    auto* chains = study->add_subcommand(
        "chains",
        "Does feedback do the work? Chains of 0 to 9 hops, trained on 6 at most: LVR, teacher "
        "forcing, snap, filler, plain, words, GRPO");
    chains->add_option("--out", a->out, "Folder for data, models and report.md")->required();
    chains->add_option("--seeds", a->seeds, "How many, from 0")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    chains->add_option("--steps", a->steps, "Of every training")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    chains->add_option("--count", a->count, "Questions a number of hops and seed")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    chains->footer("Example: lvr study chains --out build/chains --seeds 1");
    chains->callback([a] { studyChains(*a); });
}

}  // namespace lvr
