#pragma once

#include <cstdint>
#include <string>

namespace lvr {

std::string hostName();
std::int64_t processId();
// When the process with this id started, in the kernel's ticks; 0 when there is none. Tells a
// process from another that got the same id later.
std::int64_t processStart(std::int64_t pid);
bool processIsHeld(std::int64_t pid);  // by SIGSTOP, until SIGCONT

}  // namespace lvr
