#pragma once

#include <QObject>
#include <QThread>
#include <memory>
#include <optional>

#include "app/engine/ask_engine.h"

namespace lvr {

// Owns the inference thread and the engine that lives on it. Every member is called on the GUI
// thread and returns at once; every signal comes on the GUI thread. The newest request wins: of
// an older one only what it had already said is reported, by overtaken().
class InferenceWorker : public QObject {
    Q_OBJECT
public:
    explicit InferenceWorker(EngineFactory factory, QObject* parent = nullptr);
    ~InferenceWorker() override;  // stops what runs and waits for it

    // Stops an ask first. The engine in use stays until the new one is open, or until memory is
    // needed; then it is opened again if the new one can't be.
    void load(const ModelWish& wish);
    void cancelLoad();
    void ask(const Question& question, const DecodeOptions& options);
    void stop();     // asking; answered() follows with the partial trace
    void abandon();  // the same, but overtaken() follows
    // Stops everything, waits for it and emits what is still to be said. Nothing runs afterwards.
    void finish();
    // For those who have their own work for the engine. May outlive the worker: then nothing runs.
    RunOnEngine runner();

Q_SIGNALS:
    void loadProgressed(const lvr::LoadProgress& progress);
    // Of the newest load, or of one before it whose model is in use after all.
    void loaded(const lvr::ModelInfo& model, const lvr::ModelWish& wish);
    void unloaded();  // the model in use had to make room and can't be opened again
    void loadCancelled();
    void loadFailed(const QString& sentence);
    void reading(const lvr::ReadingProgress& progress);
    void begun(const std::vector<lvr::PatchGrid>& grids);
    void stepDecoded(const lvr::DecodeStep& step);
    void answered(const lvr::Trace& trace);   // complete or stopped
    void overtaken(const lvr::Trace& trace);  // what a question before the newest had come to
    void askFailed(const QString& sentence);

private:
    void end();
    void run(EngineJob job, std::function<void(const std::string&)> failed);
    using RequestId = quint64;
    struct InUse {
        ModelWish wish;
        ModelInfo info;
    };
    void runLoad(RequestId id, const ModelWish& wish, const std::stop_token& stop);
    std::unique_ptr<AskEngine> open(RequestId id, const ModelWish& wish,
                                    const std::stop_token& stop);
    void reopen();
    void tellWhatIsInUse();
    void runAsk(RequestId id, const Question& question, const DecodeOptions& options,
                const std::stop_token& stop);
    // From the inference thread: runs `report` on the GUI thread if `id` is still the newest there.
    template <class Report>
    void post(const RequestId& newest, RequestId id, Report report);

    EngineFactory factory_;
    QThread thread_;
    QObject inThread_;                          // what is posted to it runs on thread_
    std::unique_ptr<AskEngine> engine_;         // touched on thread_ only, until that has ended
    std::optional<InUse> inUse_;                // thread_: what engine_ is, or was before it left
    std::optional<ModelInfo> told_;             // GUI thread: of inUse_, as reported
    RequestId newestLoad_ = 0, newestAsk_ = 0;  // GUI thread
    std::stop_source stopLoad_, stopAsk_, ending_;
};

}  // namespace lvr
