#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/files/json_file.h"
#include "core/values/dialect.h"

namespace lvr {

// What a checkpoint folder says of how it thinks.
struct DialectEvidence {
    const JsonFields& config;      // config.json
    const JsonFields& generation;  // generation_config.json, an empty object where there is none
    // Id of a token that the tokenizer knows.
    std::function<std::optional<std::int64_t>(const std::string& token)> idOf;
    std::string sidecar = {};  // what lvr_workbench.json names, or empty
    std::string sidecarFile = "lvr_workbench.json";
};

// A method's tokens with the ids that config.json gives them; those it gives none are the
// tokenizer's. Absent: it has no such token.
struct NamedToken {
    std::string text;
    std::optional<std::int64_t> configured;
    bool operator==(const NamedToken&) const = default;
};

struct FoundDialect {
    Dialect dialect;  // with the count that config.json says
    DialectChoice choice;
    NamedToken start, latent, end;
    std::optional<NamedToken> latentEnd;
};

// asked: a name that somebody says, which wins; "monet:151665" where the tokenizer has none of its
// tokens: they have the ids from there on, in the order in which the method adds them. Else the
// sidecar's name; else a method's own fields of config.json, at its top level or in text_config;
// else its added tokens; else "plain". Throws Error: an unknown name, a name whose tokens the
// tokenizer lacks or has elsewhere, a model that thinks in a way that is not built in.
FoundDialect dialectOf(const DialectEvidence& evidence, const std::string& asked = {});

}  // namespace lvr
