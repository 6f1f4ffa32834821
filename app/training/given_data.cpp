#include "app/training/given_data.h"

#include <iostream>

namespace lvr {

Dataset readGiven(const DataSource& source) {
    return readUsable(source,
                      [](const std::string& sentence) { std::cerr << sentence << std::endl; });
}

}  // namespace lvr
