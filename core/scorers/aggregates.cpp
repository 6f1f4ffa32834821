#include "core/scorers/aggregates.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

namespace lvr {
namespace {

using Items = std::vector<JudgedItem>;
using NameOf = std::function<std::string(const JudgedItem&)>;

Aggregate shareOf(std::string name, const Items& items) {
    Aggregate share{.name = std::move(name), .count = static_cast<int>(items.size())};
    for (const auto& item : items) share.right += item.right;
    if (share.count > 0) share.value = static_cast<double>(share.right) / share.count;
    return share;
}

Items filtered(const Items& items, const std::function<bool(const JudgedItem&)>& keeps) {
    Items kept;
    std::copy_if(items.begin(), items.end(), std::back_inserter(kept), keeps);
    return kept;
}

// Groups in the order in which they first occur.
std::vector<Aggregate> by(const NameOf& nameOf, const Items& items) {
    std::vector<std::string> names;
    std::map<std::string, Items> groups;
    for (const auto& item : items) {
        auto& group = groups[nameOf(item)];
        if (group.empty()) names.push_back(nameOf(item));
        group.push_back(item);
    }
    std::vector<Aggregate> shares;
    for (const auto& name : names) shares.push_back(shareOf(name, groups[name]));
    return shares;
}

std::string categoryOf(const JudgedItem& item) { return item.category; }
std::string partOf(const JudgedItem& item) { return item.part; }

Aggregate meanOf(std::string name, const std::vector<Aggregate>& figures) {
    Aggregate mean{.name = std::move(name)};
    for (const auto& figure : figures) mean.value += figure.value / figures.size();
    return mean;
}

void append(std::vector<Aggregate>& to, const std::vector<Aggregate>& figures) {
    to.insert(to.end(), figures.begin(), figures.end());
}

std::map<std::string, Items> clustersOf(const Items& items) {
    std::map<std::string, Items> clusters;
    for (const auto& item : items) clusters[item.cluster].push_back(item);
    return clusters;
}

std::vector<Aggregate> pairs(const Items& items) {
    Aggregate pairs{.name = "pairs"};
    for (const auto& [name, pair] : clustersOf(items)) {
        if (pair.size() != 2) continue;
        pairs.count += 1;
        pairs.right += pair[0].right && pair[1].right;
    }
    if (pairs.count == 0) return {};
    pairs.value = static_cast<double>(pairs.right) / pairs.count;
    return {pairs};
}

std::vector<Aggregate> blink(const Items& items) {
    auto figures = by(categoryOf, items);
    figures.push_back(meanOf("macro", by(categoryOf, items)));
    return figures;
}

const Aggregate* find(const std::vector<Aggregate>& figures, std::string_view name) {
    for (const auto& figure : figures)
        if (figure.name == name) return &figure;
    return nullptr;
}

// ((ADE20K + COCO) / 2 + Omni3D) / 2
std::vector<Aggregate> originalFormula(const std::vector<Aggregate>& sources) {
    const auto *ade = find(sources, "ADE20K"), *coco = find(sources, "COCO"),
               *omni = find(sources, "Omni3D");
    if (!ade || !coco || !omni) return {};
    return {
        {.name = "original formula", .value = ((ade->value + coco->value) / 2 + omni->value) / 2}};
}

std::vector<Aggregate> cvBench(const Items& items) {
    const auto ofKind = [&](std::string_view kind) {
        return filtered(items, [=](const auto& item) { return item.category.starts_with(kind); });
    };
    const auto flat = ofKind("2D"), deep = ofKind("3D");
    const auto sources = by(partOf, items);
    auto figures = sources;
    append(figures, by(categoryOf, items));
    if (!flat.empty()) figures.push_back(meanOf("2D", by(partOf, flat)));
    if (!deep.empty()) figures.push_back(shareOf("3D", deep));
    append(figures, originalFormula(sources));
    return figures;
}

std::vector<Aggregate> hrBench(const Items& items) {
    const auto cycle = [](const JudgedItem& item) { return "cycle " + item.part; };
    const auto byCycle = by(cycle, items);
    auto figures = byCycle;
    append(figures,
           by([&](const auto& item) { return cycle(item) + ", " + item.category; }, items));
    figures.push_back(meanOf("mean", byCycle));
    for (const auto& category : by(categoryOf, items))
        figures.push_back(
            meanOf("mean, " + category.name, by(partOf, filtered(items, [&](const auto& item) {
                                                    return item.category == category.name;
                                                }))));
    return figures;
}

std::string lowerAscii(std::string text) {
    for (char& sign : text)
        if (sign >= 'A' && sign <= 'Z') sign = static_cast<char>(sign - 'A' + 'a');
    return text;
}

// "Person/Attribute/Color" counts as "person/attribute".
std::string l2Name(const JudgedItem& item) {
    const auto name = lowerAscii(item.part);
    return name.find("attribute") == name.npos ? name
                                               : name.substr(0, name.find('/')) + "/attribute";
}

// "Perception/Monitoring"; whatever does not say perception is reasoning, as in both harnesses.
std::string taskOf(const JudgedItem& item) {
    const bool sees = lowerAscii(item.category).find("perception") != std::string::npos;
    return sees ? "Perception" : "Reasoning";
}

std::string subtaskOf(const JudgedItem& item) {
    const auto slash = item.category.rfind('/');
    return taskOf(item) + "/" + item.category.substr(slash == item.category.npos ? 0 : slash + 1);
}

std::vector<Aggregate> mmeRealWorld(const Items& items) {
    auto figures = by(taskOf, items);
    append(figures, by(subtaskOf, items));
    append(figures,
           by([](const auto& item) { return subtaskOf(item) + "/" + l2Name(item); }, items));
    return figures;
}

std::vector<Aggregate> splitOf(std::string_view benchmark, const Items& items) {
    if (benchmark == "mmvp") return pairs(items);
    if (benchmark == "blink") return blink(items);
    if (benchmark == "cv_bench") return cvBench(items);
    if (benchmark == "hr_bench") return hrBench(items);
    if (benchmark == "mme_realworld_lite") return mmeRealWorld(items);
    return by(categoryOf, items);
}

}  // namespace

std::vector<Aggregate> aggregatesOf(std::string_view benchmark, const Items& items) {
    if (items.empty()) return {};
    std::vector<Aggregate> figures{shareOf("overall", items)};
    for (auto& figure : splitOf(benchmark, items))
        if (!figure.name.empty()) figures.push_back(std::move(figure));
    return figures;
}

int incompletePairs(const Items& items) {
    const auto clusters = clustersOf(items);
    return static_cast<int>(std::count_if(clusters.begin(), clusters.end(), [](const auto& each) {
        return each.second.size() == 1;
    }));
}

}  // namespace lvr
