#include "app/training/given_data.h"

#include <iostream>

namespace lvr {

Dataset readGiven(const DataSource& source, const std::stop_token& stop) {
    return readUsable(source,
                      [](const std::string& sentence) { std::cerr << sentence << std::endl; },
                      {.stop = stop});
}

}  // namespace lvr
