#include "widgets/conversation/exchange_text.h"

#include <QDateTime>
#include <QLocale>
#include <QObject>
#include <QStringList>

#include "core/eval/answer.h"
#include "core/values/liveness.h"
#include "widgets/compare/strategy.h"
#include "widgets/words.h"

namespace lvr {
namespace {

QString join(QStringList parts) {
    parts.removeAll(QString());
    return parts.join(QStringLiteral(" · "));
}

// A stopped trace's answer may not have begun; then what was generated says more.
QString spokenSoFar(const Trace& trace) {
    std::string text = trace.answer;
    if (text.empty())
        for (const auto& step : trace.steps)
            if (std::holds_alternative<TextStep>(step.what) && !step.text.starts_with("<|"))
                text += step.text;
    return QString::fromStdString(text).simplified();
}

}  // namespace

QString answerText(const Trace& trace) {
    const QString said = spokenSoFar(trace);
    if (trace.stopped == StopReason::Cancelled)
        return said.isEmpty() ? QObject::tr("(stopped)") : QObject::tr("%1… (stopped)").arg(said);
    if (said.isEmpty()) return QObject::tr("(no answer)");
    return trace.stopped == StopReason::MaxNewTokens ? QObject::tr("%1… (cut)").arg(said) : said;
}

QString wayText(const Trace& trace) {
    return trace.method.empty() ? describe(trace.options) : QString::fromStdString(trace.method);
}

QString howText(const Trace& trace) {
    const bool isUsual =
        trace.dialect == "lvr" || trace.dialect == "plain" || !trace.method.empty();
    return join({isUsual ? QString() : QObject::tr("as %1").arg(trace.dialect.c_str()),
                 wayText(trace), QString::fromStdString(trace.model)});
}

QString speedText(const Trace& trace) {
    const int latents = latentCount(livenessOf(trace));
    QStringList parts{latents == 1 ? QObject::tr("1 latent")
                                   : QObject::tr("%1 latents").arg(latents)};
    if (timeToFirstToken(trace.timings) > 0)
        parts
            << QObject::tr("first token %1").arg(millisecondsText(timeToFirstToken(trace.timings)));
    if (const auto rate = tokensPerSecond(trace))
        parts << QObject::tr("%1 tokens/s").arg(*rate, 0, 'f', *rate < 10 ? 1 : 0);
    return join(parts);
}

QString whenText(std::int64_t askedAt) {
    const auto when = QDateTime::fromMSecsSinceEpoch(askedAt);
    const QLocale locale;
    const QString time = locale.toString(when.time(), QLocale::ShortFormat);
    if (when.date() == QDate::currentDate()) return time;
    return locale.toString(when.date(), QLocale::ShortFormat) + ' ' + time;
}

std::optional<bool> isRight(const Trace& trace) {
    if (!trace.expectedAnswer || trace.stopped == StopReason::Cancelled) return std::nullopt;
    return isRightAnswer(trace.answer, *trace.expectedAnswer, trace.question.text);
}

}  // namespace lvr
