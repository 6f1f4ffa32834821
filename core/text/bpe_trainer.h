#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lvr {

// Trains a byte-level BPE on `corpus` until every pre-token of it is one token, and writes
// tokenizer.json, tokenizer_config.json, vocab.json, merges.txt, added_tokens.json,
// special_tokens_map.json and chat_template.jinja to `folder` (made when it is not there), with
// Qwen2.5-VL's special tokens in their order followed by the four LVR tokens; these are left out
// of the training text. Opens with transformers' AutoTokenizer. Deterministic. Throws Error.
void trainTokenizer(const std::vector<std::string>& corpus, const std::filesystem::path& folder);

}  // namespace lvr
