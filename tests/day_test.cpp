// A day in the window, on the parts its user has: the shipped model, trainings of the program
// `lvr`, a run store, and a photo of 24 megapixels. In the middle of it the window is killed.
// A picture of each stop lies in the folder day of the build's tests.

#include <signal.h>

#include <QImage>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLinearGradient>
#include <QPainter>
#include <QProcess>
#include <QPushButton>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QtTest>
#include <clocale>

#include "app/compare/compare_workspace.h"
#include "app/compare/set_page.h"
#include "app/runs/checkpoint_panel.h"
#include "app/runs/new_run_dialog.h"
#include "app/runs/rollouts_workspace.h"
#include "app/runs/train_workspace.h"
#include "app/window/main_window.h"
#include "app/window/session.h"
#include "app/window/window_services.h"
#include "app/window/workspaces.h"
#include "core/store/run_store.h"
#include "widgets/rollouts/probe_table.h"

using namespace lvr;

namespace {

constexpr int kPatience = 300'000;  // ms; a busy machine trains slowly
constexpr auto kQuestion = "What shape is the red object?";
constexpr int kSetSize = 2000;  // questions: more than are answered before the kill

// What does not come true ends the day.
void must(bool is, const QString& what) {
    if (!is) qFatal("%s", qPrintable(what));
}

template <class Condition>
void wait(Condition condition, const QString& what) {
    must(QTest::qWaitFor(condition, kPatience), what);
}

void writePhoto(const QString& file) {
    QImage photo(6000, 4000, QImage::Format_RGB888);
    QPainter painter(&photo);
    QLinearGradient sky(0, 0, 6000, 4000);
    sky.setColorAt(0, {40, 90, 160});
    sky.setColorAt(1, {230, 200, 150});
    painter.fillRect(photo.rect(), sky);
    painter.setBrush(QColor(200, 30, 30));
    painter.drawEllipse(1200, 900, 1300, 1300);
    painter.setBrush(QColor(30, 120, 60));
    painter.drawRect(3600, 1800, 1500, 1200);
    must(photo.save(file, "JPEG", 90), "the photo can't be written");
}

// One window, and what a person does in it.
class Day {
public:
    explicit Day(const QString& folder)
        : folder_(folder),
          window(servicesHere({.store = folder + "/runs.db",
                               .history = (folder + "/session/conversations").toStdU16String(),
                               .reproducible = true})) {
        window.resize(1280, 800);
        last_ = window.keepSession(folder + "/session");
        window.show();
    }

    void goOn() {
        must(last_.has_value(), "no session was kept");
        window.restore(*last_);
        settle("the session comes back");
    }
    void settle(const QString& what) {
        wait([this] { return !window.isBusy(); }, what + " never ends");
    }
    void command(const QString& name) {
        window.doCommand(name);
        settle(name);
    }
    void look(const QString& name) {
        QDir().mkpath("day");
        window.grab();  // ImGui lays out in one frame and is right in the next
        must(window.grab().save("day/" + name + ".png"), "no picture of " + name);
    }
    QJsonObject state() { return QJsonDocument::fromJson(window.state()).object(); }

    void askAboutThePhoto() {
        window.openModel({});
        settle("opening the model");
        window.openFile(folder_ + "/photo.jpg");
        settle("opening the photo");
        window.ask(kQuestion);
        settle("the answer");
        look("1-asked");
    }
    void useRegionsAsThought() {
        window.drawRegion({0.2, 0.22, 0.42, 0.55});
        window.drawRegion({0.6, 0.45, 0.85, 0.75});
        command("regions.thought");
        look("2-thought");
    }
    void train(NewRun run, const QString& shot) {
        command("workspace.train");
        window.doCommand("runs.new");
        auto* dialog = window.findChild<NewRunDialog*>();
        must(dialog, "there is no dialog for a new run");
        run.out = folder_ + "/" + run.kind;
        run.data = folder_ + "/scenes";
        dialog->setRun(run);
        must(dialog->grab().save("day/" + shot + "-told.png"), "no picture of the form");
        button(*dialog, "Start").click();
        const std::string kind = run.kind.toStdString();
        wait([&] { return newest().info.kind == kind && newest().status != RunStatus::Running; },
             run.kind + " never ends");
        must(newest().status == RunStatus::Finished,
             QString::fromStdString(kind + " ended: " + newest().message));
        settle("the curves");
        look(shot + "-curves");
    }
    void scrubCheckpoints() {
        command("runs.checkpoints");
        auto* panel = window.findChild<CheckpointPanel*>();
        must(panel && panel->isVisible(), "no checkpoints are on screen");
        const auto* answers = panel->findChild<ProbeTable*>();
        wait([&] { return answers->rowCount() > 0; }, "no probe answers are shown");
        look("4-checkpoints");
    }
    void readRollouts() {
        command("workspace.rollouts");
        must(window.findChild<RolloutsWorkspace*>()->run() == newest().id, "no rollouts");
        look("6-rollouts");
    }
    void compareASet() {
        command("workspace.compare");
        window.findChild<CompareWorkspace*>()->findChild<QTabWidget*>()->setCurrentIndex(1);
        auto& page = *window.findChild<SetPage*>();
        auto choice = page.choice();
        choice.count = kSetSize;
        page.setChoice(choice);
        button(page, "Run").click();
        wait([&] { return page.results().questions.size() > 3; }, "no set is compared");
        look("7-set");
        wait([this] { return kept()["workspace"] == "compare" && keptComparison() != 0; },
             "the place is not kept");
    }
    const Run& newest() {
        const auto& runs = window.findChild<TrainWorkspace*>()->runs();
        static const Run none;
        return runs.empty() ? none : runs.front().run;
    }

