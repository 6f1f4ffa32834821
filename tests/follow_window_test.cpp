// Somebody else's training, followed from the window: a process that outlives it, is found again,
// stopped and taken up again.

#include <QAction>
#include <QFileDialog>
#include <QTableView>
#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>

#include "app/runs/store_reader.h"
#include "app/runs/train_workspace.h"
#include "core/runs_io/tensorboard.h"
#include "widgets/runs/runs_model.h"
#include "widgets/runs/runs_table.h"

using namespace lvr;

namespace {

constexpr int kPatience = 120000;  // ms; the machine may be busy

}  // namespace

class FollowWindowTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::unique_ptr<TrainWorkspace> window_;
    std::vector<MetricColumn> curves_;  // as they came since the window opened

    void openWindow() {
        window_ = std::make_unique<TrainWorkspace>(
            TrainPlaces{folder_.filePath("runs.db"), LVR_PROGRAM, "", ""});
        curves_.clear();
        connect(window_->reader(), &StoreReader::metricsAdded, this,
                [this](std::int64_t, const auto& columns) {
                    curves_.insert(curves_.end(), columns.begin(), columns.end());
                });
        window_->resize(1280, 680);
        window_->show();
    }
    const Run* run() const {
        const auto* found = window_->findChild<RunsTable*>()->find(1);
        return found ? &found->run : nullptr;
    }
    QString status() const { return run() ? QString::fromStdString(toStatus(run()->status)) : ""; }
    static std::string toStatus(RunStatus status) {
        switch (status) {
            case RunStatus::Running:
                return "running";
            case RunStatus::Paused:
                return "paused";
            case RunStatus::Stopped:
                return "stopped";
            default:
                return "over";
        }
    }
    int newestPoint() const {
        return curves_.empty() || curves_.back().steps.empty() ? 0 : curves_.back().steps.back();
    }
    void act(const QString& name) {
        for (auto* action : window_->runActions())
            if (action->objectName() == name) {
                QTRY_VERIFY2_WITH_TIMEOUT(action->isEnabled(), qPrintable(name), kPatience);
                return action->trigger();
            }
        QFAIL(qPrintable("no action " + name));
    }
    void train(int from, int to) const {
        std::vector<Metric> metrics;
        for (int step = from; step <= to; ++step)
            metrics.push_back({.step = step, .name = "train/loss", .value = 1.0 / step});
        const auto file = folder_.filePath("out/runs/a/events.out.tfevents.1.host").toStdString();
        std::filesystem::create_directories(std::filesystem::path(file).parent_path());
        std::ofstream(file, std::ios::binary | std::ios::app) << toEventFile(
            {.step = to, .started = 1000.0 + from, .heartbeat = 1000.0 + to}, metrics);
    }
    void say(int step) const {
        std::ofstream(folder_.filePath("out/completions.jsonl").toStdString(), std::ios::app)
            << R"({"step": )" << step << R"(, "prompt": "one?", "completion": "yes", )"
            << R"("accuracy": 1, "advantage": 0.5})" << std::endl;
    }

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(QDir(folder_.path()).mkpath("out"));
        openWindow();
    }
    void cleanupTestCase() {
        if (run() && isAlive(run()->status)) window_->stopRunning();
        window_.reset();
    }

    void theMenuAsksForAFolderWhichIsListedAtOnce() {
        act("runs.follow");
        auto* dialog = window_->findChild<QFileDialog*>();
        QVERIFY(dialog && dialog->isVisible());
        Q_EMIT dialog->fileSelected(folder_.filePath("out"));
        dialog->reject();
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("paused"), kPatience);
        QVERIFY(QString::fromStdString(run()->message).startsWith("waits for"));
        QTRY_COMPARE_WITH_TIMEOUT(window_->selected(), run()->id, kPatience);
    }

    void curvesGrowAndRolloutsAppear() {
        train(1, 4);
        QTRY_COMPARE_WITH_TIMEOUT(newestPoint(), 4, kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("running"), kPatience);
        QVERIFY(!window_->hasRollouts());
        train(5, 9);
        say(9);
        QTRY_COMPARE_WITH_TIMEOUT(newestPoint(), 9, kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(window_->hasRollouts(), kPatience);
    }

    void itOutlivesTheWindow() {
        window_.reset();
        train(10, 12);
        openWindow();
        QTRY_COMPARE_WITH_TIMEOUT(newestPoint(), 12, kPatience);
        QCOMPARE(status(), QString("running"));
    }

    void itIsStoppedAndTakenUpAgain() {
        window_->select(1);
        act("runs.stop");
        QTRY_COMPARE_WITH_TIMEOUT(status(), QString("stopped"), kPatience);
        train(13, 14);
        act("runs.resume");
        QTRY_COMPARE_WITH_TIMEOUT(newestPoint(), 14, kPatience);
        QCOMPARE(window_->runs().size(), std::size_t{1});
    }

    void aFolderThatIsGoneIsToldInOneSentence() {
        window_->follow(folder_.filePath("none"));
        QTRY_VERIFY_WITH_TIMEOUT(window_->message().contains("there is no folder"), kPatience);
    }
};

QTEST_MAIN(FollowWindowTest)
#include "follow_window_test.moc"
