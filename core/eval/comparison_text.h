#pragma once

#include <string>
#include <vector>

#include "core/values/comparison.h"

namespace lvr {

// A set's results as files, for the window and for `lvr runs export` alike; numbers have points
// whatever the country. UTF-8.
std::string scoresToCsv(const SetResults& results);   // a row a strategy
std::string answersToCsv(const SetResults& results);  // a row a question and strategy
std::string toMarkdown(const SetResults& results);    // a table, with what was run under it
std::string toJson(const SetResults& results);        // all of it, options included

// One question: a row a strategy and latent step.
std::string stepsToCsv(const std::vector<Strategy>& strategies,
                       const std::vector<StrategyAnswer>& answers);

}  // namespace lvr
