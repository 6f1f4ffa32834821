#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/values/benchmark.h"
#include "core/values/options.h"
#include "core/values/run.h"

namespace lvr {

// The kind of run that an evaluation is in the store.
inline constexpr const char* kEvaluationKind = "eval";

// What is made of a question before it is answered.
enum class EvalMode {
    Lvr,         // nothing: the model thinks in latents until its exit rule says so
    Base,        // the same prompt without latents
    Chain,       // it is asked to think step by step in words, without latents
    Crop,        // the region that its latents look at is cut out and shown as one more picture
    OracleCrop,  // the region that the source of the question names
    Imported     // not asked here: another program answered
};

// One way to ask every item.
struct EvalColumn {
    EvalMode mode = EvalMode::Lvr;
    ExitRule exit = NoLatents{};  // of Lvr, and of the thought that Crop looks at
    bool operator==(const EvalColumn&) const = default;
};
// "fixed:8", "base", "cot", "crop fixed:8", "crop:oracle"
std::string toText(const EvalColumn& column);
std::string toText(EvalMode mode);                // "lvr", "base", "cot", "crop", "crop:oracle"
EvalMode parseEvalMode(const std::string& text);  // throws Error that lists what is valid

// How much of a heat lies on what a question is about, each beside what a blind guess would get. A
// region counts with the visual tokens around it: targets are as small as one token.
struct RoiHeat {
    double mass = 0, massChance = 0;  // share of the heat; share of the visual tokens
    double rank = 0, rankChance = 0;  // of the best token that the region itself touches, from 1
    bool hit = false;                 // the hottest token is one of the region's or next to it
    bool operator==(const RoiHeat&) const = default;
};

// Milliseconds. The prompt is read once for all columns that share it.
struct EvalTimes {
    double encode = 0, prefill = 0, decode = 0;
    bool operator==(const EvalTimes&) const = default;
};

// What one column made of an item.
struct ItemAnswer {
    std::string output;         // as generated, special tokens kept
    std::string answer;         // as answerIn finds it
    std::string stopped;        // "end_of_text", "max_new_tokens"
    std::vector<int> thoughts;  // latents of each
    int closed = 0;             // thoughts that the end token followed
    int visualTokens = 0, promptTokens = 0;
    std::vector<RoiHeat> latentHeat;    // one a latent, where the source names regions
    std::optional<RoiHeat> answerHeat;  // of the state that the answer's first word came from
    std::optional<Box> crop;            // of the crop modes
    EvalTimes times;
    std::string failure;  // why there is no answer; empty: there is one
    int latents() const;
    bool operator==(const ItemAnswer&) const = default;
};

// An item with what is known of it so far.
struct EvaluatedItem {
    BenchmarkItem item;
    std::string set;                            // "vstar": which of the data it is of
    std::string prompt;                         // as it was asked, without the chat template
    std::string dialect;                        // of the model that answered; empty: LVR's
    std::map<std::string, ItemAnswer> answers;  // by toText(EvalColumn)
    std::string unreadable;                     // why it could not be asked; empty: it could
    bool operator==(const EvaluatedItem&) const = default;
};

// Data as it was given and found.
struct EvalSet {
    std::string name;    // "vstar"
    std::string source;  // as it was given: "vstar:DIR"
    std::string benchmark, title, edition, hash;
    std::string scorer;  // whose verdict counts
    int items = 0;       // that are asked
    int leftOut = 0;     // that could not be read
    bool operator==(const EvalSet&) const = default;
};

// What an evaluation is to do, as its run keeps it.
struct EvalPlan {
    std::vector<EvalSet> sets;
    std::vector<EvalColumn> columns;
    std::string prompt;                         // whose: "lvr"
    DecodeOptions decoding;                     // but for the exit rules, which are the columns'
    std::int64_t minPixels = 0, maxPixels = 0;  // of a picture, after resizing
    std::string decodingText;                   // every option, with who said it
    std::string computation;                    // "float32 on cpu from bfloat16 weights"
    std::map<std::string, std::string> given;   // what was typed, by flag, for whoever goes on
};

// An evaluation as the store keeps it.
struct EvalRun {
    Run run;
    EvalPlan plan;
    std::vector<EvaluatedItem> items;
};

// What others found on the same questions.
struct PublishedRange {
    double low = 0, high = 0;  // percent
    int sources = 0;
    bool operator==(const PublishedRange&) const = default;
};

// One row of the table.
struct EvalRow {
    std::string set, title;  // "vstar", "V* Bench"
    std::string part;        // a category, or what is averaged: "pairs"; empty: all of the set
    std::string column;      // toText(EvalColumn)
    std::string mode, exit;
    std::string scorer, prompt;
    std::int64_t minPixels = 0, maxPixels = 0;
    double visualTokens = 0;  // median
    int count = 0, failed = 0;
    double right = 0;  // of count; a weighted mean's is its share of count
    double accuracy = 0, low = 0, high = 1;
    std::string interval;  // "Wilson", "clustered by pair"
    int thought = 0;       // N: items with at least one latent
    double triggered = 0;  // its share of all items
    double closed = 0;     // share of the N whose thoughts were all closed
    double latents = 0;    // mean over the N
    int disagree = 0;      // items on which scorers do not agree
    std::optional<PublishedRange> base, lvr;
    // Against the first column, over the items that both answered.
    bool isCompared = false;
    int gained = 0, lost = 0;
    double p = 1, holm = 1;  // exact McNemar; after Holm over the table
    // Smallest difference that as many items, of which as many differ, show with 80 %.
    std::optional<double> detectable;
    // Means over latents, and over answers, of items whose source names regions.
    std::optional<RoiHeat> latentHeat, answerHeat;
    double latentHits = 0, answerHits = 0;  // share
    int withRegions = 0;
};

}  // namespace lvr
