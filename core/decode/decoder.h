#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/decode/decode_rows.h"
#include "core/model/lvr_checkpoint.h"
#include "core/model/pass_watch.h"
#include "core/model/visual_tokens.h"
#include "core/values/trace.h"
#include "core/vision/picture_plan.h"

namespace lvr {

using OnStep = std::function<void(const DecodeStep&)>;

enum class PromptKind { Chat, Raw };  // Raw: the question's text is the whole prompt

// A chat prompt about images whose visual tokens are known. Throws Error when the model can't read
// as much.
Prompt buildPrompt(const LvrCheckpoint& checkpoint, const VisualTokens& images,
                   const std::string& question, SpanStart start, PromptKind kind = PromptKind::Chat,
                   const std::string& system = {});

// How the pictures of a question are read, before anything is encoded: as large as its options and
// the checkpoint say, but so that they, the text and an answer fit into what the model reads.
// Throws Error: the text alone is too long, or even the smallest pictures are.
PicturePlan planQuestion(const LvrCheckpoint& checkpoint, const Question& question,
                         const DecodeOptions& options, PromptKind kind = PromptKind::Chat);
// "1344x896, 1,536 visual tokens" of each picture.
std::string toText(const PicturePlan& plan);

// As planned. timings: preprocess and encodeImages are filled in. Without tokens when the watch was
// told to stop.
VisualTokens encodeImages(const LvrCheckpoint& checkpoint, const std::vector<Image>& images,
                          const PicturePlan& plan, Timings& timings, const PassWatch& watch = {});

class RecentPrompts;
// What may be looked at, and who is told, while a question is read.
struct Reading {
    PromptKind kind = PromptKind::Chat;
    std::function<void(const PicturePlan&)> onPlan = {};  // before anything is encoded
    PassWatch watch = {};                                 // of the vision encoder
    RecentPrompts* recent = nullptr;                      // pictures that are known already
};

// Images and text of a question as the language model reads them.
struct EncodedQuestion {
    PicturePlan pictures;
    Prompt prompt;         // without ids when a stop came first
    Timings timings = {};  // preprocess and encodeImages
};
EncodedQuestion encodeQuestion(const LvrCheckpoint& checkpoint, const Question& question,
                               const DecodeOptions& options = {}, const Reading& reading = {});

// Answers one question. Steps are reported on the caller's thread as they happen. A requested stop
// is no error, not while the question is read either: the trace holds what there is and says so.
Trace decode(const LvrCheckpoint& checkpoint, const Question& question,
             const DecodeOptions& options, PromptKind kind = PromptKind::Chat,
             const OnStep& onStep = {}, std::stop_token stop = {});

// The same with what was encoded already, and hooks of the caller's own (their onStep is taken).
Trace decodeEncoded(const LvrCheckpoint& checkpoint, const Question& question,
                    const EncodedQuestion& encoded, const DecodeOptions& options, RowHooks hooks,
                    const OnStep& onStep = {});

// What a row says as its answer (core/eval/answer.h); what it only sampled inside a thought is not
// said.
std::string answerOf(const LvrCheckpoint& checkpoint, const RowResult& row);

}  // namespace lvr
