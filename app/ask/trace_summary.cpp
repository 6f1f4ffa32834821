#include "app/ask/trace_summary.h"

#include <QObject>

#include "widgets/heat.h"

namespace lvr {
namespace {

QString milliseconds(double ms) {
    return ms < 10000 ? QObject::tr("%1 ms").arg(ms, 0, 'f', ms < 10 ? 1 : 0)
                      : QObject::tr("%1 s").arg(ms / 1000, 0, 'f', 1);
}

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

}  // namespace

QString summary(const Trace& trace) {
    const Timings& t = trace.timings;
    return QObject::tr(
               "%1  (picture %2, encoder %3, prompt %4, decoding %5) · %6 latent steps · %7 "
               "positions · %8")
        .arg(milliseconds(t.preprocess + t.encodeImages + t.prefill + t.decode),
             milliseconds(t.preprocess), milliseconds(t.encodeImages), milliseconds(t.prefill),
             milliseconds(t.decode))
        .arg(latentSteps(trace).size())
        .arg(trace.steps.size())
        .arg(whyStopped(trace.stopped));
}

}  // namespace lvr
