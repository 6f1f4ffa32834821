#include "app/cli/study_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/files/json_file.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

OrderedJson settingsOf(const Study& study) {
    return {{"study", study.name}, {"steps", study.steps}, {"count", study.count}};
}

std::string spelled(const OrderedJson& settings) {
    return "lvr study " + settings.value("study", "") + " --steps " +
           std::to_string(settings.value("steps", 0)) + " --count " +
           std::to_string(settings.value("count", 0));
}

bool hasResults(const fs::path& folder) {
    for (const auto& file : fs::directory_iterator(folder))
        if (file.path().extension() == ".json" || file.path().filename() == "report.md")
            return true;
    return false;
}

void checkSettings(const Study& study) {
    const auto file = study.out / "study.json";
    if (fs::exists(file)) {
        const auto made =
            OrderedJson::parse(readTextFile(file), nullptr, /*allow_exceptions=*/false);
        if (!made.is_object())
            throw Error(file.string() + " is no JSON object; give another --out");
        if (made != settingsOf(study))
            throw UsageError(study.out.string() + " was made with " + spelled(made) +
                             "; give another --out");
        return;
    }
    if (hasResults(study.out))
        throw UsageError(study.out.string() +
                         " holds results and no study.json that says how they were made; give "
                         "another --out");
    writeFileAtomically(file, settingsOf(study).dump(1) + "\n");
}

}  // namespace

StudyFolder::StudyFolder(const Study& study) {
    std::error_code failed;
    fs::create_directories(study.out, failed);
    const auto file = study.out / "study.lock";
    lock_ = open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (lock_ < 0) throw Error("cannot write to " + study.out.string() + "; give another --out");
    if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
        close(lock_);
        throw Error("another study is writing to " + study.out.string() +
                    "; wait for it, or give another --out");
    }
    try {
        checkSettings(study);
    } catch (...) {
        close(lock_);
        throw;
    }
}

StudyFolder::~StudyFolder() { close(lock_); }

}  // namespace lvr
