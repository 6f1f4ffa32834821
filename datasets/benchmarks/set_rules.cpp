#include "datasets/benchmarks/set_rules.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <set>

#include "core/files/fingerprint.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

// The subsets that latent-reasoning papers report.
const std::set<std::string>& fiveSubsets() {
    static const std::set<std::string> names = {"Counting", "IQ_Test", "Jigsaw",
                                                "Relative_Reflectance", "Spatial_Relation"};
    return names;
}

std::string shortDigest(const std::string& text) {
    Fingerprint content;
    content.add(text.data(), text.size());
    return content.hex().substr(0, 12);
}

std::string firstPicture(const BenchmarkItem& item) {
    return item.images.empty() ? item.id : fs::path(item.images.front()).filename().string();
}

// MMVP numbers its rows from 1; copies may from 0.
int rowNumber(const BenchmarkItem& item, bool fromZero) {
    const auto number = std::atoi(item.id.c_str());
    return fromZero ? number + 1 : number;
}

void pairUp(BenchmarkSet& set) {
    const bool fromZero = std::ranges::any_of(set.items, [](auto& i) { return i.id == "0"; });
    for (auto& item : set.items) item.cluster = std::to_string((rowNumber(item, fromZero) - 1) / 2);
}

// Four labels of the original are wrong (tsb0601/MMVP#30): rows 99, 100, 279 and 280.
void applyLabelEdition(BenchmarkSet& set, bool correct) {
    const bool fromZero = std::ranges::any_of(set.items, [](auto& i) { return i.id == "0"; });
    const std::map<int, std::string> corrected = {{99, "B"}, {100, "A"}, {279, "B"}, {280, "A"}};
    int right = 0, wrong = 0;
    for (auto& item : set.items) {
        const auto label = corrected.find(rowNumber(item, fromZero));
        if (label == corrected.end()) continue;
        ++(item.gold == label->second ? right : wrong);
        if (correct) item.gold = label->second;
    }
    const std::string labels = right + wrong == 0 ? "none of the four disputed labels is in it"
                               : wrong == 0       ? "corrected labels"
                               : right == 0       ? "original labels"
                                                  : "some of the four disputed labels corrected";
    set.edition += "; " + labels;
    if (correct && wrong > 0) set.edition += ", corrected here";
    if (!correct && wrong > 0)
        set.notes.push_back(std::to_string(wrong) +
                            " labels are known to be wrong; --data mmvp-corrected: corrects them");
}

void addClusters(BenchmarkSet& set) {
    for (auto& item : set.items)
        item.cluster = set.benchmark == "hr_bench"
                           ? shortDigest(item.split + item.question + firstPicture(item))
                           : firstPicture(item);
    if (set.benchmark == "mmvp") pairUp(set);
}

void comparePublicSize(BenchmarkSet& set, const std::string& variant) {
    std::set<std::string> splits;
    for (const auto& item : set.items) splits.insert(item.split);
    auto all = publicItems(set.benchmark, variant);
    if (set.benchmark == "hr_bench" && variant.empty() && splits.size() == 1)
        all = publicItems(set.benchmark, "4k");
    const auto count = static_cast<int>(set.items.size());
    if (all && count != *all)
        set.notes.push_back("it has " + std::to_string(count) + " items, the public set " +
                            std::to_string(*all));
}

std::string upperCase(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

}  // namespace

bool holdsOf(const BenchmarkSource& source, const fs::path& file) {
    const auto name = file.filename().string();
    if (source.benchmark == "blink" && file.extension() == ".parquet") {
        const bool isTest = name.starts_with("test");
        if (isTest != (source.variant == "test")) return false;
        return !source.variant.empty() || fiveSubsets().contains(file.parent_path().filename());
    }
    if (source.benchmark == "hr_bench" && !source.variant.empty())
        return upperCase(name).find(upperCase(source.variant)) != name.npos;
    if (source.benchmark == "cv_bench") {
        // Where both are, the older single file holds the same rows.
        std::error_code failed;
        const bool isOld =
            name == "test.parquet" && fs::exists(file.parent_path() / "test_2d.parquet", failed);
        return !isOld;
    }
    return true;
}

bool isAskedFor(const BenchmarkSource& source, const BenchmarkItem& item) {
    if (source.benchmark == "blink") {
        if ((item.split == "test") != (source.variant == "test")) return false;
        return !source.variant.empty() || fiveSubsets().contains(item.category);
    }
    if (source.benchmark == "cv_bench" && !source.variant.empty())
        return item.split == upperCase(source.variant);
    return true;
}

std::string idInFile(const BenchmarkItem& item) {
    const auto prefix = item.split + "/";
    const bool isPrefixed = item.benchmark == "hr_bench" && item.id.starts_with(prefix);
    return isPrefixed ? item.id.substr(prefix.size()) : item.id;
}

void applySetRules(BenchmarkSet& set, const BenchmarkSource& source) {
    addClusters(set);
    if (set.benchmark == "mmvp") applyLabelEdition(set, source.variant == "corrected");
    const bool isPart = !source.variant.empty() && source.variant != "corrected";
    if (isPart) set.title += " " + upperCase(source.variant);
    comparePublicSize(set, source.variant);
}

}  // namespace lvr
