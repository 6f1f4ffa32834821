#include "datasets/benchmarks/result_join.h"

#include <algorithm>
#include <cctype>

#include "datasets/benchmarks/set_rules.h"
#include "datasets/record_readers.h"

namespace lvr {
namespace {

// Letters and digits alone, small: names of tasks and files differ in the rest.
std::string core(const std::string& name) {
    std::string plain;
    for (const unsigned char c : name)
        if (std::isalnum(c)) plain += static_cast<char>(std::tolower(c));
    return plain;
}

bool optionsFit(const std::vector<std::string>& given, const std::vector<std::string>& own) {
    for (std::size_t i = 0; i < given.size(); ++i)
        if (!given[i].empty() && (i >= own.size() || trimmed(given[i]) != trimmed(own[i])))
            return false;
    return true;
}

bool fits(const ResultKey& key, const BenchmarkItem& item) {
    const auto question = trimmed(item.question);
    return (key.gold.empty() || item.gold.empty() || key.gold == item.gold) &&
           (key.question.empty() || trimmed(key.question) == question) &&
           (key.prompt.empty() || key.prompt.find(question) != key.prompt.npos) &&
           optionsFit(key.options, item.options);
}

bool isPartOf(const BenchmarkItem& item, const std::string& name) {
    return (!item.split.empty() && name.find(core(item.split)) != name.npos) ||
           name.find(core(item.category)) != name.npos;
}

}  // namespace

ItemFinder::ItemFinder(const BenchmarkSet& set) : set_(set) {
    for (const auto& item : set.items) {
        byId_.emplace(idInFile(item), &item);
        if (idInFile(item) != item.id) byId_.emplace(item.id, &item);
        byQuestion_.emplace(trimmed(item.question), &item);
    }
}

// Where the name says no part: all of them.
std::vector<const BenchmarkItem*> ItemFinder::inPart(const std::string& name) const {
    const auto plain = core(name);
    std::vector<const BenchmarkItem*> items, all;
    for (const auto& item : set_.items) {
        all.push_back(&item);
        if (!plain.empty() && isPartOf(item, plain)) items.push_back(&item);
    }
    return items.empty() ? all : items;
}

const BenchmarkItem* ItemFinder::find(const ResultKey& key) const {
    std::vector<const BenchmarkItem*> found;
    const auto add = [&](const BenchmarkItem* item) {
        if (fits(key, *item)) found.push_back(item);
    };
    const auto [first, last] = byId_.equal_range(key.id);
    for (auto at = first; at != last && !key.id.empty(); ++at) add(at->second);
    if (found.empty() && key.row)
        for (const auto* item : inPart(key.part))
            if (item->row == *key.row) add(item);
    if (found.empty() && !key.question.empty()) {
        const auto [from, to] = byQuestion_.equal_range(trimmed(key.question));
        for (auto at = from; at != to; ++at) add(at->second);
    }
    if (found.size() > 1 && !key.part.empty())
        std::erase_if(found, [&](auto* item) { return !isPartOf(*item, core(key.part)); });
    return found.size() == 1 ? found.front() : nullptr;
}

}  // namespace lvr
