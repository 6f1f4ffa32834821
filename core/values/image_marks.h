#pragma once

#include <string>
#include <vector>

namespace lvr {

// A question in pieces, cut at its <image> marks: the pictures stand between them, in order. A
// newline on each side of a mark belongs to it, as in the official loader (lvr-spec 2.3).
std::vector<std::string> cutAtImageMarks(const std::string& question);

// The pieces of a question about `pictures` pictures, one more than pictures. Without marks all
// pictures come first. Throws Error when the number of marks is another one.
std::vector<std::string> piecesAround(const std::string& question, std::size_t pictures);

}  // namespace lvr
