#include "core/store/process.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

namespace lvr {
namespace {

// Of /proc/PID/stat, from the third on: what follows the command's closing bracket. Empty: no such
// process.
std::istringstream statFields(std::int64_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    return std::istringstream(line.substr(line.rfind(')') + 1));
}

}  // namespace

std::string hostName() {
    std::array<char, 256> name{};
    gethostname(name.data(), name.size() - 1);
    return name.data();
}

std::int64_t processId() { return getpid(); }

std::int64_t processStart(std::int64_t pid) {
    auto fields = statFields(pid);
    std::string field;
    // The state is the third, the start time number 22; Z and X are dead.
    if (!(fields >> field) || field == "Z" || field == "X") return 0;
    for (int number = 4; number <= 22; ++number) fields >> field;
    return std::stoll(field);
}

bool processIsHeld(std::int64_t pid) {
    std::string state;
    return statFields(pid) >> state && state == "T";
}

}  // namespace lvr
