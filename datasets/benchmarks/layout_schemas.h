#pragma once

#include <set>
#include <string>
#include <vector>

namespace lvr {

// What a file of a layout has: the columns that tell it; "a|b": one of them.
struct LayoutSchema {
    const char* benchmark;
    const char* layout;
    int rank;  // of several layouts the lowest says most
    std::set<std::string> endings;
    std::vector<std::string> columns;
};

// Of every public layout of the benchmarks, and of data of one's own.
const std::vector<LayoutSchema>& layoutSchemas();

}  // namespace lvr
