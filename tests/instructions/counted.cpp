// The work whose instructions tests/instructions_test.cpp counts, under valgrind: models and
// pictures are small and all is done once before, so that what is counted is the work itself.
#include <torch/version.h>
#include <valgrind/callgrind.h>

#include <cstdio>
#include <filesystem>
#include <functional>

#include "core/decode/decoder.h"
#include "core/kernels/machine.h"
#include "core/sft/sft.h"
#include "core/torch.h"
#include "core/vision/image_file.h"
#include "tests/support/goldens.h"

namespace {

using namespace lvr;

const std::string kModel = golden::own("models/random-a").string();
const std::string kPicture = golden::own("images/landscape.png").string();

// From begin() to end() is counted; the first pass of what is counted is not.
void begin() { CALLGRIND_START_INSTRUMENTATION; }
void end(const char* name) {
    CALLGRIND_STOP_INSTRUMENTATION;
    CALLGRIND_DUMP_STATS_AT(name);
}

// Eight latents and sixteen tokens about a picture that is known.
void decodeOnce() {
    const auto checkpoint = LvrCheckpoint::open(kModel);
    const Question question{.images = {readImage(kPicture)}, .text = "Where is it?"};
    DecodeOptions options;
    options.exit = FixedSteps{8};
    options.spanStart = SpanStart::Forced;
    options.maxNewTokens = 24;
    const auto encoded = encodeQuestion(checkpoint, question, options);
    const auto answer = [&] { decodeEncoded(checkpoint, question, encoded, options, {}); };
    answer();
    begin();
    answer();
    end("decode");
}

// A step of supervised fine-tuning on two questions, with its optimizer step.
void trainOneStep() {
    auto checkpoint = LvrCheckpoint::open(kModel, {.use = LoadOptions::Use::Training});
    const auto record = [](Box box) {
        return TrainingRecord{.name = "record",
                              .kind = "all",
                              .images = {kPicture},
                              .question = "what is there ?",
                              .response = "<lvr>\n<answer> red </answer>",
                              .boxes = {box}};
    };
    SftOptions options;
    options.steps = 3;
    options.goal = 1.1;
    trainSft(checkpoint, TrainingSet({record({.1, .1, .6, .9}), record({.4, .2, .9, .5})}), options,
             {.onReport = [&](const TrainReport& report) {
                 if (report.step == 1) begin();
                 if (report.step == 2) end("sft_step");
             }});
}

}  // namespace

int main() {
    try {
        torch::set_num_threads(1);
        std::printf("LibTorch %s, kernels for %s\n", TORCH_VERSION, kernelTarget().c_str());
        decodeOnce();
        trainOneStep();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
