#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/decode/decoder.h"
#include "core/decode/recent_prompts.h"
#include "core/model/placement.h"

namespace lvr {

// How the questions of one command are asked, and what is printed.
struct AskSettings {
    DecodeSettings decoding;
    PromptKind kind = PromptKind::Chat;
    Placement placement;
    bool json = false;
};

struct AskedQuestion {
    EncodedQuestion encoded;
    Trace trace;
};

// Asks an open model one question after the other; what was read for one is known to the next.
class Asker {
public:
    Asker(const LvrCheckpoint& checkpoint, AskSettings settings)
        : checkpoint_(checkpoint), settings_(std::move(settings)) {}

    // Says on the terminal how pictures are read, and each step as it comes, where no JSON is
    // wanted. onToken: there is something to keep. Throws Error.
    AskedQuestion ask(const Question& question, RowHooks hooks = {},
                      const std::function<void()>& onToken = {});

    nlohmann::ordered_json jsonOf(const AskedQuestion& asked) const;  // of --json
    std::string textOf(const AskedQuestion& asked) const;
    const AskSettings& settings() const { return settings_; }

private:
    const LvrCheckpoint& checkpoint_;
    AskSettings settings_;
    RecentPrompts recent_;
};

// What is asked about the same pictures, one question after the other. An answer is printed when it
// is there: as text, or as one line of JSON. One that can't be asked is said and passed over.
// Throws Error at the end when there was one.
void askEach(Asker& asker, const std::vector<Image>& pictures,
             const std::vector<std::string>& questions);

// A line of JSON each, read and answered one by one: {"question": TEXT, "image": FILE or [FILE,
// ...], "id": anything}. Without "image": the pictures. The answers are lines of JSON with "line"
// and "id"; for a line that can't be asked "error" says why, and the next one is read. Throws Error
// at the end when there was one.
void askLines(Asker& asker, const std::vector<Image>& pictures, std::istream& lines,
              const std::string& source);

}  // namespace lvr
