#include <CLI/CLI.hpp>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/passes.h"
#include "app/cli/place_flags.h"
#include "app/engine/tiny_model.h"
#include "app/training/pixel_limits.h"
#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/model/lvr_checkpoint.h"
#include "core/text/tokenizer.h"
#include "core/vision/image_file.h"
#include "datasets/data_check.h"
#include "datasets/data_formats.h"
#include "datasets/data_mix.h"
#include "datasets/data_preview.h"
#include "datasets/record_length.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

struct DataArguments {
    DataMix source;
    std::string model;
    PixelLimits pixels;
    fs::path fix, to = "preview.png";
    int record = 1;
    bool json = false, decode = false;
};

PreprocessConfig preprocessOf(const DataArguments& a) {
    auto config =
        PreprocessConfig::open(findCheckpoint(a.model.empty() ? tinyModelFolder() : a.model));
    apply(a.pixels, config);
    return config;
}

OrderedJson toJson(const Spread& spread) {
    if (spread.count == 0) return {};
    return {{"min", spread.least},
            {"median", spread.median},
            {"p95", spread.p95},
            {"max", spread.most},
            {"count", spread.count}};
}

OrderedJson toJson(const std::vector<DataReport::Finding>& findings) {
    OrderedJson list = OrderedJson::array();
    for (const auto& finding : findings)
        list.push_back({{"record", finding.name}, {"problem", finding.what}});
    return list;
}

OrderedJson toJson(const DataReport& report) {
    return {{"records", report.records},
            {"bad", toJson(report.bad)},
            {"notes", toJson(report.notes)},
            {"images", report.images},
            {"datasets", report.datasets},
            {"image_tokens", toJson(report.imageTokens)},
            {"roi_tokens", toJson(report.roiTokens)},
            {"roi_share", toJson(report.roiShare)},
            {"boxes", toJson(report.boxes)},
            {"text_tokens", toJson(report.textTokens)},
            {"positions", toJson(report.positions)},
            {"unused_boxes", report.unusedBoxes}};
}

// What several findings say alike: their numbers and paths left out.
std::string alike(const std::string& what) {
    std::string kind;
    for (std::size_t at = 0; at < what.size(); ++at) {
        if (what[at] == '/')
            while (at + 1 < what.size() && what[at + 1] != ' ') ++at;
        else if (!std::isdigit(static_cast<unsigned char>(what[at])))
            kind += what[at];
    }
    return kind;
}

// A few of each kind; the rest is counted.
void print(const char* what, const std::vector<DataReport::Finding>& findings) {
    constexpr std::size_t kOfAKind = 3;
    if (findings.empty()) return;
    std::printf("\n%s (%zu):\n", what, findings.size());
    std::map<std::string, std::size_t> counts;
    for (const auto& finding : findings) {
        if (++counts[alike(finding.what)] > kOfAKind) continue;
        std::printf("  %s: %s\n", finding.name.c_str(), finding.what.c_str());
    }
    for (const auto& finding : findings) {
        const auto of = counts.find(alike(finding.what));
        if (of == counts.end() || of->second <= kOfAKind) continue;
        std::printf("  ... and %zu more like %s; --json lists all\n", of->second - kOfAKind,
                    finding.name.c_str());
        counts.erase(of);
    }
}

// Four digits, or as many as a whole number has.
std::string shown(double value) {
    char text[32];
    std::snprintf(text, sizeof text, value < 1000 ? "%.4g" : "%.0f", value);
    return text;
}

void print(const char* what, const Spread& spread, const char* unit) {
    if (spread.count == 0) return;
    std::printf("%-14s min %-6s median %-6s p95 %-6s max %-6s  (%zu %s)\n", what,
                shown(spread.least).c_str(), shown(spread.median).c_str(),
                shown(spread.p95).c_str(), shown(spread.most).c_str(), spread.count, unit);
}

void print(const DataReport& report) {
    std::printf("%zu records, %zu good, %zu bad; %zu images\n", report.records,
                report.records - report.bad.size(), report.bad.size(), report.images);
    for (const auto& [name, count] : report.datasets)
        std::printf("  %-20s %zu\n", name.c_str(), count);
    print("image tokens", report.imageTokens, "images");
    print("ROI tokens", report.roiTokens, "records with boxes");
    print("ROI share", report.roiShare, "of the images' tokens");
    print("boxes", report.boxes, "records");
    print("text tokens", report.textTokens, "records: question and response");
    print("positions", report.positions, "records, images and thoughts too: --max-length");
    if (report.unusedBoxes > 0)
        std::printf("%zu %s boxes and no <lvr>: %s boxes aren't used\n", report.unusedBoxes,
                    report.unusedBoxes == 1 ? "record has" : "records have",
                    report.unusedBoxes == 1 ? "its" : "their");
    print("bad", report.bad);
    print("notes", report.notes);
}

// Why a set with bad records is not as it should be.
std::string verdictOf(const DataReport& report, const DataArguments& a) {
    const auto good = report.records - report.bad.size();
    auto verdict = std::to_string(report.bad.size()) + " of " + std::to_string(report.records) +
                   " records are bad";
    if (good > 0) return verdict + "; --fix FILE.json writes the others";
    if (report.withoutPicture < report.records) return verdict;
    if (a.source.imageRoots.empty())
        return verdict + ": none of their pictures was found; say where they are by --image-root";
    return verdict + ": no picture was found below " + a.source.imageRoots.front().string() +
           "; is --image-root right?";
}

