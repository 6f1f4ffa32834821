#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/values/benchmark.h"

namespace lvr {

// What a row of a result file says of the item that it answers. Empty: it doesn't say.
struct ResultKey {
    std::string id;
    std::optional<int> row;  // from 0, within its split
    std::string part;        // of the file's or task's name: which subset, split or size
    std::string gold;        // a letter
    std::string question;
    std::vector<std::string> options;
    std::string prompt;  // a text that the question is in
};

// Finds the items that results are of.
class ItemFinder {
public:
    explicit ItemFinder(const BenchmarkSet& set);
    // None: no item fits, or several do. Everything that the key says must fit, but of options an
    // empty one fits any (spreadsheets lose "None").
    const BenchmarkItem* find(const ResultKey& key) const;

private:
    std::vector<const BenchmarkItem*> inPart(const std::string& name) const;

    const BenchmarkSet& set_;
    std::multimap<std::string, const BenchmarkItem*> byId_, byQuestion_;
};

}  // namespace lvr
