#include "app/window/inference_worker.h"

#include <QCoreApplication>
#include <QMetaObject>
#include <QPointer>
#include <new>
#include <utility>

#include "core/error.h"

namespace lvr {
namespace {

// One sentence for a person out of whatever was thrown; call inside a catch block.
QString sentenceOf() {
    try {
        throw;
    } catch (const Error& error) {
        return QString::fromStdString(error.what());
    } catch (const std::bad_alloc&) {
        return QObject::tr("There is not enough memory for this; use a smaller picture or model.");
    } catch (const std::exception& error) {
        const QString first = QString::fromUtf8(error.what()).section('\n', 0, 0).left(300);
        return QObject::tr("The model failed: %1; try another picture or model.").arg(first);
    }
}

}  // namespace

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

void InferenceWorker::load(const std::string& folderOrRepoId) {
    stop();
    stopLoad_.request_stop();
    stopLoad_ = std::stop_source();
    QMetaObject::invokeMethod(
        &inThread_, [this, id = ++newestLoad_, folderOrRepoId, stop = stopLoad_.get_token()] {
            runLoad(id, folderOrRepoId, stop);
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
            report([failed, sentence = sentenceOf().toStdString()] { failed(sentence); });
        }
    });
}

// Inference thread.
void InferenceWorker::runLoad(RequestId id, const std::string& name, const std::stop_token& stop) {
    try {
        std::unique_ptr<AskEngine> opened;
        if (!stop.stop_requested())
            opened = factory_(
                name,
                [&](const LoadProgress& progress) {
                    post(newestLoad_, id, [this, progress] { Q_EMIT loadProgressed(progress); });
                },
                stop);
        if (!opened || stop.stop_requested())
            return post(newestLoad_, id, [this] { Q_EMIT loadCancelled(); });
        engine_ = std::move(opened);
        post(newestLoad_, id, [this, model = engine_->info()] { Q_EMIT loaded(model); });
    } catch (...) {
        post(newestLoad_, id, [this, sentence = sentenceOf()] { Q_EMIT loadFailed(sentence); });
    }
}

// Inference thread.
void InferenceWorker::runAsk(RequestId id, const Question& question, const DecodeOptions& options,
                             const std::stop_token& stop) {
    const AskHooks hooks{.onGrids =
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
        post(newestAsk_, id, [this, sentence = sentenceOf()] { Q_EMIT askFailed(sentence); });
    }
}

}  // namespace lvr
