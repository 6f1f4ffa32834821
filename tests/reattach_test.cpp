// A real training, started from the window: it outlives it, is found again, and survives kill -9.

#include <QAction>
#include <QProcess>
#include <QTableView>
#include <QTemporaryDir>
#include <QtEndian>
#include <QtTest>
#include <csignal>

#include "app/runs/new_run_dialog.h"
#include "app/runs/train_workspace.h"
#include "widgets/runs/runs_model.h"
#include "widgets/runs/runs_table.h"

using namespace lvr;

namespace {

constexpr int kPatience = 120000;  // ms; the machine may be busy

}  // namespace

class ReattachTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::unique_ptr<TrainWorkspace> window_;

    void openWindow() {
        window_ = std::make_unique<TrainWorkspace>(TrainPlaces{
            folder_.filePath("runs.db"), LVR_PROGRAM, LVR_RESOURCES "/models/tiny", ""});
        window_->resize(1280, 680);
        window_->show();
    }
    QString text(RunsModel::Column column) const {
        const auto* model = window_->findChild<RunsTable*>()->findChild<QTableView*>()->model();
        return model->rowCount() == 1 ? model->index(0, column).data().toString() : QString();
    }
    QString status() const { return text(RunsModel::Status); }
    const Run& run() const { return window_->findChild<RunsTable*>()->find(1)->run; }
    // What the weights are that were saved last.
    QByteArray savedTypes() const {
        QFile file(folder_.filePath("out/model.safetensors"));
        if (!file.open(QIODevice::ReadOnly)) return {};
        const auto length = qFromLittleEndian<quint64>(file.read(8).constData());
        const auto header = file.read(static_cast<qint64>(length));
        return QByteArray(header.contains("\"BF16\"") ? "BF16" : "") +
               (header.contains("\"F32\"") ? " F32" : "");
    }
    void act(const QString& name) {
        for (auto* action : window_->runActions())
            if (action->text().remove('&') == name) {
                QTRY_VERIFY2_WITH_TIMEOUT(action->isEnabled(), qPrintable(name), 5000);
                return action->trigger();
            }
        QFAIL(qPrintable("no action " + name));
    }

private Q_SLOTS:
    void initTestCase() {
        QProcess data;
        data.start(LVR_PROGRAM, {"make-data", "scenes", "--out", folder_.filePath("scenes"),
                                 "--count", "30", "--seed", "9"});
        QVERIFY(data.waitForFinished(kPatience));
        QCOMPARE(data.exitCode(), 0);
        openWindow();
        for (auto* action : window_->runActions())
            if (action->text().startsWith("&New run")) action->trigger();
        auto* dialog = window_->findChild<NewRunDialog*>();
        auto run = dialog->run();
        run.data = folder_.filePath("scenes");
        run.out = folder_.filePath("out");
        run.saveEvery = 5;
        run.dtype = "bfloat16";
        run.options = {{"steps", "100000"}, {"pictures", "1"}, {"questions", "1"}};
        Q_EMIT dialog->startRequested(run);
        dialog->reject();
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("Running"), kPatience);
    }

    void anotherWindowShowsItRunningAndCanStopIt() {
        QTRY_VERIFY_WITH_TIMEOUT(run().step > 5, kPatience);
        const auto pid = run().pid;
        window_.reset();
        QCOMPARE(::kill(static_cast<pid_t>(pid), 0), 0);
        openWindow();
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("Running"), kPatience);
        QCOMPARE(run().pid, pid);
        const int step = run().step;
        QTRY_VERIFY_WITH_TIMEOUT(run().step > step, kPatience);
        act("Stop");
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("Stopped"), kPatience);
        QVERIFY(QFileInfo::exists(folder_.filePath("out/train_state.safetensors")));
    }

    void aKilledOneIsLostAndGoesOnFromItsLastSave() {
        const int stopped = run().step;
        act("Resume");
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("Running"), kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(run().step > stopped + 6, kPatience);
        window_.reset();
        openWindow();
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("Running"), kPatience);
        ::kill(static_cast<pid_t>(run().pid), SIGKILL);
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("Lost"), kPatience);
        QCOMPARE(QString::fromStdString(run().message),
                 QString("its process ended without a word"));
        const int lost = run().step;
        act("Resume");
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("Running"), kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(run().step > lost + 6, kPatience);
        QCOMPARE(savedTypes(), QByteArray("BF16"));  // Resume says no more than which run
    }

    void whatItTakesOfTheMachineIsWrittenDown() {
        const auto* found = window_->findChild<RunsTable*>()->find(1);
        for (const auto* name : {"system/rss_mb", "system/cpu_percent", "tokens/seen",
                                 "tokens_per_second", "time/elapsed"})
            QTRY_VERIFY2_WITH_TIMEOUT(
                (found = window_->findChild<RunsTable*>()->find(1))->newest.contains(name), name,
                kPatience);
        QVERIFY(found->newest.at("system/rss_mb") > 20);
        QVERIFY(found->newest.at("tokens/seen") > found->run.step);
    }

    void aPausedOneIsPausedForTheNextWindow() {
        act("Pause");
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("Paused"), kPatience);
        window_.reset();
        openWindow();
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("Paused"), kPatience);
        const int step = run().step;
        act("Resume");
        QTRY_VERIFY_WITH_TIMEOUT(run().step > step, kPatience);
    }

    void cleanupTestCase() {
        window_->stopRunning();
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("Stopped"), kPatience);
    }
};

QTEST_MAIN(ReattachTest)
#include "reattach_test.moc"