void check(const DataArguments& a) {
    std::optional<NothingToKeep> stopsAtOnce(std::in_place);
    auto dataset = readDataset(a.source);
    for (const auto& file : dataset.files) {
        std::error_code isNotThere;
        if (!a.fix.empty() && fs::equivalent(file, a.fix, isNotThere))
            throw UsageError("--fix names " + file + ", the data itself; choose another file");
    }
    const auto seen = [](std::size_t done, std::size_t all) {
        if (done % 5000 == 0) std::cerr << "images " << done << "/" << all << std::endl;
    };
    const auto model = findCheckpoint(a.model.empty() ? tinyModelFolder() : a.model);
    const auto tokenizer = Tokenizer::open(folderWith(model, "tokenizer_config.json"));
    const Speech speech(tokenizer, chatStyleOf(model), dialectIn(model, tokenizer).dialect);
    const auto report =
        checkData(dataset, preprocessOf(a), a.decode ? ImageCheck::Decode : ImageCheck::Structure,
                  seen, interruption(), &speech);
    if (a.json)
        std::cout << toJson(report).dump(2) << "\n";
    else
        print(report);
    std::cout << std::flush;
    stopsAtOnce.reset();
    if (!a.fix.empty()) {
        writeLvrJson(dataset.records, a.fix);
        std::cerr << "wrote " << dataset.records.size() << " records to " << a.fix.string() << "\n";
    } else if (!report.bad.empty()) {
        throw Error(verdictOf(report, a));
    }
}

void showFormats() {
    for (const auto& format : dataFormats())
        std::cout << format.name << ": " << format.what << "\n\n"
                  << format.example << "\n\n"
                  << format.fields << "\n\n";
    std::cout << "A .json file holds a list of records; a .jsonl file a record a line; Parquet a "
                 "record a row. A folder stands for the data.json in it. Fields that are not named "
                 "here are passed over.\n";
}

void preview(const DataArguments& a) {
    const NothingToKeep stopsAtOnce;
    const auto dataset = readDataset(a.source);
    for (const auto& bad : dataset.bad)
        if (bad.file == 0 && bad.number == a.record)
            throw Error(dataset.name(bad.file, bad.number) + ": " + bad.problem);
    if (dataset.records.empty()) throw Error(dataset.files.front() + " holds no good record");
    const int file = dataset.records.front().file;  // the first that holds records, not a list
    for (const auto& record : dataset.records) {
        if (record.file != file || record.number != a.record) continue;
        writePng(previewRecord(record, preprocessOf(a)), a.to);
        std::cout << record.question << "\n" << record.response << "\n";
        for (const auto& box : record.boxes)
            std::printf("box %.4f %.4f %.4f %.4f of image %d\n", box.x0, box.y0, box.x1, box.y1,
                        box.image);
        if (!record.note.empty()) std::cout << "note: " << record.note << "\n";
        std::cout << "wrote " << a.to.string() << "\n";
        return;
    }
    throw Error(dataset.files.at(file) + " has no record " + std::to_string(a.record));
}

void addShared(CLI::App& command, DataArguments& a) {
    command
        .add_option("data", a.source.data,
                    "File, or a folder with data.json; several are looked at as one")
        ->required();
    addDataOptions(command, a.source);
    command.add_option("--model", a.model,
                       "Checkpoint whose preprocessor cuts the images into tokens (default: the "
                       "tiny one)");
    addPixelLimits(command, a.pixels);
}

}  // namespace

void addDataCommand(CLI::App& app) {
    auto* data = app.add_subcommand(
        "data",
        "Look at training data (LVR JSON, Visual-CoT, ViRL39K, JSON or Parquet) and benchmarks");
    data->require_subcommand(1);
    auto a = std::make_shared<DataArguments>();
    data->add_subcommand("formats", "The fields of every format that is read, with an example each")
        ->callback(showFormats);
    auto* checking = data->add_subcommand(
        "check", "Bad records by number, odd boxes, sizes in tokens; exit 1 when some are bad");
    addShared(*checking, *a);
    checking->add_option("--fix", a->fix, "Write the good records, cleaned, as LVR JSON to FILE")
        ->check(endsIn(".json"));
    checking->add_flag("--decode", a->decode, "Decode every image instead of looking at its parts");
    checking->add_flag("--json", a->json, "Print one JSON object");
    checking->footer(
        "Example: lvr data check viscot_363k.json --image-root . --remap cot/=images/ --fix "
        "clean.json\nlvr data formats shows the fields of every format.");
    checking->callback([a] { check(*a); });

    addDataListCommand(*data);

    auto* showing = data->add_subcommand(
        "preview", "Draw a record's boxes and their tokens on the resized picture");
    addShared(*showing, *a);
    showing->add_option("--record", a->record, "Its number in the file, from 1")
        ->check(wholeFrom(1))
        ->capture_default_str();
    showing->add_option("--to", a->to, "PNG to write")
        ->check(endsIn(".png"))
        ->capture_default_str();
    showing->footer("Example: lvr data preview build/scenes --record 3 --to record3.png");
    showing->callback([a] { preview(*a); });
}

}  // namespace lvr
