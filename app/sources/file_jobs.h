#pragma once

#include <QObject>
#include <QThreadPool>
#include <functional>
#include <string>
#include <vector>

#include "core/values/trace.h"

namespace lvr {

// Reads and writes files away from the GUI thread; every signal comes on the GUI thread. Of several
// files opened in a hurry the newest is shown.
class FileJobs : public QObject {
    Q_OBJECT
public:
    explicit FileJobs(QObject* parent = nullptr);
    ~FileJobs() override;  // waits for the last file

    void open(const QString& file);  // a trace by its ending .lvrtrace, otherwise a picture
    void save(const Trace& trace, const QString& file);
    void list(const std::function<std::vector<std::string>()>& checkpoints);

Q_SIGNALS:
    void pictureOpened(const lvr::Image& picture, const QString& file);
    void traceOpened(const lvr::Trace& trace, const QString& file);
    void traceSaved(const QString& file);
    void listed(const std::vector<std::string>& checkpoints);
    void openFailed(const QString& sentence);
    void saveFailed(const QString& sentence);
    void listFailed(const QString& sentence);

private:
    using Report = std::function<void()>;
    using Failure = void (FileJobs::*)(const QString&);
    using Wanted = std::function<bool()>;
    // Runs `job` on the pool and what it returns on the GUI thread, if that is still wanted then;
    // what it throws is reported by `failure`.
    void run(
        std::function<Report()> job, Failure failure, Wanted wanted = [] { return true; });

    QThreadPool pool_;
    quint64 newestOpen_ = 0;  // GUI thread
};

}  // namespace lvr
