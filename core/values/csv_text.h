#pragma once

#include <string>
#include <vector>

namespace lvr {

// As RFC 4180 has them: quoted where a comma, a quote or an end of line stands in the text.
std::string csvField(const std::string& text);
std::string csvLine(const std::vector<std::string>& fields);  // with its end

}  // namespace lvr
