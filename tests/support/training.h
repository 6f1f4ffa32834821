// What tests of `lvr sft` and `lvr grpo` look at while a training runs and after it.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <QFile>
#include <csignal>

#include "tests/support/program.h"

namespace program {

inline const QString kTinyModel = LVR_RESOURCES "/models/tiny";

inline QStringList words(const char* text) { return QString(text).split(' ', Qt::SkipEmptyParts); }

inline QByteArray bytesOf(const QString& file) {
    QFile opened(file);
    return opened.open(QIODevice::ReadOnly) ? opened.readAll() : QByteArray();
}

// All rows of a run that do not depend on the clock.
inline QStringList curvesOf(const QString& out) {
    auto rows = lvr({"runs", "export", out}).out.split('\n', Qt::SkipEmptyParts);
    rows.removeIf([](const QString& row) {
        return row.contains("_per_second,") || row.contains(",time/") || row.contains(",system/");
    });
    return rows;
}

inline QJsonObject shown(const QString& run) {
    return jsonOf(lvr({"runs", "show", run, "--json"})).object();
}

// A training that is looked at while it runs. It lives at most as long as this object.
class Training {
public:
    explicit Training(const QStringList& arguments, const QString& program = LVR_PROGRAM) {
        process_.setProcessChannelMode(QProcess::MergedChannels);
        process_.start(program, arguments);
    }
    ~Training() {
        process_.kill();
        process_.waitForFinished();
    }
    // Until it has said so. False: it ended, or said nothing for minutes.
    bool says(const QByteArray& words) {
        while (!said_.contains(words) && process_.waitForReadyRead(300000))
            said_ += process_.readAll();
        return said_.contains(words);
    }
    // Its exit code; -1 when a signal ended it.
    int end() {
        process_.waitForFinished(300000);
        said_ += process_.readAll();
        return process_.exitStatus() == QProcess::NormalExit ? process_.exitCode() : -1;
    }
    int end(int signal) {
        ::kill(static_cast<pid_t>(process_.processId()), signal);
        return end();
    }
    const QByteArray& said() const { return said_; }

private:
    QProcess process_;
    QByteArray said_;
};

// Another program that keeps the run store for itself.
class Lock {
public:
    explicit Lock(const QString& store)
        : database_(store.toStdString(), SQLite::OPEN_READWRITE, 10000) {
        database_.exec("BEGIN EXCLUSIVE");
    }

private:
    SQLite::Database database_;
};

}  // namespace program
