#include "widgets/job.h"

#include <QPointer>
#include <QSemaphore>
#include <QtTest>
#include <stdexcept>

#include "core/error.h"

namespace lvr {

class JobTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everythingAddedRunsInOrderAndReports() {
        Job job;
        QList<int> reported;
        for (int i = 0; i < 20; ++i) job.add([i] { return i; }, [&](int n) { reported += n; }, {});
        QTRY_COMPARE(reported.size(), 20);
        for (int i = 0; i < 20; ++i) QCOMPARE(reported[i], i);
        QTRY_VERIFY(!job.isBusy());
    }

    void onlyTheNewestReports() {
        Job job;
        QSemaphore mayEnd;
        std::atomic<int> begun = 0;
        QList<int> reported;
        for (int i = 0; i < 5; ++i)
            job.replace(
                [&, i] {
                    ++begun;
                    mayEnd.acquire();
                    return i;
                },
                [&](int n) { reported += n; }, {});
        mayEnd.release(5);
        QTRY_VERIFY(!job.isBusy());
        QCOMPARE(reported, QList<int>{4});
        QVERIFY2(begun <= 2, "what was overtaken while it waited must not begin");
    }

    void whatIsOvertakenIsAskedToStop() {
        Job job;
        QSemaphore begun;
        bool reported = false;
        job.replace(
            [&](const Job::Turn& turn) {
                begun.release();
                while (!turn.stop.stop_requested()) QThread::yieldCurrentThread();
            },
            [&] { reported = true; }, {});
        begun.acquire();
        job.drop();
        QTRY_VERIFY(!job.isBusy());
        QVERIFY(!reported);
    }

    void whatWasAddedIsReportedByTheEndOfFinish() {
        Job job;
        QStringList told;
        job.add([] { return 1; }, [&](int n) { told << QString::number(n); }, {});
        job.add([] { throw Error("the disk is full"); }, [] {},
                [&](const QString& sentence) { told << sentence; });
        job.finish();
        QCOMPARE(told, (QStringList{"1", "the disk is full"}));
        QVERIFY(!job.isBusy());
    }

    void whatIsLeftToEndReportsNothingAndGoes() {
        QPointer<Job> job = new Job;
        QSemaphore mayEnd;
        bool reported = false;
        job->add([&] { mayEnd.acquire(); }, [&] { reported = true; }, {});
        Job::letEnd(job);  // does not wait
        QVERIFY(job);
        mayEnd.release();
        QTRY_VERIFY(!job);
        QVERIFY(!reported);
    }

    void whatWasAskedToStopStillReports() {
        Job job;
        int found = 0;
        job.replace(
            [](const Job::Turn& turn) {
                while (!turn.stop.stop_requested()) QThread::yieldCurrentThread();
                return 7;
            },
            [&](int n) { found = n; }, {});
        job.requestStop();
        QTRY_COMPARE(found, 7);
    }

    void errorsBecomeSentences_data() {
        QTest::addColumn<int>("kind");
        QTest::addColumn<QString>("part");
        QTest::newRow("ours") << 0 << "x.png is truncated";
        QTest::newRow("memory") << 1 << "not enough memory";
        QTest::newRow("another library's") << 2 << "out of range";
        QTest::newRow("no exception class") << 3 << "reason that nobody knows";
    }
    void errorsBecomeSentences() {
        QFETCH(int, kind);
        QFETCH(QString, part);
        Job job;
        QString sentence;
        job.add(
            [kind]() -> int {
                if (kind == 0) throw Error("x.png is truncated");
                if (kind == 1) throw std::bad_alloc();
                if (kind == 2) throw std::out_of_range("out of range");
                throw 3;
            },
            [](int) { QFAIL("must not be called"); }, [&](const QString& why) { sentence = why; });
        QTRY_VERIFY2(sentence.contains(part), qUtf8Printable(sentence));
        QTRY_VERIFY(!job.isBusy());
    }

    void progressIsToldWhileItIsWanted() {
        Job job;
        QList<int> told;
        QThread* const here = QThread::currentThread();
        job.replace(
            [&](const Job::Turn& turn) {
                for (int i = 0; i < 3; ++i)
                    turn.tell([&, i] {
                        QCOMPARE(QThread::currentThread(), here);
                        told += i;
                    });
            },
            [] {}, {});
        QTRY_COMPARE(told, (QList<int>{0, 1, 2}));
        QTRY_VERIFY(!job.isBusy());
        job.replace([&](const Job::Turn& turn) { turn.tell([&] { told += 9; }); }, [] {}, {});
        job.drop();
        QTRY_VERIFY(!job.isBusy());
        QCOMPARE(told.size(), 3);
    }

    void theEndWaitsForWhatWasAddedAndReportsNothing() {
        std::atomic<int> ran = 0;
        bool reported = false;
        {
            Job job;
            for (int i = 0; i < 5; ++i) job.add([&] { ++ran; }, [&] { reported = true; }, {});
        }
        QCoreApplication::processEvents();
        QCOMPARE(ran.load(), 5);
        QVERIFY(!reported);
    }
};

}  // namespace lvr

QTEST_GUILESS_MAIN(lvr::JobTest)
#include "job_test.moc"
