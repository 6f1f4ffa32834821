#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lvr {

// One layout of one benchmark, as it was found: the files that list its items.
struct BenchmarkFiles {
    std::string benchmark;
    std::string layout;  // "VLMEvalKit table"
    int rank = 0;        // which of several to read: the lowest says most
    std::filesystem::path root;
    std::vector<std::filesystem::path> files;  // in the order they are read
};

// What one file is, by its columns or fields, and what it lacks to be it.
struct FileLayout {
    std::string benchmark, layout;
    int rank = 0;
    std::vector<std::string> missing;  // columns; empty: it is whole
};

// Every layout that fits what the file holds, best first: those that lack least. `wanted` decides
// where tables of several benchmarks have the same columns and neither name nor categories tell.
std::optional<FileLayout> layoutOf(const std::filesystem::path& file, const std::string& wanted);

// The layouts at a file, or in a folder and what lies below it, best first. Throws Error: nothing
// is there; a file is a Git LFS pointer or empty; `wanted` is almost there but for a column, which
// is named.
std::vector<BenchmarkFiles> layoutsAt(const std::filesystem::path& path, const std::string& wanted);

// Throws Error when a name says "-00001-of-00004" and others of the four aren't beside it.
void checkShards(const BenchmarkFiles& files);

}  // namespace lvr
