#include "app/ask/trace_summary.h"

#include <QLocale>
#include <QObject>
#include <QStringList>

#include "app/engine/ask_engine.h"
#include "core/trace/heat.h"
#include "widgets/conversation/exchange_text.h"
#include "widgets/words.h"

namespace lvr {
namespace {

QString whyStopped(StopReason reason) {
    switch (reason) {
        case StopReason::EndOfText:
            return QObject::tr("finished by itself");
        case StopReason::MaxNewTokens:
            return QObject::tr("cut at the token limit");
        case StopReason::Cancelled:
            return QObject::tr("stopped by you");
    }
    return {};
}

QString firstTokenText(const Trace& trace) {
    const Timings& t = trace.timings;
    // Another program's clock knows when its first token came, and not of our stages.
    if (!trace.method.empty())
        return QObject::tr("first token after %1").arg(millisecondsText(timeToFirstToken(t)));
    const QString encoder =
        reusedEncoding(trace) ? QObject::tr("reused") : millisecondsText(t.encodeImages);
    return QObject::tr("first token after %1 (picture %2, encoder %3, prompt %4)")
        .arg(millisecondsText(timeToFirstToken(t)), millisecondsText(t.preprocess), encoder,
             millisecondsText(t.prefill));
}

constexpr int kLongestQuestion = 120;  // characters; the conversation has all of it

}  // namespace

QString sizeText(const PicturePlan& plan) {
    const QString tokens = QLocale(QLocale::English).toString(plan.visualTokens());
    if (plan.sizes.size() != 1)
        return QObject::tr("%1 pictures, %2 visual tokens").arg(plan.sizes.size()).arg(tokens);
    const Size& size = plan.sizes.front();
    return QObject::tr("%1×%2, %3 visual tokens").arg(size.width).arg(size.height).arg(tokens);
}

QString readingText(const ReadingProgress& progress) {
    const int percent = static_cast<int>(progress.fraction * 100);
    if (progress.what == ReadingProgress::What::Prompt)
        return QObject::tr("Reading the question… %1 %").arg(percent);
    return QObject::tr("Reading the picture at %1… %2 %")
        .arg(sizeText(progress.pictures))
        .arg(percent);
}

QString askedText(const Trace& trace) {
    QString question = QString::fromStdString(trace.question.text).simplified();
    if (question.size() > kLongestQuestion) question = question.left(kLongestQuestion) + "…";
    return QObject::tr("Asked: %1 · %2").arg(question, howText(trace));
}

QString summary(const Trace& trace) {
    if (trace.steps.empty() && trace.stopped == StopReason::Cancelled)
        return QObject::tr("Stopped by you before the first token");
    QStringList parts;
    if (timeToFirstToken(trace.timings) > 0)
        parts << millisecondsText(timeToFirstToken(trace.timings) + trace.timings.decode)
              << firstTokenText(trace);
    if (const auto rate = tokensPerSecond(trace))
        parts << QObject::tr("%1 tokens/s").arg(*rate, 0, 'f', *rate < 10 ? 1 : 0);
    const auto latents = latentSteps(trace).size();
    parts << (trace.options.thought.boxes.empty()
                  ? QObject::tr("%1 latent steps").arg(latents)
                  : QObject::tr("%1 latent steps (given by you)").arg(latents))
          << QObject::tr("%1 positions").arg(trace.steps.size()) << whyStopped(trace.stopped);
    return parts.join(QStringLiteral(" · "));
}

}  // namespace lvr
