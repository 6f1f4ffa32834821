#pragma once

#include <QObject>
#include <QThread>
#include <filesystem>
#include <vector>

#include "core/values/run.h"

namespace lvr {

class StoreWatch;

// Follows a run store from a thread of its own, several times a second while something runs. Every
// member is called on the GUI thread and returns at once; every signal comes on the GUI thread. A
// store that can't be read is told once and tried again until it can; runsChanged() then follows.
class StoreReader : public QObject {
    Q_OBJECT
public:
    explicit StoreReader(QObject* parent = nullptr);
    ~StoreReader() override;  // finish()

    void open(const std::filesystem::path& file);  // in place of the one before
    // The runs whose metrics are wanted, in place of those before: all there are, then new ones.
    void subscribe(const std::vector<std::int64_t>& runs);
    void remove(const Run& run);  // forgets it with all its rows; its folder stays
    void setNotes(const Run& run, const QString& notes);  // notesTold() follows
    void lookNow();                                       // something just happened
    // Writes what is still to be written, if the store lets it do so within a moment, tells that,
    // and ends. Nothing is read any more.
    void finish();

Q_SIGNALS:
    void opened();  // metrics come from the start: it is another file
    void runsChanged(const std::vector<lvr::RunSummary>& runs);  // all of them, newest first
    // A column that begins at or before a step it had goes on from there: the run was resumed.
    void metricsAdded(std::int64_t run, const std::vector<lvr::MetricColumn>& columns);
    // All that the store holds of the runs subscribed to has been told, or why it can't be.
    void upToDate();
    void missing(const QString& sentence);  // there is no such file, or no longer
    void failed(const QString& sentence);
    void changeFailed(const QString& sentence);  // a run is not removed
    // `why` they could not be stored; empty: they are.
    void notesTold(std::int64_t run, const QString& notes, const QString& why);

private:
    void wire();

    QThread thread_;
    StoreWatch* watch_;                              // lives on thread_, ends with it
    quint64 newestId_ = 0, newestSubscription_ = 0;  // GUI thread
};

}  // namespace lvr
