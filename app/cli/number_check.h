#pragma once

namespace CLI {
class App;
}

namespace lvr {

// Has every numeric option of a command and of those under it refuse what is no finite number: NaN
// passes any range check, because each of its comparisons is false.
void checkNumbers(CLI::App& app);

}  // namespace lvr
