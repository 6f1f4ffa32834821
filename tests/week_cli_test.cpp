// A week in small: all that can happen to a training that is left alone, one after the other.

#include <unistd.h>

#include <QTemporaryDir>
#include <cmath>
#include <memory>

#include "tests/support/free_port.h"
#include "tests/support/training.h"

using namespace program;

namespace {

// A small disk that the test fills. It is there as long as this object.
class MountedDisk {
public:
    MountedDisk(const QString& folder, int megabytes) : folder_(folder) {
        QDir().mkpath(folder);
        holder_.start("unshare", {"-m", "bash", "-c",
                                  QString("mount -t tmpfs -o size=%1m none \"$1\" && echo mounted "
                                          "&& exec sleep 100000")
                                      .arg(megabytes),
                                  "-", folder});
        isThere_ = holder_.waitForStarted() && holder_.waitForReadyRead(60000);
    }
    ~MountedDisk() {
        holder_.kill();
        holder_.waitForFinished();
    }
    bool isThere() const { return isThere_; }
    QString root() const { return QString("/proc/%1/root").arg(holder_.processId()); }
    // From outside of it.
    QString path(const QString& name) const { return root() + folder_ + "/" + name; }
    // A command that sees the disk in its place.
    QStringList inside(const QStringList& command) const {
        return QStringList{"-t", QString::number(holder_.processId()), "-m", "--"} + command;
    }
    void fill() const {
        QFile filler(path("filler"));
        QVERIFY(filler.open(QIODevice::WriteOnly));
        const QByteArray piece(1 << 20, 'x');
        while (filler.write(piece) == piece.size() && filler.flush()) continue;
    }
    void makeRoom() const { QVERIFY(QFile::remove(path("filler"))); }

private:
    QString folder_;
    QProcess holder_;
    bool isThere_ = false;
};

}  // namespace

class WeekCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }
    QStringList sft(const QString& out) const {
        return QStringList{"sft",   "--model", kTinyModel,          "--data",        path("scenes"),
                           "--out", out,       "--validation-data", path("held-out")} +
               words(
                   "--schedule constant --warm-up 2 --steps 16 --pictures 2 --questions 4 "
                   "--validate-every 2 --probes 2 --save-every 2 --keep-last 2 --keep-best");
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        for (const auto* set : {"scenes 20 9", "held-out 6 10"}) {
            const auto told = words(set);
            QCOMPARE(lvr({"make-data", "scenes", "--out", path(told[0]), "--count", told[1],
                          "--seed", told[2]})
                         .code,
                     0);
        }
    }

    void aWeekEndsAsIfNothingHadHappened() {
        const MountedDisk disk(path("disk"), 200);
        if (!disk.isThere()) QSKIP("this needs the right to mount a file system");
        const auto out = path("disk/out");
        const auto inside = [&](const QStringList& arguments) {
            return disk.inside(QStringList{LVR_PROGRAM} + arguments);
        };
        const auto training = [&](const QStringList& arguments) {
            return std::make_unique<Training>(inside(arguments), "nsenter");
        };
        const QStringList goOn{"sft", "--resume", out};
        const auto whole = lvr(sft(path("whole")));
        QVERIFY2(whole.code == 0, qPrintable(whole.err));

        // Another program has the store for a while.
        auto run = training(sft(out));
        QVERIFY2(run->says("saved at step 2"), run->said());
        {
            const Lock lock(path("runs.db"));
            QVERIFY2(run->says("paused: the run store"), run->said());
        }
        // SIGTERM while it measures: what is to be measured was saved before.
        QVERIFY2(run->says("saved at step 4"), run->said());
        QVERIFY2(run->end(SIGTERM) == 130, run->said());
        QVERIFY2(run->said().contains("goes on after step "), run->said());

        // A full disk, then no power.
        disk.fill();
        run = training(goOn);
        QVERIFY2(run->says("paused: " + out.toUtf8() + " needs"), run->said());
        disk.makeRoom();
        QVERIFY2(run->says("there is room again"), run->said());
        QVERIFY2(run->says("saved at step 8"), run->said());
        run->end(SIGKILL);

        // Back to where the rest of the week begins, and on with two ranks.
        run = training({"sft", "--resume", out + ".checkpoints/checkpoint-6"});
        QVERIFY2(run->says("goes back to step 6"), run->said());
        QVERIFY2(run->says("saved at step 10"), run->said());
        run->end(SIGKILL);
        const auto port = QString::number(freePort());
        std::vector<std::unique_ptr<Training>> ranks;
        for (const auto* rank : {"0", "1"})
            ranks.push_back(std::make_unique<Training>(
                disk.inside(QStringList{"env", "WORLD_SIZE=2", "MASTER_ADDR=127.0.0.1",
                                        "MASTER_PORT=" + port, QString("RANK=") + rank,
                                        LVR_PROGRAM} +
                            goOn),
                "nsenter"));
        for (const auto& rank : ranks) QVERIFY2(rank->end() == 0, rank->said());

        QCOMPARE(shown(out)["status"].toString(), QString("finished"));
        compare(curvesOf(out), curvesOf(path("whole")), 9);
        const QDir kept(disk.path("out.checkpoints"));
        QCOMPARE(kept.entryList(), QDir(path("whole.checkpoints")).entryList());
        QVERIFY(QFile::exists(disk.path("out/model.safetensors")));
        QVERIFY(!QFile::exists(disk.path("out.new")));
    }

private:
    // The same text up to a step; after it, sums over ranks are rounded in another order.
    static void compare(const QStringList& rows, const QStringList& expected, int exactTo) {
        QCOMPARE(rows.size(), expected.size());
        for (int i = 1; i < rows.size(); ++i) {
            const auto row = rows[i].split(','), other = expected[i].split(',');
            QCOMPARE(row.mid(0, 2), other.mid(0, 2));
            const double a = row[2].toDouble(), b = other[2].toDouble();
            if (row[0].toInt() <= exactTo)
                QCOMPARE(rows[i], expected[i]);
            else
                QVERIFY2(std::abs(a - b) <= 1e-3 * std::max(1.0, std::abs(b)),
                         qPrintable(rows[i] + " and " + expected[i]));
        }
    }
};

QTEST_GUILESS_MAIN(WeekCliTest)
#include "week_cli_test.moc"
