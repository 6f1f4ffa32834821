#include "app/cli/eval_suite.h"

#include <algorithm>
#include <map>

#include "core/error.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

// A benchmark, and how its folder may be called: as the Hub's repository without its owner, or as
// --data names it.
struct Wanted {
    std::string flag, title;
    std::vector<std::string> folders;  // in letters and digits alone
};

const std::vector<Wanted>& wantedSets() {
    static const std::vector<Wanted> kAll{
        {"vstar", "V* Bench", {"vstarbench", "vstar"}},
        {"mmvp", "MMVP", {"mmvp"}},
        {"blink", "BLINK", {"blink", "blinkbenchmark"}},
        {"cv-bench", "CV-Bench", {"cvbench"}},
        {"hr-bench-4k", "HR-Bench 4K", {"hrbench", "hrbench4k"}},
        {"hr-bench-8k", "HR-Bench 8K", {"hrbench", "hrbench8k"}},
        {"mme-realworld-lite", "MME-RealWorld-Lite", {"mmerealworldlite"}}};
    return kAll;
}

// "craigwu_vstar_bench", "datasets--craigwu--vstar_bench" and "vstar_bench" are one name.
std::string plainName(const fs::path& folder, const std::string& name) {
    std::string plain;
    for (const char c : folder.filename().string())
        if (std::isalnum(static_cast<unsigned char>(c)))
            plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return plain.ends_with(name) ? name : plain;
}

fs::path folderOf(const Wanted& wanted, const std::vector<fs::path>& folders) {
    for (const auto& name : wanted.folders)
        for (const auto& folder : folders)
            if (plainName(folder, name) == name) return folder;
    return {};
}

}  // namespace

PaperSuite paperSuite(const fs::path& root) {
    std::error_code failed;
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(root, failed)) folders.push_back(entry.path());
    if (failed) throw Error("--root " + root.string() + " is no folder that can be read");
    std::ranges::sort(folders);
    PaperSuite suite;
    for (const auto& wanted : wantedSets()) {
        const auto folder = folderOf(wanted, folders);
        if (folder.empty())
            suite.absent.push_back(wanted.title);
        else
            suite.data.push_back(wanted.flag + ":" + folder.string());
    }
    if (suite.data.empty())
        throw Error("--root " + root.string() +
                    " holds none of the suite's benchmarks; it looks for folders named like "
                    "vstar_bench, MMVP, BLINK, CV-Bench, HR-Bench and MME-RealWorld-Lite");
    return suite;
}

}  // namespace lvr
