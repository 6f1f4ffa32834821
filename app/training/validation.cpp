#include "app/training/validation.h"

#include <algorithm>
#include <cmath>

#include "core/decode/decoder.h"
#include "core/error.h"
#include "core/eval/answer.h"
#include "core/eval/score.h"
#include "core/vision/image_file.h"

namespace lvr {
namespace {

RolloutToken tokenOf(const DecodeStep& step) {
    const auto* text = std::get_if<TextStep>(&step.what);
    return {step.token, step.text, text ? std::log(text->probability) : 0, text == nullptr};
}

// Cosines of the first image's patches, all latent steps one after the other.
std::vector<std::int8_t> heatOf(const Trace& trace) {
    std::vector<std::int8_t> heat;
    for (const auto& step : trace.steps)
        if (const auto* latent = std::get_if<LatentStep>(&step.what))
            for (int patch = 0; patch < trace.grids.front().count(); ++patch)
                heat.push_back(
                    static_cast<std::int8_t>(std::lround(latent->cosine.at(patch) * 127)));
    return heat;
}

// Under teacher forcing; nothing when the record does not fit the model.
std::optional<double> lossOf(const LvrCheckpoint& checkpoint, const DataRecord& record) {
    try {
        const ScoreRecord scored{.name = record.questionId,
                                 .images = {record.images.begin(), record.images.end()},
                                 .question = record.question,
                                 .response = record.response,
                                 .boxes = record.boxes};
        const double loss = scoreRecord(checkpoint, scored, LatentEndToken::LeftOut).ce;
        return std::isfinite(loss) ? std::optional(loss) : std::nullopt;
    } catch (const Error&) {
        return std::nullopt;
    }
}

SampleRow ask(const LvrCheckpoint& checkpoint, const DecodeOptions& options,
              const DataRecord& record, const std::stop_token& stop) {
    Question question{{}, record.question};
    for (const auto& image : record.images) question.images.push_back(readImage(image));
    const auto trace = decode(checkpoint, question, options, PromptKind::Chat, {}, stop);
    if (stop.stop_requested()) throw Cancelled();
    SampleRow row{.record = std::to_string(record.number),
                  .image = record.images.empty() ? "" : record.images.front(),
                  .question = record.question,
                  .expected = record.answer,
                  .answer = trace.answer,
                  .completion = trace.text,
                  .right = isRightAnswer(trace.answer, record.answer, record.question),
                  .loss = lossOf(checkpoint, record),
                  .stopped = toText(trace.stopped)};
    for (const auto& step : trace.steps) row.tokens.push_back(tokenOf(step));
    if (!trace.grids.empty()) {
        row.grid = trace.grids.front();
        row.heat = heatOf(trace);
    }
    return row;
}

}  // namespace

std::vector<DataRecord> chooseProbes(const Dataset& dataset, int count) {
    std::vector<DataRecord> answerable, chosen;
    for (const auto& record : dataset.records)
        if (!record.answer.empty()) answerable.push_back(record);
    const auto all = answerable.size(), wanted = std::min(all, static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < wanted; ++i) chosen.push_back(answerable[i * all / wanted]);
    return chosen;
}

ProbeAnswers askProbes(const LvrCheckpoint& checkpoint, const DecodeOptions& options,
                       std::vector<DataRecord>& probes, const std::stop_token& stop) {
    ProbeAnswers answers;
    std::erase_if(probes, [&](const DataRecord& probe) {
        try {
            answers.rows.push_back(ask(checkpoint, options, probe, stop));
            return false;
        } catch (const Error& error) {
            if (answers.problem.empty()) answers.problem = error.what();
            return true;
        }
    });
    return answers;
}

std::map<std::string, double> probeMetrics(const std::vector<SampleRow>& samples) {
    double right = 0, loss = 0;
    int losses = 0;
    for (const auto& sample : samples) {
        right += sample.right.value_or(false);
        loss += sample.loss.value_or(0);
        losses += sample.loss.has_value();
    }
    std::map<std::string, double> metrics;
    if (!samples.empty()) metrics["probe/accuracy"] = right / static_cast<double>(samples.size());
    if (losses > 0) metrics["probe/loss"] = loss / losses;
    return metrics;
}

}  // namespace lvr
