#include "app/cli/study.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/cli/command.h"
#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/files/json_file.h"
#include "core/statistics/statistics.h"
#include "core/train/train_state.h"

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

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

void run(const StudyArguments& arguments) {
    if (interruption().stop_requested()) throw Cancelled();
    std::string line;
    for (const auto& argument : arguments) line += " " + argument;
    std::cout << "\n$ lvr" << line << std::endl;
    runCommand(arguments);
}

// Trains what is not there, goes on with what was interrupted.
void train(const fs::path& out, const StudyArguments& fresh) {
    if (TrainState::read(out)) return run({fresh.front(), "--resume", out.string()});
    if (!fs::exists(out / "config.json")) run(fresh);
}

fs::path modelFolder(const Study& study, const std::string& name, int seed) {
    return study.out / (name + "-" + std::to_string(seed));
}

fs::path resultFile(const Study& study, const StudyVariant& variant, int seed) {
    auto name = variant.name;
    for (char& c : name)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '-';
    return study.out / (name + "-" + std::to_string(seed) + ".json");
}

void measure(const Study& study, const StudyVariant& variant, int seed) {
    const auto file = resultFile(study, variant, seed);
    const auto part = fs::path(file).replace_extension(".part.json").string();
    OrderedJson rows = OrderedJson::array();
    StudyArguments asked;
    OrderedJson answer;
    for (const auto& column : study.columns) {
        StudyArguments eval{"eval", "scenes", "--model",
                            modelFolder(study, variant.model, seed).string()};
        eval.insert(eval.end(), column.eval.begin(), column.eval.end());
        eval.insert(eval.end(), variant.eval.begin(), variant.eval.end());
        eval.insert(eval.end(), {"--to", part, "--json"});
        if (eval != asked) {
            run(eval);
            answer = OrderedJson::parse(std::ifstream(part)).at("rows");
            asked = eval;
        }
        auto row = answer.at(column.row);
        row["column"] = column.name;
        rows.push_back(row);
    }
    fs::remove(part);
    writeFileAtomically(file, rows.dump(1) + "\n");
}

struct Cell {
    int right = 0, count = 0;
    std::vector<double> bySeed;
    double share() const { return static_cast<double>(right) / count; }
};

std::vector<Cell> cellsOf(const Study& study, const StudyVariant& variant) {
    std::vector<Cell> cells(study.columns.size());
    for (int seed = 0; seed < study.seeds; ++seed) {
        std::ifstream in(resultFile(study, variant, seed));
        if (!in) continue;
        const auto rows = OrderedJson::parse(in);
        for (std::size_t c = 0; c < cells.size() && c < rows.size(); ++c) {
            const int count = rows[c].at("count");
            const double accuracy = rows[c].at("accuracy");
            cells[c].count += count;
            cells[c].right += static_cast<int>(std::lround(accuracy * count));
            cells[c].bySeed.push_back(accuracy);
        }
    }
    return cells;
}

std::string formatted(const char* format, double a, double b = 0, double c = 0) {
    char text[64];
    std::snprintf(text, sizeof text, format, a, b, c);
    return text;
}

// Every kind counts alike, however many questions it has.
double meanOf(const std::vector<Cell>& cells, std::size_t seed) {
    double sum = 0;
    for (const auto& cell : cells) sum += cell.bySeed.at(seed);
    return sum / static_cast<double>(cells.size());
}

void addRows(const Study& study, const StudyVariant& variant, std::ostream& out) {
    const auto cells = cellsOf(study, variant);
    const auto seeds = cells.front().bySeed.size();
    if (seeds == 0) return;
    out << "| " << variant.name << " |";
    if (study.mean) {
        double sum = 0;
        for (std::size_t s = 0; s < seeds; ++s) sum += meanOf(cells, s);
        out << formatted(" %.2f |", sum / static_cast<double>(seeds));
    }
    for (const auto& cell : cells) {
        const auto interval = wilson95(cell.right, cell.count);
        out << formatted(" %.2f (%.2f-%.2f) |", cell.share(), interval.low, interval.high);
    }
    const auto bySeed = [&](const auto& value) {
        out << " ";
        for (std::size_t s = 0; s < seeds; ++s)
            out << (s ? "/" : "") << formatted("%.2f", value(s));
        out << " |";
    };
    out << "\n|  by seed |";
    if (study.mean) bySeed([&](std::size_t s) { return meanOf(cells, s); });
    for (const auto& cell : cells) bySeed([&](std::size_t s) { return cell.bySeed[s]; });
    out << "\n";
}

