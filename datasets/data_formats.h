#pragma once

#include <string>
#include <vector>

namespace lvr {

// A format of data that is read, as a newcomer meets it.
struct DataFormat {
    std::string name;
    std::string what;     // what it is for, in a sentence
    std::string example;  // a record as JSON, or the whole of a list of files
    std::string fields;   // a line each: name and meaning; optional ones say so
};
// Those that readDataset knows. Each example is read by it, given its pictures.
const std::vector<DataFormat>& dataFormats();

}  // namespace lvr
