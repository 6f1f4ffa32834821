#pragma once

#include <QObject>
#include <QThreadPool>
#include <stop_token>

#include "app/sources/record_list.h"
#include "core/values/sample.h"

namespace lvr {

// Reads data files and the pictures of single records away from the GUI thread; every signal comes
// on the GUI thread, and only for what was asked last.
class RecordReader : public QObject {
    Q_OBJECT
public:
    explicit RecordReader(QObject* parent = nullptr);
    ~RecordReader() override;  // stops and waits

    // imageRoot: of relative image paths; empty: the data's folder
    void open(const QString& data, const QString& imageRoot);
    void cancel();
    // Of several in a hurry only the newest is searched to the end.
    void filter(const Records& records, const QString& text);
    void readSample(const Records& records, int record);

Q_SIGNALS:
    void progressed(int records);
    void opened(const lvr::Records& records);
    void openFailed(const QString& sentence);
    void cancelled();
    void filtered(const std::vector<int>& rows);
    void sampleRead(const lvr::Sample& sample, int record);
    void sampleFailed(const QString& sentence);

private:
    void report(quint64 id, const quint64& newest, std::function<void()> report);

    QThreadPool pool_;
    std::stop_source stop_, stopFilter_;
    quint64 newestOpen_ = 0, newestFilter_ = 0, newestSample_ = 0;  // GUI thread
};

}  // namespace lvr
