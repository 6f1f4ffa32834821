#include "core/store/process.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

namespace lvr {

std::string hostName() {
    std::array<char, 256> name{};
    gethostname(name.data(), name.size() - 1);
    return name.data();
}

std::int64_t processId() { return getpid(); }

std::int64_t processStart(std::int64_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return 0;
    // Fields after the command's closing bracket: state is 3, the start time 22; Z and X are dead.
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string field;
    fields >> field;
    if (field == "Z" || field == "X") return 0;
    for (int number = 4; number <= 22; ++number) fields >> field;
    return std::stoll(field);
}

}  // namespace lvr
