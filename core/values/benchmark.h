#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/values/answer_mark.h"
#include "core/values/image.h"

namespace lvr {

// Where a question says what its answer depends on: a named object with its box.
struct BenchmarkTarget {
    std::string name;
    // Pixels of the whole picture, as the source writes them: may be fractional or touch the
    // border.
    double x = 0, y = 0, width = 0, height = 0;
    int image = 0;  // which of the item's pictures it is on
    bool operator==(const BenchmarkTarget&) const = default;
};

// Pixels, as the picture is shown.
struct PictureExtent {
    int width = 0, height = 0;
    bool operator==(const PictureExtent&) const = default;
};

// One question of a public benchmark, or of data of one's own, whatever layout it was in.
struct BenchmarkItem {
    std::string benchmark;  // "vstar", "mmvp", "blink", "cv_bench", "hr_bench",
                            // "mme_realworld_lite", "viscot", "data"
    std::string id;         // as the source has it; unique within a set
    int row = 0;            // its number in the split's files, from 0
    std::string split;      // of a benchmark with several: "hrbench_4k", "val"; else empty
    std::string category;  // what its table is split by: direct_attributes, Counting, 2D/Count, ...
    std::string part;      // a second split where there is one: a source, a cycle, an l2 name
    std::string cluster;   // items that share it are not independent: picture, pair, question
    std::string question;  // without options and instructions
    std::vector<std::string> options;    // without letters; empty: the answer is free text
    std::string gold;                    // a letter where there are options, else the text
    std::vector<std::string> images;     // absolute paths, in the order they are shown
    std::vector<PictureExtent> extents;  // of the images: their width and height
    std::string picture;    // the source's own name of its first picture, where it has one
    std::string prompt;     // text of the source that prompts are made of; see promptText
    std::string statement;  // the right answer as a sentence, where the source has one (V*)
    std::vector<BenchmarkTarget> targets;
    bool operator==(const BenchmarkItem&) const = default;
};

// A benchmark as it was read.
struct BenchmarkSet {
    std::string benchmark;  // as in its items
    std::string title;      // "V* Bench"
    std::string edition;    // what is known of where it comes from: "HF snapshot with boxes"
    std::string source;     // folder or file
    std::string hash;       // fingerprint of the files it was read from
    std::vector<BenchmarkItem> items;
    std::vector<std::string> leftOut;  // a sentence for each item that could not be read
    std::vector<std::string> notes;    // what else a reader of the figures should know
};

// Whose words are put around a question.
enum class PromptStyle { Lvr, LmmsEval, VlmEvalKit, Official };

// What a scorer is given.
struct RawOutput {
    std::string benchmark, question;
    std::vector<std::string> options;  // without letters; empty: the answer is free text
    std::string gold;                  // a letter where there are options, else the text
    std::string output;                // with special tokens
    // How the model that said it marks its answers; what public code makes of it is the same.
    AnswerMark mark = AnswerMark::Tag;
};

// One answer that somebody's program gave, as its result file has it.
struct ImportedResult {
    RawOutput raw;  // options and gold are empty where neither file nor benchmark say them
    std::string id, category;
    std::string dialect = {};  // of the model that answered, where the file says it
};

// A result file of another harness, or of ours.
struct ImportedResults {
    std::string format;  // "lmms-eval samples", "VLMEvalKit table", ...
    std::string benchmark;
    std::string model;  // as the file's name or folder says it; may be empty
    std::vector<ImportedResult> results;
    std::vector<std::string> leftOut;  // a sentence for each row that could not be used
    std::vector<std::string> notes;
};

// What one scorer makes of one raw output.
struct Verdict {
    std::string scorer;                 // "lvr_official", "lmms_vstar", "vlmevalkit_rule", ...
    std::optional<std::string> letter;  // what it read; none: undecided
    bool right = false;
    std::string rule;  // which of its rules decided, or why none did: "a letter in parentheses"
    bool operator==(const Verdict&) const = default;
};

}  // namespace lvr
