#include "core/text/tokenizer.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/text/added_tokens.h"
#include "core/text/byte_pairs.h"
#include "core/text/pre_tokenizer.h"
#include "core/text/tokenizer_files.h"
#include "core/values/dialect.h"

namespace lvr {
namespace {

// Text that a person typed must not form these, whatever a checkpoint says of them: the second LVR
// stage and several other methods leave their tokens as not special.
const std::set<std::string_view>& alwaysText() {
    static const std::set<std::string_view> kAll = [] {
        std::set<std::string_view> all{"<|image_pad|>", "<|video_pad|>", "<|vision_pad|>",
                                       "<|vision_start|>", "<|vision_end|>"};
        all.insert(dialectTokens().begin(), dialectTokens().end());
        return all;
    }();
    return kAll;
}

bool staysText(const AddedToken& token) {
    return token.special || alwaysText().contains(token.content);
}

// What the files of a checkpoint fix; added tokens can still come on top.
struct Vocabulary {
    std::unordered_map<std::string, std::int64_t> ids;  // by spelling
    std::vector<std::string> bytes;                     // by id; empty where there is none
    BytePairs pairs;
    PreTokenizer preTokenizer;
    bool nfc = true;
};

// Spellings that are no byte-level ones decode as they stand.
std::string bytesOf(const std::string& spelling) {
    return bytesOfSpelling(spelling).value_or(spelling);
}

std::vector<std::string> makeBytes(const TokenizerFiles& files) {
    std::vector<std::string> bytes;
    for (const auto& [spelling, id] : files.vocabulary) {
        if (id >= std::ssize(bytes)) bytes.resize(id + 1);
        bytes[id] = bytesOf(spelling);
    }
    return bytes;
}

std::shared_ptr<const Vocabulary> makeVocabulary(TokenizerFiles files) {
    auto bytes = makeBytes(files);
    return std::make_shared<const Vocabulary>(Vocabulary{std::move(files.vocabulary),
                                                         std::move(bytes), std::move(files.pairs),
                                                         std::move(files.preTokenizer), files.nfc});
}

// The added tokens to look for, before and after normalisation.
struct Matchers {
    explicit Matchers(const std::vector<AddedToken>& tokens) {
        std::vector<AddedToken> inRaw;
        std::vector<AddedToken> inNormalized;
        for (const auto& token : tokens) (token.normalized ? inNormalized : inRaw).push_back(token);
        for (auto& token : inNormalized) token.content = toNfc(token.content);
        raw = AddedTokenMatcher(std::move(inRaw));
        normalized = AddedTokenMatcher(std::move(inNormalized));
    }
    AddedTokenMatcher raw;
    AddedTokenMatcher normalized;
};

std::vector<AddedToken> withoutTextOnly(std::vector<AddedToken> tokens) {
    std::erase_if(tokens, staysText);
    return tokens;
}

}  // namespace

struct Tokenizer::Tables {
    Tables(std::shared_ptr<const Vocabulary> vocabulary, std::vector<AddedToken> addedTokens)
        : vocabulary(std::move(vocabulary)),
          added(std::move(addedTokens)),
          recognise(added),
          asText(withoutTextOnly(added)) {
        for (const auto& token : added) addedById.emplace(token.id, &token);
    }
    Tables(const Tables&) = delete;  // addedById points into added
    Tables& operator=(const Tables&) = delete;

    void encodePlain(std::string_view text, std::vector<std::int64_t>& ids) const {
        for (const auto& piece : vocabulary->preTokenizer.split(text))
            vocabulary->pairs.encode(piece, ids);
    }
    void encodeNormalized(std::string_view text, const AddedTokenMatcher& matcher,
                          std::vector<std::int64_t>& ids) const {
        for (const auto& piece : matcher.split(text))
            if (piece.added)
                ids.push_back(*piece.added);
            else
                encodePlain(piece.text, ids);
    }

    std::shared_ptr<const Vocabulary> vocabulary;
    std::vector<AddedToken> added;
    std::unordered_map<std::int64_t, const AddedToken*> addedById;
    Matchers recognise;
    Matchers asText;
};

Tokenizer Tokenizer::open(const std::filesystem::path& folder) {
    auto files = readTokenizerFiles(folder);
    auto added = std::move(files.added);
    return Tokenizer(
        std::make_shared<const Tables>(makeVocabulary(std::move(files)), std::move(added)));
}

std::vector<std::int64_t> Tokenizer::encode(std::string_view text, SpecialTokens special) const {
    const auto& matchers =
        special == SpecialTokens::Recognise ? tables_->recognise : tables_->asText;
    const bool nfc = tables_->vocabulary->nfc;
    const auto valid = toValidUtf8(text);
    std::vector<std::int64_t> ids;
    for (const auto& piece : matchers.raw.split(valid)) {
        if (piece.added)
            ids.push_back(*piece.added);
        else
            tables_->encodeNormalized(nfc ? toNfc(piece.text) : std::string(piece.text),
                                      matchers.normalized, ids);
    }
    return ids;
}

std::string Tokenizer::decode(const std::vector<std::int64_t>& ids, SkipSpecial skip) const {
    const auto& bytes = tables_->vocabulary->bytes;
    std::string text;
    for (const auto id : ids) {
        const auto added = tables_->addedById.find(id);
        if (added == tables_->addedById.end()) {
            if (id >= 0 && id < std::ssize(bytes)) text += bytes[id];
        } else if (skip == SkipSpecial::No || !added->second->special) {
            text += bytesOf(added->second->content);
        }
    }
    return toValidUtf8(text);
}

std::optional<std::int64_t> Tokenizer::id(std::string_view token) const {
    for (const auto& added : tables_->added)
        if (added.content == token) return added.id;
    const auto found = tables_->vocabulary->ids.find(std::string(token));
    if (found == tables_->vocabulary->ids.end()) return {};
    return found->second;
}

std::int64_t Tokenizer::size() const {
    auto end = std::ssize(tables_->vocabulary->bytes);
    for (const auto& token : tables_->added) end = std::max(end, token.id + 1);
    return end;
}

Tokenizer Tokenizer::withSpecialToken(const std::string& token,
                                      std::optional<std::int64_t> wanted) const {
    auto added = tables_->added;
    const bool known = std::any_of(added.begin(), added.end(),
                                   [&](const AddedToken& one) { return one.content == token; });
    if (known) return *this;
    const auto place = id(token).value_or(wanted.value_or(size()));
    if (const auto there = decode({place}); !there.empty() && there != token)
        throw Error(token + " is to have the id " + std::to_string(place) +
                    ", which the tokenizer "
                    "has for \"" +
                    there + "\"");
    added.push_back({.content = token, .id = place, .special = true});
    return Tokenizer(std::make_shared<const Tables>(tables_->vocabulary, std::move(added)));
}

}  // namespace lvr
