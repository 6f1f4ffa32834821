#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/decode/decode_rows.h"
#include "core/decode/lvr_checkpoint.h"
#include "core/model/visual_tokens.h"
#include "core/values/trace.h"

namespace lvr {

using OnStep = std::function<void(const DecodeStep&)>;

enum class PromptKind { Chat, Raw };  // Raw: the question's text is the whole prompt

// A chat prompt about images whose visual tokens are known. Throws Error when the model can't read
// as much.
Prompt buildPrompt(const LvrCheckpoint& checkpoint, const VisualTokens& images,
                   const std::string& question, SpanStart start,
                   PromptKind kind = PromptKind::Chat);

// timings: preprocess and encodeImages are filled in.
VisualTokens encodeImages(const LvrCheckpoint& checkpoint, const std::vector<Image>& images,
                          Timings& timings);

// Images and text of a question as the language model reads them.
struct EncodedQuestion {
    std::vector<PatchGrid> grids;  // one per image
    Prompt prompt;
    Timings timings = {};  // preprocess and encodeImages
};
EncodedQuestion encodeQuestion(const LvrCheckpoint& checkpoint, const Question& question,
                               PromptKind kind = PromptKind::Chat,
                               SpanStart start = SpanStart::Sampled);
// The same when its images are encoded already.
EncodedQuestion encodeQuestion(const LvrCheckpoint& checkpoint, const VisualTokens& images,
                               const std::string& text, PromptKind kind, SpanStart start);

// Answers one question. Steps are reported on the caller's thread as they happen. A requested stop
// is no error: the trace holds what there is and says so.
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
