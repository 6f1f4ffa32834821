#pragma once

#include <QObject>
#include <QTimer>
#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <utility>
#include <vector>

#include "core/values/run.h"

namespace lvr {

class RunStore;

// Looks at a run store again and again and tells what changed. Lives on the thread of a
// StoreReader, which is the one to use.
class StoreWatch : public QObject {
    Q_OBJECT
public:
    explicit StoreWatch(QObject* parent = nullptr);
    ~StoreWatch() override;

    // Any thread. What an older subscription still waits for is read no further; after a stop
    // nothing is, and a locked store is waited for no longer than a moment.
    void expect(quint64 subscription) { expected_ = subscription; }
    void requestStop() { stop_.request_stop(); }

    void open(quint64 id, const std::filesystem::path& file);
    void subscribe(quint64 subscription, const std::vector<std::int64_t>& runs);
    void remove(const Run& run);
    void setNotes(const Run& run, const QString& notes);
    void look();

Q_SIGNALS:
    // id: of the open() that asked for this store.
    void opened(quint64 id);
    void runsChanged(quint64 id, const std::vector<lvr::RunSummary>& runs);
    void metricsAdded(quint64 id, std::int64_t run, const std::vector<lvr::MetricColumn>& columns);
    // A look is over: all that the subscription wants has been told, or why it can't be.
    void upToDate(quint64 id, quint64 subscription);
    void missing(quint64 id, const QString& sentence);
    void failed(quint64 id, const QString& sentence);
    void changeFailed(quint64 id, const QString& sentence);
    // `why` is empty when the store has them.
    void notesTold(quint64 id, std::int64_t run, const QString& notes, const QString& why);

private:
    using FileIdentity = std::pair<std::uint64_t, std::uint64_t>;  // device, inode

    QString change(const Run& run, const std::function<void(RunStore&)>& act);
    void demandSameFile() const;
    bool isOvertaken() const;
    bool isThere() const;
    void complainOfNoFile();
    bool findFile();
    void lookInside();
    void listRuns();
    RunSummary summarize(Run run);
    void readMetrics();
    void complain(const QString& sentence, bool isMissing);

    std::atomic<quint64> expected_ = 0;  // the newest subscription
    std::stop_source stop_;
    quint64 id_ = 0, subscription_ = 0;
    std::filesystem::path file_;
    FileIdentity identity_;
    std::unique_ptr<RunStore> store_;
    std::int64_t version_ = -1;                     // of the store when it was listed; -1: never
    std::map<std::int64_t, RunSummary> known_;      // as told
    std::map<std::int64_t, std::int64_t> cursors_;  // of the subscribed runs
    QString complaint_;                             // as told; empty when all is well
    QTimer timer_;
};

}  // namespace lvr
