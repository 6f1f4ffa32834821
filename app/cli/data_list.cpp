#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "core/error.h"
#include "datasets/benchmarks/benchmark_reader.h"
#include "datasets/benchmarks/item_json.h"
#include "datasets/benchmarks/prompt_text.h"

namespace lvr {
namespace {

using ListJson = nlohmann::ordered_json;

struct ListArguments {
    std::vector<std::string> data;
    std::filesystem::path imageRoot;
    std::vector<std::string> remap;
    std::string prompts;
    bool json = false;
};

std::vector<PromptStyle> stylesOf(const std::string& name) {
    if (name == "all") return promptStyles();
    return {parsePromptStyle(name)};
}

// What a table is split by, in the order of the set, with how many items each has.
std::vector<std::pair<std::string, std::size_t>> countsOf(const BenchmarkSet& set) {
    std::vector<std::pair<std::string, std::size_t>> counts;
    for (const auto& item : set.items) {
        const auto known =
            std::ranges::find(counts, item.category, [](auto& c) { return c.first; });
        if (known == counts.end())
            counts.emplace_back(item.category, 1);
        else
            ++known->second;
    }
    return counts;
}

std::string several(std::size_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

void printLeftOut(const BenchmarkSet& set, std::ostream& out) {
    constexpr std::size_t kShown = 10;
    if (set.leftOut.empty()) return;
    out << several(set.leftOut.size(), "item") << " left out:\n";
    for (std::size_t i = 0; i < std::min(kShown, set.leftOut.size()); ++i)
        out << "  " << set.leftOut[i] << "\n";
    if (set.leftOut.size() > kShown)
        out << "  ... and " << set.leftOut.size() - kShown << " more\n";
}

void printNotes(const BenchmarkSet& set, std::ostream& out) {
    for (const auto& note : set.notes) out << "note: " << note << "\n";
    printLeftOut(set, out);
}

void printTable(const BenchmarkSet& set) {
    std::size_t pictures = 0, boxes = 0;
    for (const auto& item : set.items) {
        pictures += item.images.size();
        boxes += item.targets.size();
    }
    std::cout << set.title << " (" << set.edition << ")\n"
              << set.source << "\n"
              << set.hash << "\n"
              << several(set.items.size(), "item") << ", " << several(pictures, "picture");
    if (boxes) std::cout << ", " << boxes << (boxes == 1 ? " box" : " boxes");
    std::cout << "\n";
    for (const auto& [category, count] : countsOf(set)) {
        const auto name = category.empty() ? "(no category)" : category;
        std::cout << "  " << name << std::string(name.size() < 34 ? 34 - name.size() : 1, ' ')
                  << count << "\n";
    }
    printNotes(set, std::cout);
}

void printPrompts(const BenchmarkSet& set, const std::vector<PromptStyle>& styles) {
    for (const auto& row : promptsJson(set, styles)) {
        for (const auto& [key, text] : row.items())
            if (key != "id")
                std::cout << "== " << set.benchmark << " " << row["id"].dump() << ", " << key
                          << "\n"
                          << text.get<std::string>() << "\n";
    }
    printNotes(set, std::cerr);
}

// One set as its rows; several by the names of their benchmarks.
void printJson(const std::vector<BenchmarkSet>& sets, const ListArguments& a) {
    ListJson all = ListJson::object();
    for (const auto& set : sets) {
        printNotes(set, std::cerr);
        auto rows = a.prompts.empty() ? itemsJson(set) : promptsJson(set, stylesOf(a.prompts));
        if (sets.size() == 1) {
            std::cout << rows.dump(2) << "\n";
            return;
        }
        auto& known = all[set.benchmark];
        for (auto& row : rows) known.push_back(std::move(row));
    }
    std::cout << all.dump(2) << "\n";
}

void list(const ListArguments& a) {
    const NothingToKeep stopsAtOnce;
    const auto styles = a.prompts.empty() ? std::vector<PromptStyle>() : stylesOf(a.prompts);
    std::vector<BenchmarkSource> sources;
    for (const auto& text : a.data) {
        sources.push_back(parseBenchmarkSource(text));
        sources.back().where.imageRoot = a.imageRoot;
        sources.back().where.remap = a.remap;
    }
    std::vector<BenchmarkSet> sets;
    for (const auto& source : sources) sets.push_back(readBenchmark(source));
    if (a.json) return printJson(sets, a);
    for (std::size_t i = 0; i < sets.size(); ++i) {
        if (i) std::cout << "\n";
        if (styles.empty())
            printTable(sets[i]);
        else
            printPrompts(sets[i], styles);
    }
}

}  // namespace

void addDataListCommand(CLI::App& data) {
    auto a = std::make_shared<ListArguments>();
    auto* command = data.add_subcommand(
        "list", "The items of a public benchmark, in any of its layouts, or of data of one's own");
    command
        ->add_option("--data", a->data,
                     "vstar:DIR, mmvp:DIR (mmvp-corrected: with its four wrong labels corrected), "
                     "blink:DIR (five subsets; -all, -test), cv-bench:DIR (-2d, -3d), hr-bench:DIR "
                     "(-4k, -8k), mme-realworld-lite:DIR, viscot:DIR, data:FILE, or a path alone; "
                     "may be repeated")
        ->required()
        ->type_name("NAME:PATH");
    command->add_option("--image-root", a->imageRoot, "Folder of relative image paths");
    command->add_option("--remap", a->remap, "OLD=NEW: how image paths of one's own data begin");
    command
        ->add_option("--prompts", a->prompts,
                     "Print what a harness asks: lvr, lmms_eval, vlmevalkit, official, or all that "
                     "have a prompt of their own")
        ->type_name("STYLE");
    command->add_flag("--json", a->json, "Print the rows as JSON");
    command->footer(
        "Examples: lvr data list --data vstar:vstar_bench\n"
        "          lvr data list --data blink:BLINK.tsv --json\n"
        "          lvr data list --data mmvp:MMVP --prompts lmms_eval");
    command->callback([a] { list(*a); });
}

}  // namespace lvr