    static QPushButton& button(QWidget& in, const QString& text) {
        for (auto* button : in.findChildren<QPushButton*>())
            if (button->text().remove('&') == text && button->isVisible()) return *button;
        qFatal("there is no button %s", qPrintable(text));
    }

private:
    QJsonObject kept() const {
        QFile session(folder_ + "/session/session.json");
        return session.open(QIODevice::ReadOnly)
                   ? QJsonDocument::fromJson(session.readAll()).object()
                   : QJsonObject();
    }

    qint64 keptComparison() const {
        const auto state = QByteArray::fromBase64(kept()["compare"].toString().toLatin1());
        return QJsonDocument::fromJson(state)["run"].toInteger();
    }

    QString folder_;
    std::optional<Session> last_;

public:
    MainWindow window;
};

NewRun sft() {
    NewRun run{.kind = "sft", .model = LVR_RESOURCES "/models/tiny", .saveEvery = 2};
    run.options = {{"steps", "6"}, {"pictures", "2"}, {"questions", "2"}};
    run.validateEvery = 2;
    run.probes = 4;
    return run;
}

// Until it is killed.
int untilKilled(const QString& folder) {
    Day day(folder);
    day.askAboutThePhoto();
    day.useRegionsAsThought();
    NewRun supervised = sft();
    supervised.validationData = folder + "/scenes";
    day.train(supervised, "3-sft");
    day.scrubCheckpoints();
    NewRun rewarded{.kind = "grpo", .model = folder + "/sft"};
    rewarded.options = {{"max-steps", "3"}, {"prompts", "2"}, {"max-new-tokens", "24"}};
    day.train(rewarded, "5-grpo");
    day.readRollouts();
    day.compareASet();
    std::puts("comparing");
    std::fflush(stdout);
    return QApplication::exec();
}

}  // namespace

class DayTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        writePhoto(path("photo.jpg"));
        QProcess data;
        data.start(LVR_PROGRAM, {"make-data", "scenes", "--out", path("scenes"), "--count", "24",
                                 "--seed", "5"});
        QVERIFY(data.waitForFinished(kPatience));
        QCOMPARE(data.exitCode(), 0);
        QProcess day;
        day.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        day.start(QCoreApplication::applicationFilePath(), {"--until-killed", folder_.path()});
        QTRY_VERIFY2_WITH_TIMEOUT(day.state() == QProcess::NotRunning || day.canReadLine(),
                                  "the day never ends", 4 * kPatience);
        QCOMPARE(day.readLine().trimmed(), "comparing");
        ::kill(static_cast<pid_t>(day.processId()), SIGKILL);
        QVERIFY(day.waitForFinished());
        again_ = std::make_unique<Day>(folder_.path());
        again_->goOn();
        again_->look("8-again");
    }
    void cleanupTestCase() { again_.reset(); }

    void thePlaceComesBack() { QCOMPARE(again_->state()["workspace"].toString(), "compare"); }

    void thePhotoItsRegionsAndAnswersComeBack() {
        const auto state = again_->state();
        QCOMPARE(state["pictures"][0]["width"].toInt(), 6000);
        QCOMPARE(state["pictures"][0]["height"].toInt(), 4000);
        QCOMPARE(state["question"].toString(), kQuestion);
        QCOMPARE(state["regions"].toArray().size(), 2);
        QCOMPARE(state["conversation"].toArray().size(), 2);
        const auto answer = state["answers"][0];
        QCOMPARE(answer["thought"]["boxes"].toArray().size(), 2);
        QCOMPARE(answer["model"].toString(), "tiny model");
        QVERIFY(!answer["latent_steps"].toArray().isEmpty());
    }

    void theRunsAndTheSetAreInTheStore() {
        RunStore store(folder_.filePath("runs.db").toStdString(), RunStore::Access::Read);
        const auto runs = store.runs();
        QCOMPARE(runs.size(), 3U);
        QCOMPARE(runs[2].info.kind, "sft");
        QCOMPARE(runs[1].info.kind, "grpo");
        for (const int i : {1, 2}) QVERIFY(runs[i].status == RunStatus::Finished);
        QVERIFY(!store.sampleSteps(runs[2].id).empty());
        QVERIFY(!store.rolloutSteps(runs[1].id).empty());
        QCOMPARE(runs[0].info.kind, "compare");
        QVERIFY(runs[0].status != RunStatus::Finished);
    }

    void theSetCanBeGoneOnWith() {
        auto& page = *again_->window.findChild<SetPage*>();
        QTRY_VERIFY_WITH_TIMEOUT(page.results().questions.size() > 3, kPatience);
        const auto kept = page.results().questions.size();
        again_->window.openModel({});
        again_->settle("opening the model");
        Day::button(page, "Go on").click();
        QTRY_VERIFY_WITH_TIMEOUT(page.results().questions.size() > kept + 3, kPatience);
        page.stop();
        again_->settle("stopping");
    }

private:
    QString path(const QString& name) const { return folder_.filePath(name); }

    QTemporaryDir folder_;
    std::unique_ptr<Day> again_;
};

int main(int argc, char** argv) {
    QStandardPaths::setTestModeEnabled(true);  // no test touches a person's settings
    QApplication application(argc, argv);
    std::setlocale(LC_NUMERIC, "C");
    if (argc == 3 && QByteArray(argv[1]) == "--until-killed")
        return untilKilled(QString::fromLocal8Bit(argv[2]));
    DayTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "day_test.moc"