// Means over seeds with a 95 % interval of all questions together; seeds apart below.
std::string table(const Study& study) {
    std::ostringstream out;
    out << "| " << study.corner << " |" << (study.mean ? " mean |" : "");
    for (const auto& column : study.columns) out << " " << column.name << " |";
    out << "\n|---|" << (study.mean ? "---|" : "");
    for (std::size_t c = 0; c < study.columns.size(); ++c) out << "---|";
    out << "\n";
    for (const auto& variant : study.variants) addRows(study, variant, out);
    out << "\n" << study.notes;
    for (const auto& variant : study.variants)
        out << " " << variant.name << ": " << variant.says << ".";
    out << "\n\nMade by `lvr study " << study.name << " --steps " << study.steps << " --seeds "
        << study.seeds << " --count " << study.count
        << "`: every model starts from a tiny vision tower that `lvr align` makes from its seed.\n";
    return out.str();
}

// For Mermaid, which GitHub and most Markdown viewers draw.
std::string plot(const Study& study) {
    std::ostringstream out;
    out << "```mermaid\nxychart-beta\n    title \"" << study.plotTitle << "\"\n    x-axis [";
    for (std::size_t c = 0; c < study.columns.size(); ++c) out << (c ? ", " : "") << c;
    out << "]\n    y-axis \"right\" 0 --> 1\n";
    std::string names;
    for (const auto& variant : study.variants) {
        const auto cells = cellsOf(study, variant);
        if (cells.front().bySeed.empty()) continue;
        out << "    line [";
        for (std::size_t c = 0; c < cells.size(); ++c)
            out << (c ? ", " : "") << std::round(1000.0 * cells[c].share()) / 1000;
        out << "]\n";
        names += (names.empty() ? "" : "; ") + variant.name;
    }
    out << "```\nLines in this order: " << names << ".\n";
    return out.str();
}

void report(const Study& study) {
    auto text = table(study);
    if (!study.plotTitle.empty()) text += "\n" + plot(study);
    writeFileAtomically(study.out / "report.md", text);
    std::cout << "\n" << text << "\nwrote " << (study.out / "report.md").string() << std::endl;
}

void makeData(const Study& study, const std::string& folder) {
    for (const auto& command : study.data)
        if (fs::path(command.back()) == study.out / folder &&
            !fs::exists(study.out / folder / "data.json"))
            run(command);
}

// A model, and before it what it starts from, as far as they are not there.
void makeModel(const Study& study, const std::string& name, int seed) {
    const auto out = modelFolder(study, name, seed);
    const StudyArguments common{"--out", out.string(), "--seed", std::to_string(seed)};
    const auto made = std::find_if(study.variants.begin(), study.variants.end(),
                                   [&](const auto& variant) { return variant.model == name; });
    StudyArguments command{"align"};
    if (made != study.variants.end()) {
        makeModel(study, made->from, seed);
        makeData(study, made->data);
        command = made->train;
        command.insert(command.end(), {"--model", modelFolder(study, made->from, seed).string(),
                                       "--data", (study.out / made->data).string()});
    }
    command.insert(command.end(), common.begin(), common.end());
    train(out, command);
}

// The folder of a study, which no other study writes to as long as this lives. It remembers what
// its results depend on; more seeds may be added. Throws UsageError and Error, see runStudy.
class StudyFolder {
public:
    explicit StudyFolder(const Study& study);
    ~StudyFolder();
    StudyFolder(const StudyFolder&) = delete;
    StudyFolder& operator=(const StudyFolder&) = delete;

private:
    int lock_ = -1;  // ends with the process, however that ends
};

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

StudyArguments with(StudyArguments all, const StudyArguments& more) {
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

std::string recordsFor(int steps) {
    constexpr std::int64_t kMost = 24000, kAStep = 48;  // 8 pictures x 6 questions
    return std::to_string(std::min(kMost, kAStep * steps));
}

void runStudy(const Study& study) {
    const StudyFolder folder(study);
    const auto all = study.variants.size() * static_cast<std::size_t>(study.seeds);
    std::size_t at = 0, measured = 0;
    for (const auto& variant : study.variants) {
        for (int seed = 0; seed < study.seeds; ++seed) {
            ++at;
            if (fs::exists(resultFile(study, variant, seed))) continue;
            std::cout << "\n[" << at << "/" << all << "] " << variant.name << ", seed " << seed
                      << std::endl;
            makeModel(study, variant.model, seed);
            measure(study, variant, seed);
            report(study);
            ++measured;
        }
    }
    if (measured == 0) report(study);
}

}  // namespace lvr
