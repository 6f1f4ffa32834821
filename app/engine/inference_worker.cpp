#include "app/engine/inference_worker.h"

#include <QCoreApplication>
#include <QMetaObject>
#include <QPointer>
#include <utility>

#include "core/error.h"
#include "widgets/job.h"

namespace lvr {
InferenceWorker::InferenceWorker(EngineFactory factory, QObject* parent)
    : QObject(parent), factory_(std::move(factory)) {
    inThread_.moveToThread(&thread_);
    thread_.setObjectName("inference");
    // LibTorch's kernels keep more on the stack than a thread's usual share on some systems.
    thread_.setStackSize(16 << 20);
    thread_.start();
}

InferenceWorker::~InferenceWorker() { end(); }

void InferenceWorker::finish() {
    end();
    QCoreApplication::sendPostedEvents(this, QEvent::MetaCall);
}

void InferenceWorker::end() {
    stopLoad_.request_stop();
    stopAsk_.request_stop();
    ending_.request_stop();
    thread_.quit();
    thread_.wait();
}

template <class Report>
void InferenceWorker::post(const RequestId& newest, RequestId id, Report report) {
    QMetaObject::invokeMethod(this, [&newest, id, report = std::move(report)] {
        if (id == newest) report();
    });
}

void InferenceWorker::load(const ModelWish& wish) {
    stop();
    stopLoad_.request_stop();
    stopLoad_ = std::stop_source();
    QMetaObject::invokeMethod(&inThread_,
                              [this, id = ++newestLoad_, wish, stop = stopLoad_.get_token()] {
                                  runLoad(id, wish, stop);
                              });
}

void InferenceWorker::cancelLoad() { stopLoad_.request_stop(); }

void InferenceWorker::ask(const Question& question, const DecodeOptions& options) {
    stop();
    stopAsk_ = std::stop_source();
    QMetaObject::invokeMethod(
        &inThread_, [this, id = ++newestAsk_, question, options, stop = stopAsk_.get_token()] {
            runAsk(id, question, options, stop);
        });
}

void InferenceWorker::stop() { stopAsk_.request_stop(); }

void InferenceWorker::abandon() {
    stop();
    ++newestAsk_;
}

RunOnEngine InferenceWorker::runner() {
    return [self = QPointer(this)](EngineJob job, auto failed) {
        if (self) self->run(std::move(job), std::move(failed));
    };
}

void InferenceWorker::run(EngineJob job, std::function<void(const std::string&)> failed) {
    const auto report = [this](std::function<void()> what) {
        QMetaObject::invokeMethod(this, std::move(what));
    };
    QMetaObject::invokeMethod(&inThread_, [this, job = std::move(job), failed = std::move(failed),
                                           report, ending = ending_.get_token()] {
        try {
            job({engine_.get(), report, ending});
        } catch (...) {
            report([failed, sentence = thrownSentence().toStdString()] { failed(sentence); });
        }
    });
}

// Inference thread. Null: stopped.
std::unique_ptr<AskEngine> InferenceWorker::open(RequestId id, const ModelWish& wish,
                                                 const std::stop_token& stop) {
    if (stop.stop_requested()) return nullptr;
    auto opened = factory_(wish,
                           {.onProgress =
                                [&](const LoadProgress& progress) {
                                    post(newestLoad_, id,
                                         [this, progress] { Q_EMIT loadProgressed(progress); });
                                },
                            .makeRoom = [this] { engine_.reset(); }},
                           stop);
    return stop.stop_requested() ? nullptr : std::move(opened);
}

// Inference thread.
void InferenceWorker::runLoad(RequestId id, const ModelWish& wish, const std::stop_token& stop) {
    try {
        auto opened = open(id, wish, stop);
        if (!opened) {
            reopen();
            return post(newestLoad_, id, [this] { Q_EMIT loadCancelled(); });
        }
        engine_ = std::move(opened);
        inUse_ = InUse{wish, engine_->info()};
        post(newestLoad_, id, [this, now = *inUse_] {
            told_ = now.info;
            Q_EMIT loaded(now.info, now.wish);
        });
    } catch (...) {
        const QString sentence = thrownSentence();
        reopen();
        post(newestLoad_, id, [this, sentence] { Q_EMIT loadFailed(sentence); });
    }
}

// Inference thread. After a load that came to nothing, though it may have taken the engine's place.
void InferenceWorker::reopen() {
    if (!engine_ && inUse_) {
        try {
            engine_ = factory_(inUse_->wish, {}, ending_.get_token());
        } catch (...) {  // what the load failed of is told, and that nothing is open
        }
        if (!engine_) inUse_.reset();
    }
    tellWhatIsInUse();
}

// Inference thread. Where the GUI has not heard of it, because a newer load came between, or holds
// what is gone for open.
void InferenceWorker::tellWhatIsInUse() {
    QMetaObject::invokeMethod(this, [this, now = inUse_] {
        if (now && now->info != told_) {
            told_ = now->info;
            Q_EMIT loaded(now->info, now->wish);
        } else if (!now && std::exchange(told_, std::nullopt)) {
            Q_EMIT unloaded();
        }
    });
}

// Inference thread.
void InferenceWorker::runAsk(RequestId id, const Question& question, const DecodeOptions& options,
                             const std::stop_token& stop) {
    const AskHooks hooks{.onReading =
                             [&](const ReadingProgress& progress) {
                                 post(newestAsk_, id,
                                      [this, progress] { Q_EMIT reading(progress); });
                             },
                         .onGrids =
                             [&](const std::vector<PatchGrid>& grids) {
                                 post(newestAsk_, id, [this, grids] { Q_EMIT begun(grids); });
                             },
                         .onStep =
                             [&](const DecodeStep& step) {
                                 post(newestAsk_, id, [this, step] { Q_EMIT stepDecoded(step); });
                             }};
    try {
        if (!engine_) throw Error("No model is open; choose one with Open model…");
        Trace trace;
        if (stop.stop_requested()) {  // overtaken before it began: spare the encoder
            trace = {.question = question, .options = options, .stopped = StopReason::Cancelled};
        } else {
            trace = engine_->ask(question, options, hooks, stop);
        }
        QMetaObject::invokeMethod(this, [this, id, trace = std::move(trace)] {
            if (id == newestAsk_)
                Q_EMIT answered(trace);
            else if (!trace.steps.empty())
                Q_EMIT overtaken(trace);
        });
    } catch (...) {
        post(newestAsk_, id, [this, sentence = thrownSentence()] { Q_EMIT askFailed(sentence); });
    }
}

}  // namespace lvr
