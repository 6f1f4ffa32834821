#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/text/added_tokens.h"
#include "core/text/byte_pairs.h"
#include "core/text/pre_tokenizer.h"

namespace lvr {

// What a folder says about its tokenizer, checked: every byte has a token, no id is given twice.
struct TokenizerFiles {
    std::unordered_map<std::string, std::int64_t> vocabulary;  // spelled in GPT-2's byte alphabet
    BytePairs pairs;
    std::vector<AddedToken> added;
    PreTokenizer preTokenizer;
    bool nfc = true;  // text is brought to NFC before it is cut
};

// Reads tokenizer.json, or vocab.json + merges.txt with Qwen2's settings. tokenizer_config.json's
// added_tokens_decoder completes either; without it added_tokens.json and special_tokens_map.json
// complete the latter. Throws Error that names file and field.
TokenizerFiles readTokenizerFiles(const std::filesystem::path& folder);

// Writes special tokens into a folder's tokenizer files as transformers does after
// add_tokens(..., special_tokens=True): into those of tokenizer.json, added_tokens_decoder and
// added_tokens.json that are there, where the token is not listed yet. All else stays byte for
// byte. Throws Error.
void writeSpecialTokens(const std::vector<AddedToken>& tokens, const std::filesystem::path& folder);

}  // namespace lvr
