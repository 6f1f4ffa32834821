#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/values/options.h"

namespace lvr {

// Who said how to decode, by option: {"exit", "flag"}. Names are the command line's.
using OptionOrigins = std::map<std::string, std::string>;

// Names and values of all options but a given thought; pixel limits where there are some.
std::vector<std::pair<std::string, std::string>> optionTexts(const DecodeOptions& options);
// "exit end-prob:0.5:16, latent-feed own (sidecar); temperature 0, ... (default)"; without the
// brackets where nobody said.
std::string decodingText(const DecodeOptions& options, const OptionOrigins& origins);

}  // namespace lvr
