#pragma once

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QtTest>

// The headless command as its user runs it.
namespace program {

struct Result {
    int code = -1;
    QString out, err;
};

inline Result lvr(const QStringList& arguments) {
    QProcess process;
    process.start(LVR_PROGRAM, arguments);
    process.waitForFinished(600000);
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            QString::fromUtf8(process.readAllStandardOutput()),
            QString::fromUtf8(process.readAllStandardError())};
}

inline QJsonDocument jsonOf(const Result& result) {
    return QJsonDocument::fromJson(result.out.toUtf8());
}

// One sentence on stderr, nothing on stdout.
inline void compareFailure(const Result& result, int code, const QString& names) {
    QCOMPARE(result.code, code);
    QVERIFY2(result.out.isEmpty(), qPrintable(result.out));
    QCOMPARE(result.err.trimmed().count('\n'), 0);
    QVERIFY2(result.err.startsWith("lvr: "), qPrintable(result.err));
    QVERIFY2(result.err.contains(names), qPrintable(result.err));
}

}  // namespace program
