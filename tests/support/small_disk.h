#pragma once

#include <QDir>
#include <QFile>
#include <QProcess>
#include <optional>

namespace program {

// A small file system of its own, for a script that fills it. Needs the right to mount one.
class SmallDisk {
public:
    struct Result {
        int code = -1;
        QByteArray log;
    };
    // folder: where it is mounted; its log lies beside it, FOLDER.log.
    SmallDisk(const QString& folder, const QString& size) : folder_(folder), size_(size) {}

    // bash. $1 is the disk, $2 the log, $3 the headless command, and then come `arguments`. Nothing
    // where a file system can't be mounted.
    std::optional<Result> run(const QString& script, const QStringList& arguments) const {
        const QString log = folder_ + ".log";
        QDir().mkpath(folder_);
        QFile(log).open(QIODevice::WriteOnly);
        const auto mounted =
            QString("mount -t tmpfs -o size=%1 none \"$1\" || exit %2\n").arg(size_).arg(kNoMount);
        QProcess shell;
        shell.start("unshare", QStringList{"-m", "bash", "-c", mounted + script, "-", folder_, log,
                                           LVR_PROGRAM} +
                                   arguments);
        if (!shell.waitForStarted()) return std::nullopt;
        shell.waitForFinished(120000);
        if (shell.exitCode() == kNoMount || shell.readAllStandardError().contains("unshare failed"))
            return std::nullopt;
        QFile said(log);
        said.open(QIODevice::ReadOnly);
        return Result{shell.exitCode(), said.readAll()};
    }

private:
    static constexpr int kNoMount = 99;
    QString folder_, size_;
};

}  // namespace program
