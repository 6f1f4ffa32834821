#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/values/options.h"

namespace lvr {

// Who said how to decode, by option: {"exit", "flag"}. Names are the command line's.
using OptionOrigins = std::map<std::string, std::string>;

// All options but a given thought, with their values as texts that setOption takes; empty: none.
std::vector<OptionField> fieldsOf(const DecodeOptions& options);
// Throws Error that says what is valid, and std::out_of_range where no option has this name.
void setOption(DecodeOptions& options, const std::string& name, const std::string& text);

// Names and values of all options but a given thought; pixel limits where there are some.
std::vector<std::pair<std::string, std::string>> optionTexts(const DecodeOptions& options);
// "exit end-prob:0.5:16, latent-feed own (sidecar); temperature 0, ... (default)"; without the
// brackets where nobody said. How the model thinks comes first, where origins tell it as that of
// "dialect": "dialect monet: config.json has ...; exit end-token:10 (dialect), ...".
std::string decodingText(const DecodeOptions& options, const OptionOrigins& origins);
// The exit rule and what differs from the defaults, in a few words: "fixed 8", "P(end) ≥ 0.5, at
// most 16, snapped to patches, T 0.7, seed 0".
std::string wordsOf(const DecodeOptions& options);

}  // namespace lvr
