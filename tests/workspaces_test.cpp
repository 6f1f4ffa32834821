#include "app/window/workspaces.h"

#include <QAbstractButton>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QDockWidget>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QProcess>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>
#include <QTemporaryDir>
#include <QToolBar>
#include <QToolButton>
#include <QtTest>
#include <csignal>
#include <thread>

#include "app/ask/ask_panel.h"
#include "app/ask/ask_workspace.h"
#include "app/ask/panel_docks.h"
#include "app/ask/picture_panel.h"
#include "app/compare/compare_workspace.h"
#include "app/compare/question_page.h"
#include "app/runs/rollouts_workspace.h"
#include "app/runs/train_workspace.h"
#include "app/window/main_window.h"
#include "app/window/models.h"
#include "app/window/session.h"
#include "app/window/start_script.h"
#include "core/store/run_store.h"
#include "tests/support/scripted_engine.h"
#include "widgets/compare/answer_columns.h"
#include "widgets/conversation/conversation_panel.h"
#include "widgets/message_bar.h"
#include "widgets/question_line.h"
#include "widgets/rollouts/checkpoint_scrubber.h"
#include "widgets/runs/runs_table.h"

using namespace lvr;

namespace {

RunInfo infoOf(const std::string& kind, const std::string& out = "/somewhere/out") {
    return {.kind = kind, .command = "lvr " + kind, .out = out, .steps = 100};
}

constexpr int kMostSteps = 6000;  // half a minute, should the test that stops it fail before

// What this program does when it is started as a training: takes steps until SIGTERM.
volatile std::sig_atomic_t stopAsked = 0;

int train(const QStringList& arguments) {
    const auto value = [&](const char* flag) {
        return arguments.value(arguments.indexOf(flag) + 1).toStdString();
    };
    std::signal(SIGTERM, [](int) { stopAsked = 1; });
    RunStore store(value("--store"));
    const auto run = store.start(infoOf(arguments.first().toStdString(), value("--out")));
    for (int step = 1; step < kMostSteps && !stopAsked; ++step) {
        store.append(run, step, {{"loss/total", 1.0 / step}});
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    store.end(run, RunStatus::Stopped, "interrupted");
    return 0;
}

WindowServices servicesOf(Script& script, const QString& store) {
    WindowServices services = servicesOf(script);
    services.places = {.store = store, .program = QCoreApplication::applicationFilePath()};
    services.compare = {.openEngine = services.openEngine, .sceneKinds = services.sceneKinds};
    return services;
}

// A window on the scripted engine and a run store, model open, scene shown.
struct World {
    Script script;
    QString store;
    MainWindow window;
    QSignalSpy settled{&window, &MainWindow::settled};

    explicit World(const QString& file) : store(file), window(servicesOf(script, file)) {
        window.show();
    }
    void begin() {
        window.newScene("chain");
        window.openModel({});
        settle();
    }
    void settle() { QTRY_VERIFY(!window.isBusy()); }
    void go(WorkspaceId id) {
        window.showWorkspace(id);
        settle();
    }
    Workspaces& all() { return *window.findChild<Workspaces*>(); }
    AskWorkspace& ask() { return all().ask(); }
    QStringList menus() {
        QStringList titles;
        for (const auto* action : window.menuBar()->actions())
            if (action->isVisible()) titles << action->text().remove('&');
        return titles;
    }
    QMenu* menu(const QString& title) {
        for (auto* menu : window.findChildren<QMenu*>())
            if (menu->title().remove('&') == title) return menu;
        return nullptr;
    }
    QStringList notices() {
        QStringList sentences;
        for (const auto* bar : window.findChildren<MessageBar*>())
            if (bar->isVisible()) sentences << bar->sentence();
        return sentences;
    }
    // A button of a message bar or a question.
    QAbstractButton* button(const QString& text) {
        for (auto* button : window.findChildren<QAbstractButton*>())
            if (button->text().remove('&') == text && button->isVisible()) return button;
        return nullptr;
    }
    void activate() {
        window.activateWindow();  // keys work in the active window only
        QVERIFY(QTest::qWaitForWindowActive(&window));
    }
};

// The Ask workspace alone, as wide as in the window.
struct AskAlone {
    AskWorkspace ask;
    AskAlone() { ask.resize(1280, 640); }
    void show() {
        ask.show();
        QVERIFY(QTest::qWaitForWindowExposed(&ask));
    }
    QDockWidget* add(const QString& id, Qt::DockWidgetArea area, bool shown) {
        return ask.addPanel(id, id.section('/', 1), new QLabel(id), area, shown);
    }
    QDockWidget* dock(const QString& id) { return ask.findChild<QDockWidget*>(id); }
};

}  // namespace

class WorkspacesTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    int files_ = 0;
    QString newName(const QString& name) {
        return folder_.filePath(QString("%1-%2").arg(++files_).arg(name));
    }
    // An ended run of 20 steps, with rollouts at steps 10 and 20.
    QString storeWithARun() {
        const QString file = newName("läufe 1.db");
        RunStore store(file.toStdString());
        const auto run = store.start(infoOf("grpo"));
        for (int step = 1; step <= 20; ++step) {
            std::vector<Rollout> rollouts;
            if (step % 10 == 0)
                rollouts = {{.group = 0, .index = 0, .prompt = "What?", .completion = "moon"},
                            {.group = 0, .index = 1, .prompt = "What?", .completion = "sun"}};
            store.append(run, step, {{"loss/total", 1.0 / step}, {"reward/mean", 0.5}}, rollouts);
        }
        store.end(run, RunStatus::Finished, "done");
        return file;
    }

private Q_SLOTS:
    void tabGoesThroughEveryWorkspaceInReadingOrder_data();
    void tabGoesThroughEveryWorkspaceInReadingOrder();
    void initTestCase() {
        QCoreApplication::setOrganizationName("lvr-workspaces-test");
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder_.path());
    }

    // ---- Panels of the Ask workspace ----

    void theQuestionHasThePlaceBesideThePicture() {
        AskAlone world;
        world.show();
        const auto* side = world.ask.findChild<AskPanel*>();
        const auto* picture = world.ask.findChild<PicturePanel*>();
        QVERIFY2(std::abs(side->width() - 460) < 20, qPrintable(QString::number(side->width())));
        QVERIFY(picture->width() > 780);
        QCOMPARE(world.ask.panelActions().size(), 2);  // it and the list of regions
    }

    void aPanelIsClosedAndShownByItsAction() {
        AskAlone world;
        auto* dock = world.add("test/notes", Qt::LeftDockWidgetArea, true);
        world.show();
        QVERIFY(dock->isVisible());
        QAction* action = world.ask.panelActions().last();
        QCOMPARE(action->text(), "notes");
        action->trigger();
        QVERIFY(!dock->isVisible());
        action->trigger();
        QVERIFY(dock->isVisible());
    }

    void aPanelThatIsNotShownIsThereForLater() {
        AskAlone world;
        auto* dock = world.add("test/notes", Qt::LeftDockWidgetArea, false);
        world.show();
        QVERIFY(!dock->isVisible());
        world.ask.panelActions().last()->trigger();
        QVERIFY(dock->isVisible());
    }

    void panelsOfOneAreaAreStacked() {
        AskAlone world;
        auto* first = world.add("test/folder", Qt::LeftDockWidgetArea, true);
        auto* second = world.add("test/data", Qt::LeftDockWidgetArea, true);
        world.show();
        QCOMPARE(world.ask.findChild<PanelDocks*>()->tabifiedDockWidgets(first),
                 QList<QDockWidget*>{second});
        QVERIFY(!second->visibleRegion().isEmpty());
        QVERIFY(first->visibleRegion().isEmpty());
    }

    void aLayoutComesBackAlsoForAPanelThatIsAddedLater() {
        QByteArray layout;
        {
            AskAlone world;
            auto* dock = world.add("test/notes", Qt::LeftDockWidgetArea, false);
            world.show();
            dock->show();
            world.dock("ask/question")->close();
            layout = world.ask.saveLayout();
        }
        AskAlone again;
        again.ask.restoreLayout(layout);
        auto* dock = again.add("test/notes", Qt::RightDockWidgetArea, false);
        again.show();
        QVERIFY(dock->isVisible());
        QVERIFY(dock->x() < again.ask.findChild<PicturePanel*>()->x());
        QVERIFY(!again.dock("ask/question")->isVisible());
    }

    void resetBringsEveryPanelBackToItsPlace() {
        AskAlone world;
        auto* notes = world.add("test/notes", Qt::LeftDockWidgetArea, false);
        world.show();
        auto* question = world.dock("ask/question");
        notes->show();
        notes->setFloating(true);
        question->close();
        world.ask.resetLayout();
        QVERIFY(!notes->isVisible());
        QVERIFY(!notes->isFloating());
        QVERIFY(question->isVisible());
        QTRY_VERIFY(std::abs(world.ask.findChild<AskPanel*>()->width() - 460) < 20);
    }

    void aLayoutThatIsNoneChangesNothing() {
        AskAlone world;
        world.ask.restoreLayout("nonsense");
        world.show();
        QVERIFY(world.dock("ask/question")->isVisible());
    }

    void theViewMenuListsThePanels() {
        Script script;
        MainWindow window(servicesOf(script));
        window.findChild<AskWorkspace*>()->addPanel("test/notes", "Notes", new QLabel("x"),
                                                    Qt::LeftDockWidgetArea, false);
        QStringList names;
        for (const auto* menu : window.findChildren<QMenu*>())
            if (menu->title() == "&Panels")
                for (const auto* action : menu->actions()) names << action->text();
        QCOMPARE(names, (QStringList{"Question and answer", "Regions", "Conversation", "History",
                                     "Sources", "Notes"}));
    }

    // ---- Switching ----

    void tabsKeysAndMenuSwitchTheWorkspace() {
        World world(newName("läufe 1.db"));
        world.begin();
        world.activate();
        auto* tabs = world.window.findChild<QTabBar*>("workspaces.tabs");
        QCOMPARE(tabs->accessibleName(), "Workspaces");
        QTest::keyClick(&world.window, Qt::Key_2, Qt::ControlModifier);
        QCOMPARE(world.all().current(), WorkspaceId::Train);
        QCOMPARE(tabs->currentIndex(), 1);
        QCOMPARE(world.window.windowTitle(), "Train — LVR Workbench");
        tabs->setCurrentIndex(3);
        QCOMPARE(world.all().current(), WorkspaceId::Compare);
        QVERIFY(world.window.findChild<CompareWorkspace*>()->isVisible());
        for (auto* action : world.menu("View")->actions())
            if (action->text().remove('&') == "Ask") action->trigger();
        QCOMPARE(world.all().current(), WorkspaceId::Ask);
        QCOMPARE(tabs->currentIndex(), 0);
        QVERIFY(world.ask().isVisible());
        QVERIFY(world.window.windowTitle().startsWith("chain scene"));
    }

    void menusToolBarsAndKeysFitTheWorkspace() {
        World world(newName("läufe 1.db"));
        world.begin();
        world.activate();
        QCOMPARE(world.menus(),
                 (QStringList{"File", "Scene", "Ask", "Steps", "Regions", "View", "Help"}));
        world.go(WorkspaceId::Train);
        QCOMPARE(world.menus(), (QStringList{"File", "Run", "View", "Help"}));
        QVERIFY(world.menu("Run")->actions().size() > 5);
        QCOMPARE(world.menu("Run")->actions().first()->text(), "&New run…");
        world.ask().setQuestion("Mine");
        QTest::keyClick(&world.window, Qt::Key_N, Qt::ControlModifier);
        QCOMPARE(world.ask().question(), "Mine");
        QStringList bars;
        for (const auto* bar : world.window.findChildren<QToolBar*>())
            if (bar->isVisible() && bar->parent() == &world.window) bars << bar->windowTitle();
        bars.sort();
        QCOMPARE(bars, (QStringList{"Runs", "Workspaces"}));
        world.go(WorkspaceId::Ask);
        QTest::keyClick(&world.window, Qt::Key_N, Qt::ControlModifier);
        QCOMPARE(world.ask().question(), "What? chain");
    }

    // Daily ones have a picture and a name in every workspace; what can't be undone is in the menu
    // alone.
    void everyWorkspaceHasAToolBarOfTheSameKind() {
        World world(storeWithARun());
        world.begin();
        for (const WorkspaceId id : kWorkspaces) {
            world.go(id);
            QStringList names;
            for (const auto* bar : world.window.findChildren<QToolBar*>()) {
                if (!bar->isVisible() || bar->parent() != &world.window) continue;
                QCOMPARE(bar->toolButtonStyle(), Qt::ToolButtonTextBesideIcon);
                for (const QAction* action : bar->actions()) {
                    if (action->objectName().isEmpty()) continue;  // tabs, a list, a line between
                    QVERIFY2(!action->icon().isNull(), qPrintable(action->objectName()));
                    names << action->objectName();
                }
            }
            QVERIFY2(names.size() >= 3, qPrintable(nameOf(id)));
            QVERIFY(!names.contains("runs.kill") && !names.contains("runs.delete"));
        }
        world.go(WorkspaceId::Train);
        QVERIFY(
            world.menu("Run")->actions().contains(world.window.findChild<QAction*>("runs.kill")));
    }

    // ---- One picture for Ask and Compare ----

    void aNewSceneStaysInCompareAndIsComparedThere() {
        World world(newName("läufe 1.db"));
        world.begin();
        world.go(WorkspaceId::Compare);
        auto& page = *world.window.findChild<QuestionPage*>();
        world.window.findChild<QAction*>("scene.new-has-dot")->trigger();
        QCOMPARE(world.all().current(), WorkspaceId::Compare);
        QTRY_COMPARE(page.sample().question.text, "What? has-dot");
        QCOMPARE(world.ask().question(), "What? has-dot");
    }

    void aPictureThatIsPastedOrOpenedInCompareIsThatOfAskToo() {
        World world(newName("läufe 1.db"));
        world.begin();
        world.go(WorkspaceId::Compare);
        auto& page = *world.window.findChild<QuestionPage*>();
        QMimeData data;
        QImage pasted(30, 20, QImage::Format_RGB888);
        pasted.fill(Qt::red);
        data.setImageData(pasted);
        world.window.give(data);
        QCOMPARE(world.all().current(), WorkspaceId::Compare);
        QTRY_COMPARE(page.sample().question.images.front().width, 30);
        QCOMPARE(world.ask().trace().question.images.front().width, 30);
        QVERIFY(page.sample().answer.empty());  // nobody knows it
        QFile none(folder_.filePath("größe.png"));
        QVERIFY(none.open(QIODevice::WriteOnly));
        none.write("no picture");
        none.close();
        QSignalSpy failed(&world.window, &MainWindow::failed);
        world.window.openFile(none.fileName());
        QVERIFY(!failed.isEmpty() || failed.wait());
        QVERIFY(failed.first().first().toString().contains("größe.png"));
        QCOMPARE(page.sample().question.images.front().width, 30);
    }

    void aPictureOpenedInAskIsInCompareAsWell() {
        World world(newName("läufe 1.db"));
        world.begin();
        world.go(WorkspaceId::Compare);
        auto& page = *world.window.findChild<QuestionPage*>();
        world.go(WorkspaceId::Ask);
        world.window.newScene("has-dot");
        world.go(WorkspaceId::Compare);
        QTRY_COMPARE(page.sample().question.text, "What? has-dot");
        // What is typed there stays as long as the picture does.
        page.findChild<QuestionLine*>()->setPlainText("Mine?");
        world.go(WorkspaceId::Ask);
        world.go(WorkspaceId::Compare);
        QCOMPARE(page.findChild<QuestionLine*>()->toPlainText(), "Mine?");
    }

    void everythingToClickHasAName() {
        World world(storeWithARun());
        world.begin();
        for (const WorkspaceId id : kWorkspaces) {
            world.go(id);
            for (auto* widget : world.window.findChildren<QWidget*>()) {
                if (!(widget->focusPolicy() & Qt::TabFocus) || !widget->isVisible()) continue;
                if (qobject_cast<QAbstractSpinBox*>(widget->parent())) continue;
                const auto* interface = QAccessible::queryAccessibleInterface(widget);
                QVERIFY2(interface && !interface->text(QAccessible::Name).isEmpty(),
                         qPrintable(nameOf(id) + " " + widget->metaObject()->className() + " in " +
                                    widget->parent()->metaObject()->className()));
            }
        }
    }

    void aWorkspaceIsMadeWhenItIsFirstNeeded() {
        World world(newName("läufe 1.db"));
        world.begin();
        QVERIFY(!world.all().trainIfMade());
        QVERIFY(!world.all().rolloutsIfMade());
        QVERIFY(!world.all().compareIfMade());
    }

    void aPictureThatIsOpenedIsShownInAsk() {
        World world(newName("läufe 1.db"));
        world.begin();
        world.go(WorkspaceId::Train);
        world.window.openFile(LVR_GOLDENS "/images/landscape.png");
        world.settle();
        QCOMPARE(world.all().current(), WorkspaceId::Ask);
        world.go(WorkspaceId::Train);
        world.window.openFile("/nowhere.png");
        world.settle();
        QCOMPARE(world.all().current(), WorkspaceId::Train);
        QVERIFY(world.window.message().contains("nowhere.png"));
    }

    // ---- What one tells another ----

    void trainShowsTheRunsOfTheStore() {
        World world(storeWithARun());
        world.begin();
        world.go(WorkspaceId::Train);
        QCOMPARE(world.all().train().selected(), 1);
        QCOMPARE(world.all()
                     .train()
                     .findChild<RunsTable*>()
                     ->findChild<QTableView*>()
                     ->model()
                     ->rowCount(),
                 1);
    }

    void theRolloutsOfARunOpenAtItsStep() {
        World world(storeWithARun());
        world.begin();
        world.go(WorkspaceId::Train);
        Q_EMIT world.all().train().rolloutsRequested(1, 10);
        QCOMPARE(world.all().current(), WorkspaceId::Rollouts);
        world.settle();
        QCOMPARE(world.all().rollouts().run(), 1);
        QCOMPARE(world.all().rollouts().step(), 10);
        Q_EMIT world.all().train().rolloutsRequested(1, 20);
        world.settle();
        QCOMPARE(world.all().rollouts().step(), 20);
    }

    void probeAnswersAreReachedFromTheMenuFromATabAndFromRollouts() {
        const QString file = storeWithARun();
        RunStore(file.toStdString())
            .addSamples(1, 10, {{.record = "q1", .question = "What?", .answer = "moon"}});
        World world(file);
        world.begin();
        world.go(WorkspaceId::Train);
        const auto* panel = world.all().train().findChild<CheckpointScrubber*>();
        QVERIFY(panel && !panel->isVisible());
        auto* action = world.window.findChild<QAction*>("runs.checkpoints");
        QVERIFY(action && world.menu("Run")->actions().contains(action));
        action->trigger();
        QTRY_VERIFY(panel->isVisible());
        QTRY_COMPARE(panel->findChild<QTableView*>()->model()->columnCount(), 1);
        auto* tabs = world.all().train().findChild<QTabWidget*>();
        QCOMPARE(tabs->count(), 2);
        tabs->setCurrentIndex(0);
        QVERIFY(!panel->isVisible());
        tabs->setCurrentIndex(1);
        QVERIFY(panel->isVisible());
        tabs->setCurrentIndex(0);
        world.go(WorkspaceId::Rollouts);
        world.all().rollouts().findChild<QAction*>("rollouts.checkpoints")->trigger();
        QCOMPARE(world.all().current(), WorkspaceId::Train);
        QVERIFY(panel->isVisible());
    }

    void aRunWithoutProbeAnswersSaysHowToGetThem() {
        World world(storeWithARun());
        world.begin();
        world.go(WorkspaceId::Train);
        auto* action = world.window.findChild<QAction*>("runs.checkpoints");
        QVERIFY(action);
        action->trigger();
        const auto says = [&] {
            for (const auto* label : world.window.findChildren<QLabel*>())
                if (label->isVisible() && label->text().contains("--probes")) return true;
            return false;
        };
        QTRY_VERIFY(says());
    }

    void theQuestionOfAskIsComparedAtOnce() {
        World world(newName("läufe 1.db"));
        world.begin();
        world.activate();
        const int askedBefore = world.script.asked;
        QTest::keyClick(&world.window, Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
        QCOMPARE(world.all().current(), WorkspaceId::Compare);
        world.settle();
        auto* columns = world.window.findChild<AnswerColumns*>();
        QVERIFY(columns->count() > 1);
        QCOMPARE(world.script.asked - askedBefore, columns->count());
        QCOMPARE(columns->column(0).answer().trace.question.text, "What? chain");
        QCOMPARE(columns->column(0).answer().right, std::optional(true));
    }

    void answersToTheQuestionBeforeSaySo() {
        World world(newName("läufe 1.db"));
        world.begin();
        world.activate();
        QTest::keyClick(&world.window, Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
        world.settle();
        const auto* said = world.window.findChild<QLabel*>("compare.stale");
        QVERIFY(said && !said->isVisible());
        world.window.findChild<QAction*>("scene.new-has-dot")->trigger();
        QTRY_VERIFY(said->isVisible());
        QVERIFY2(said->text().contains("What? chain"), qPrintable(said->text()));
        world.all().compare().compare();
        world.settle();
        QVERIFY(!said->isVisible());
    }

    void alertsOfRunsAreCountedOnTheTabOfTrainUntilTheyAreSeen() {
        World world(storeWithARun());
        world.begin();
        world.window.watchRuns();
        QTRY_VERIFY(world.all().train().isSettled());
        QCOMPARE(world.notices(), QStringList());
        RunStore store(world.store.toStdString());
        store.append(store.start(infoOf("sft")), 3, {{"loss/total", NAN}}, {}, "the loss is NaN");
        auto* tabs = world.window.findChild<QTabBar*>("workspaces.tabs");
        QTRY_COMPARE(tabs->tabText(1), QString("Train (1)"));
        QCOMPARE(world.notices(), QStringList());  // nothing is to be done
        world.go(WorkspaceId::Train);
        QCOMPARE(tabs->tabText(1), QString("Train"));
        QCOMPARE(world.notices(), QStringList{"Run 2, step 3: the loss is NaN"});
        store.append(2, 4, {{"loss/total", NAN}}, {}, "it still is");
        QTRY_COMPARE(world.notices(), QStringList{"Run 2, step 4: it still is"});
        QCOMPARE(tabs->tabText(1), QString("Train"));
    }

    void aRunThatNeedsAHandIsToldInEveryWorkspace() {
        World world(storeWithARun());
        world.begin();
        world.window.watchRuns();
        QTRY_VERIFY(world.all().train().isSettled());
        RunStore store(world.store.toStdString());
        const auto run = store.start(infoOf("sft"));
        QTRY_COMPARE(world.all().train().running().size(), 1u);
        store.end(run, RunStatus::Failed, "the disk is full");
        QTRY_COMPARE(world.notices(), QStringList{"Run 2 failed: the disk is full"});
        world.button("Show in Train")->click();
        QCOMPARE(world.all().current(), WorkspaceId::Train);
        QCOMPARE(world.notices(), QStringList{"Run 2 failed: the disk is full"});
    }

    void withoutAPlaceForAStoreTrainAndRolloutsSaySo() {
        World world("");
        world.begin();
        const auto says = [&](const QString& text) {
            for (const auto* label : world.window.findChildren<QLabel*>())
                if (label->isVisible() && label->text().contains(text)) return true;
            return false;
        };
        world.go(WorkspaceId::Train);
        QVERIFY(says("There is no place for runs"));
        world.go(WorkspaceId::Rollouts);
        QVERIFY(says("Open a run store"));
        world.go(WorkspaceId::Ask);
        QCOMPARE(world.notices(), QStringList());
    }

    // ---- Closing ----

    void closingAsksWhetherTrainingsGoOn() {
        World world(newName("läufe 1.db"));
        RunStore store(world.store.toStdString());
        store.start(infoOf("sft"));  // by this process, which must not be stopped
        world.begin();
        world.window.watchRuns();
        QTRY_VERIFY(world.all().train().isSettled());
        world.window.close();
        QVERIFY(world.window.isVisible());
        auto* question = world.window.findChild<QMessageBox*>();
        QVERIFY(question->text().contains("A training is running"));
        QVERIFY(question->informativeText().contains("Run 1, sft"));
        world.button("Cancel")->click();
        QVERIFY(world.window.isVisible());
        QTRY_VERIFY(!world.window.findChild<QMessageBox*>());
        world.window.close();
        world.button("Go on")->click();
        QTRY_VERIFY(!world.window.isVisible());
        QCOMPARE(store.find(1)->status, RunStatus::Running);
    }

    void closingCanStopTheTrainings() {
        World world(newName("läufe 1.db"));
        world.begin();
        qint64 pid = 0;
        QVERIFY(startTraining(world.store, &pid));
        world.window.watchRuns();
        QTRY_COMPARE(world.all().train().running().size(), 1u);
        world.window.close();
        world.button("Stop it")->click();
        QTRY_VERIFY(!world.window.isVisible());
        RunStore store(world.store.toStdString(), RunStore::Access::Read);
        QTRY_COMPARE(store.find(1)->status, RunStatus::Stopped);
    }

    void closingWithoutTrainingsAsksNothing() {
        World world(storeWithARun());
        world.begin();
        world.go(WorkspaceId::Train);
        world.window.close();
        QVERIFY(!world.window.isVisible());
    }

    void closingDuringAComparisonIsClean() {
        World world(newName("läufe 1.db"));
        world.begin();
        world.script.waitsForStop = true;
        world.window.compareQuestion();
        QTRY_VERIFY(world.script.asked > 0);
        world.window.close();
        QVERIFY(!world.window.isVisible());
    }

    // ---- Layouts ----

    void layoutsAreSavedTakenAndDeletedByName() {
        World world(newName("läufe 1.db"));
        world.begin();
        auto* layouts = world.window.findChild<LayoutMenu*>();
        auto* question = world.window.findChild<QDockWidget*>("ask/question");
        const auto entries = [&] {
            QStringList texts;
            Q_EMIT world.menu("Layouts")->aboutToShow();
            for (const auto* action : world.menu("Layouts")->actions())
                if (!action->isSeparator()) texts << action->text().remove('&');
            return texts;
        };
        QCOMPARE(entries(), (QStringList{"Save layout as…", "Reset layout"}));
        layouts->saveAs("with / question");
        question->close();
        layouts->saveAs("pure");
        QCOMPARE(entries(), (QStringList{"Save layout as…", "Reset layout", "pure",
                                         "with / question", "Delete"}));
        layouts->take("with / question");
        QVERIFY(question->isVisible());
        layouts->take("pure");
        QVERIFY(!question->isVisible());
        for (auto* action : world.menu("Layouts")->actions())
            if (action->text().contains("Reset")) action->trigger();
        QVERIFY(question->isVisible());
        for (auto* action : world.menu("Delete")->actions())
            if (action->text() == "pure") action->trigger();
        QTRY_COMPARE(LayoutMenu::names(), QStringList{"with / question"});
        layouts->forget("with / question");
    }

    void theLayoutIsThereAgainNextTime() {
        {
            World world(newName("läufe 1.db"));
            world.window.rememberLook();
            world.begin();
            world.window.findChild<QDockWidget*>("ask/question")->close();
            world.window.close();
        }
        World again(newName("läufe 1.db"));
        again.window.rememberLook();
        again.begin();
        QVERIFY(!again.window.findChild<QDockWidget*>("ask/question")->isVisible());
        QSettings().clear();
    }

    // ---- Sessions ----

    void aClosedWindowComesBackAsItWas() {
        const QString store = storeWithARun(), folder = newName("session");
        {
            World world(store);
            QVERIFY(!world.window.keepSession(folder));
            world.begin();
            world.window.ask("What? chain");
            world.settle();
            world.go(WorkspaceId::Train);
            Q_EMIT world.all().train().rolloutsRequested(1, 10);
            world.settle();
            world.ask().setQuestion("And then?");
            world.window.close();
        }
        World again(store);
        const auto last = again.window.keepSession(folder);
        QVERIFY(last && last->closed);
        again.window.restore(*last);
        again.settle();
        QCOMPARE(again.all().current(), WorkspaceId::Rollouts);
        QCOMPARE(again.all().rollouts().step(), 10);
        QCOMPARE(again.window.trace().answer, "moon");
        QCOMPARE(again.ask().question(), "And then?");
        QCOMPARE(again.all().train().selected(), 1);
        QCOMPARE(again.notices(), QStringList{"Restored your last session."});
        again.button("Start fresh")->click();
        QCOMPARE(again.all().current(), WorkspaceId::Ask);
        QCOMPARE(again.ask().question(), "What? chain");
        QVERIFY(again.window.trace().steps.empty());
        QCOMPARE(again.notices(), QStringList());
    }

    // Long before the next look at the whole window.
    void whatIsTypedIsKeptAsSoonAsTypingPauses() {
        World world(storeWithARun());
        const QString folder = newName("session");
        world.window.keepSession(folder);
        world.begin();
        const auto kept = [&] {
            QFile file(folder + '/' + kSessionFile);
            return file.open(QIODevice::ReadOnly) ? sessionFromJson(file.readAll()).question
                                                  : QString();
        };
        QTRY_VERIFY(QFile::exists(folder + '/' + kSessionFile));
        auto* clock = world.window.findChild<QTimer*>("session.clock");
        QVERIFY(clock && clock->isActive());
        clock->stop();
        QTest::keyClicks(world.ask().questionLine(), " and more");
        QTRY_VERIFY(kept().endsWith("and more"));
    }

    // ---- Models of one's own ----

    void modelsTrainedHereAreOfferedWithStepAndScore() {
        World world(newName("läufe 1.db"));
        const QString folder = newName("trained");
        {
            RunStore store(world.store.toStdString());
            const auto run = store.start(infoOf("sft"));
            store.addCheckpoint(run, {.step = 10, .folder = folder.toStdString(), .loss = 0.5});
            store.addCheckpoint(run, {.step = 20, .folder = folder.toStdString(), .loss = 0.25});
            store.addCheckpoint(run, {.step = 30, .folder = "gone", .kept = false});
            store.setName(run, "mine");
            store.end(run, RunStatus::Finished, {});
            store.end(store.start(infoOf("sft")), RunStatus::Failed, "saved nothing");
        }
        world.begin();
        world.window.findChild<QAction*>("file.open-model")->trigger();
        auto& dialog = *world.window.findChild<OpenModelDialog*>();
        auto& list = *dialog.findChild<QListWidget*>();
        QTRY_VERIFY(list.count() > 1);
        QCOMPARE(list.item(1)->text(), "Run mine · step 20 · loss 0.25");
        list.setCurrentRow(1);
        dialog.accept();
        world.settle();
        world.window.ask("Who are you?");
        world.settle();
        QCOMPARE(QString::fromStdString(world.window.trace().model), folder);
    }

    void whereTheModelWasComputedIsKeptWithIt() {
        const QString folder = newName("session");
        {
            World world("");
            world.window.keepSession(folder);
            world.window.placeModels({.dtype = "bfloat16", .device = "cuda:1"});
            world.begin();
            world.window.openModel("other");
            world.settle();
            world.window.close();
        }
        World again("");
        const auto last = again.window.keepSession(folder);
        QVERIFY(last);
        QCOMPARE(last->model, "other");
        QCOMPARE(last->dtype, "bfloat16");
        QCOMPARE(last->device, "cuda:1");
    }

    void aQuestionThatWasNotAskedYetKeepsItsKnownAnswer() {
        const QString folder = newName("session");
        {
            World world("");
            world.window.keepSession(folder);
            world.begin();
            world.window.close();
        }
        World again("");
        again.window.restore(*again.window.keepSession(folder));
        again.settle();
        again.window.openModel({});
        again.settle();
        QCOMPARE(again.window.windowTitle(), "chain scene — LVR Workbench");
        again.window.ask();
        again.settle();
        QCOMPARE(again.window.trace().expectedAnswer, std::optional<std::string>("moon"));
        QCOMPARE(again.window.trace().rois.size(), 2u);
    }

    void aSessionThatCannotBeReadIsOneSentence_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("sentence");
        QTest::newRow("cut off") << QByteArray("{\"version\": 1, ") << "broken";
        QTest::newRow("newer") << QByteArray("{\"version\": 9}") << "newer version";
    }
    void aSessionThatCannotBeReadIsOneSentence() {
        QFETCH(QByteArray, content);
        QFETCH(QString, sentence);
        const QString folder = newName("session");
        QDir().mkpath(folder);
        QFile file(folder + "/session.json");
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) > 0);
        file.close();
        World world("");
        QVERIFY(!world.window.keepSession(folder));
        QCOMPARE(world.notices().size(), 1);
        QVERIFY2(world.notices().first().contains(sentence), qPrintable(world.notices().first()));
    }

    void aSessionWhosePictureIsGoneStartsFresh() {
        World world("");
        world.window.keepSession(newName("session"));
        world.window.restore({.title = "gone", .trace = "a.lvrtrace"});
        world.settle();
        QCOMPARE(world.ask().question(), "What? chain");
        QVERIFY(world.notices().first().startsWith("Your last session can't be restored"));
    }

    // The window is killed; what it showed and the training it started come back.
    void aKilledWindowComesBackAndItsTrainingIsFoundAgain() {
        const QString store = newName("läufe 1.db"), folder = newName("session");
        QProcess process;
        process.setProcessChannelMode(QProcess::ForwardedChannels);
        process.start(QCoreApplication::applicationFilePath(), {"window", store, folder});
        QVERIFY(process.waitForStarted());
        const auto kept = [&] {
            QFile file(folder + "/session.json");
            return file.open(QIODevice::ReadOnly) && file.readAll().contains("\"run\": 1");
        };
        QTRY_VERIFY_WITH_TIMEOUT(kept(), 20000);
        process.kill();
        QVERIFY(process.waitForFinished());
        World again(store);
        const auto last = again.window.keepSession(folder);
        QVERIFY(last && !last->closed);
        again.window.restore(*last);
        again.settle();
        QCOMPARE(again.all().current(), WorkspaceId::Train);
        QCOMPARE(again.all().train().selected(), 1);
        QVERIFY(again.notices().first().contains("unexpectedly"));
        QTRY_COMPARE(again.all().train().running().size(), 1u);
        const int step = again.all().train().running().front().step;
        QTRY_VERIFY(again.all().train().running().front().step > step);
        again.window.close();
        again.button("Stop it")->click();
        RunStore reader(store.toStdString(), RunStore::Access::Read);
        QTRY_COMPARE(reader.find(1)->status, RunStatus::Stopped);
    }

    // ---- Colours ----

    void aThemeThatIsChosenLaterLooksAsOneThatWasChosenFirst_data() {
        QTest::addColumn<WorkspaceId>("workspace");
        for (const auto id : kWorkspaces) QTest::newRow(qPrintable(nameOf(id))) << id;
    }
    void aThemeThatIsChosenLaterLooksAsOneThatWasChosenFirst() {
        QFETCH(WorkspaceId, workspace);
        const QString file = storeWithARun();
        QApplication::setCursorFlashTime(0);
        const auto pictureOf = [&](Theme first) {
            World world(file);
            world.window.chooseTheme(first);
            world.begin();
            world.window.ask("What? chain");
            world.settle();
            if (workspace == WorkspaceId::Compare) world.window.compareQuestion();
            world.go(workspace);
            world.window.findChild<MessageBar*>("messages")
                ->say(MessageBar::Kind::Error, "Something went wrong.");
            world.window.chooseTheme(Theme::Light);
            world.window.setFocus();
            world.window.resize(1280, 720);
            // A plot is drawn when there is time.
            for (int i = 0; i < 5; ++i) QCoreApplication::processEvents();
            // What tells the time differs; clear buttons fade in.
            for (auto* line : world.window.findChildren<QLineEdit*>())
                line->setClearButtonEnabled(false);
            world.window.findChild<ConversationPanel*>()->hide();
            for (auto* label : world.window.findChildren<QLabel*>())
                if (label->text().contains(" ms")) label->clear();
            world.window.grab();  // ImGui lays out in one frame and is right in the next
            return world.window.grab().toImage();
        };
        const QImage fresh = pictureOf(Theme::Light), later = pictureOf(Theme::Dark);
        if (fresh == later) return;
        const QString place = QDir::tempPath() + "/theme-" + nameOf(workspace);
        fresh.save(place + "-fresh.png");
        later.save(place + "-later.png");
        QFAIL("the pictures differ; they are theme-*.png in the folder for temporary files");
    }

    // ---- Command line ----

    void wrongCommandLinesAreOneSentence_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("sentence");
        QTest::newRow("workspace") << QStringList{"--workspace", "tarin"} << "--workspace tarin";
        QTest::newRow("store folder") << QStringList{"--store", "/tmp"} << "is a folder";
        QTest::newRow("no store") << QStringList{"--store", ""} << "--store";
        QTest::newRow("size") << QStringList{"--size", "big"} << "--size big";
        QTest::newRow("colours") << QStringList{"--colours", "pink"} << "--colours pink";
        QTest::newRow("two files") << QStringList{"a.png", "b.png"} << "b.png";
        QTest::newRow("region of three numbers")
            << QStringList{"--region", "0,0,1"} << "--region \"0,0,1\" is no region";
        QTest::newRow("region outside") << QStringList{"--region", "0,0,2,1"} << "outside";
        QTest::newRow("picture of another kind")
            << QStringList{"--screenshot-to", "x.jpg"} << "must end in .png";
        QTest::newRow("session in a file") << QStringList{"--session", "/dev/null"} << "--session";
        QTest::newRow("unknown") << QStringList{"--colour", "dark"} << "colour";
    }
    void wrongCommandLinesAreOneSentence() {
        QFETCH(QStringList, arguments);
        QFETCH(QString, sentence);
        try {
            readCommandLine(QStringList{"lvr-workbench"} + arguments);
            QFAIL("accepted");
        } catch (const Error& error) {
            QVERIFY2(QString(error.what()).contains(sentence), error.what());
        }
    }

    void theCommandLineNamesWorkspaceAndStore() {
        const auto line = readCommandLine({"lvr-workbench", "--workspace", "rollouts", "--store",
                                           "/tmp/ä runs.db", "--colours", "dark"});
        QCOMPARE(line.start.workspace, std::optional(WorkspaceId::Rollouts));
        QCOMPARE(line.store, std::optional<QString>("/tmp/ä runs.db"));
        QCOMPARE(line.colours, std::optional(Theme::Dark));
        QCOMPARE(line.start.size, QSize(1280, 720));
    }

    void whatIsToBeDoneIsInTheOrderGiven() {
        const auto line =
            readCommandLine({"lvr-workbench", "--ask", "First?", "--region", "0,0,0.5,0.5", "--do",
                             "regions.thought", "--ask", "Second?", "--open", "b.png", "a.png"});
        const std::vector<StartStep> steps{OpenFile{"a.png"},
                                           AskQuestion{"First?"},
                                           DrawRegion{{0, 0, 0.5, 0.5}},
                                           DoCommand{"regions.thought"},
                                           AskQuestion{"Second?"},
                                           OpenFile{"b.png"}};
        QCOMPARE(line.start.steps, steps);
    }

    void aScreenshotWaitsForWhatTheWorkspaceReads_data() {
        QTest::addColumn<WorkspaceId>("workspace");
        QTest::addColumn<bool>("model");
        QTest::newRow("train") << WorkspaceId::Train << false;
        QTest::newRow("rollouts") << WorkspaceId::Rollouts << false;
        QTest::newRow("compare") << WorkspaceId::Compare << true;
    }
    void aScreenshotWaitsForWhatTheWorkspaceReads() {
        QFETCH(WorkspaceId, workspace);
        QFETCH(bool, model);
        World world(storeWithARun());
        world.window.newScene("chain");
        const QString file = newName("shot.png");
        StartOptions options{.workspace = workspace, .screenshot = file};
        if (model) options.steps = {AskQuestion{"What? chain"}};
        StartScript script(world.window, options);
        QSignalSpy finished(&script, &StartScript::finished);
        script.run();
        QVERIFY(finished.wait(5000));
        QCOMPARE(finished[0][0].toString(), "");
        QCOMPARE(QImage(file).size(), world.window.size());
        QCOMPARE(world.script.loaded.load(), model ? 1 : 0);
        if (workspace == WorkspaceId::Train) QCOMPARE(world.all().train().selected(), 1);
        if (workspace == WorkspaceId::Rollouts) QCOMPARE(world.all().rollouts().step(), 20);
        if (workspace == WorkspaceId::Compare)
            QVERIFY(world.window.findChild<AnswerColumns*>()->column(0).answer().right);
    }

    void aScreenshotOfAStoreThatIsNotThereYetShowsThatItIsEmpty_data() {
        QTest::addColumn<WorkspaceId>("workspace");
        QTest::newRow("train") << WorkspaceId::Train;
        QTest::newRow("rollouts") << WorkspaceId::Rollouts;
        QTest::newRow("compare") << WorkspaceId::Compare;
    }
    void aScreenshotOfAStoreThatIsNotThereYetShowsThatItIsEmpty() {
        QFETCH(WorkspaceId, workspace);
        World world(newName("none.db"));
        world.window.newScene("chain");
        const QString shot = newName("shot.png");
        StartScript script(world.window, {.workspace = workspace, .screenshot = shot});
        QSignalSpy finished(&script, &StartScript::finished);
        script.run();
        QVERIFY(!finished.isEmpty() || finished.wait(5000));
        QCOMPARE(finished[0][0].toString(), "");
        QCOMPARE(QImage(shot).size(), world.window.size());
        QVERIFY(!QFile::exists(world.store));
    }

    void aScreenshotOfAStoreThatIsNoneFails() {
        const QString file = newName("läufe 1.db");
        QFile text(file);
        QVERIFY(text.open(QIODevice::WriteOnly));
        text.write(QByteArray("step,name,value\n").repeated(100));
        text.close();
        World world(file);
        StartScript script(world.window,
                           {.workspace = WorkspaceId::Train, .screenshot = newName("shot.png")});
        QSignalSpy finished(&script, &StartScript::finished);
        script.run();
        QVERIFY(!finished.isEmpty() || finished.wait(5000));
        QVERIFY(finished[0][0].toString().contains("is not a run store"));
    }

private:
    bool startTraining(const QString& store, qint64* pid) {
        return QProcess::startDetached(QCoreApplication::applicationFilePath(),
                                       {"sft", "--store", store, "--out", newName("out")}, {}, pid);
    }
};

namespace {

// What this program does as the window that is to be killed: starts a training and looks at it.
int showWindow(const QStringList& arguments) {
    World world(arguments.value(1));
    world.window.keepSession(arguments.value(2));
    world.begin();
    world.go(WorkspaceId::Train);
    QProcess::startDetached(QCoreApplication::applicationFilePath(),
                            {"sft", "--store", arguments.value(1), "--out", "/somewhere/out"});
    return QApplication::exec();
}

}  // namespace

void WorkspacesTest::tabGoesThroughEveryWorkspaceInReadingOrder_data() {
    QTest::addColumn<int>("workspace");
    QTest::addColumn<QStringList>("order");
    QTest::newRow("ask") << static_cast<int>(WorkspaceId::Ask)
                         << QStringList{"Question", "Exit rule", "Ask",
                                        "Answer, position by position"};
    QTest::newRow("train") << static_cast<int>(WorkspaceId::Train)
                           << QStringList{"Filter runs",      "Runs",          "Details of the run",
                                          "Notes on the run", "Find a metric", "Curves"};
    QTest::newRow("rollouts") << static_cast<int>(WorkspaceId::Rollouts)
                              << QStringList{"Workspaces"};
    QTest::newRow("compare") << static_cast<int>(WorkspaceId::Compare)
                             << QStringList{"Add strategies",        "Duplicate strategy",
                                            "Remove strategy",       "Strategies",
                                            "Strategy name",         "Model folder",
                                            "One question or a set", "Question",
                                            "Right answer",          "Compare"};
    QTest::newRow("causal") << static_cast<int>(WorkspaceId::Causal)
                            << QStringList{"One question or a set",
                                           "Question",
                                           "Right answer",
                                           "Another question about this picture",
                                           "Test",
                                           "Picture with heat",
                                           "Add an intervention",
                                           "What is fed instead",
                                           "Interventions",
                                           "Views of the latents",
                                           "Early answers"};
}

void WorkspacesTest::tabGoesThroughEveryWorkspaceInReadingOrder() {
    QFETCH(int, workspace);
    QTemporaryDir folder;
    const QString file = folder.filePath("runs.db");
    {
        RunStore store(file.toStdString());
        const auto run = store.start(infoOf("sft"));
        for (int step = 1; step < 20; ++step)
            store.append(run, step, {{"loss/total", 1.0 / step}, {"loss/ce", 2.0 / step}});
        store.end(run, RunStatus::Finished, "");
    }
    World world(file);
    world.begin();
    world.window.resize(1280, 720);
    world.go(static_cast<WorkspaceId>(workspace));
    world.window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&world.window));
    QList<QWidget*> reached;
    while (reached.size() < 200) {
        QTest::keyClick(QApplication::focusWidget() ? QApplication::focusWidget() : &world.window,
                        Qt::Key_Tab);
        QWidget* at = QApplication::focusWidget();
        if (!at || reached.contains(at)) break;
        reached << at;
    }
    const auto nameOf = [](const QWidget* widget) {
        const auto* button = qobject_cast<const QAbstractButton*>(widget);
        return button && widget->accessibleName().isEmpty() ? button->text().remove('&')
                                                            : widget->accessibleName();
    };
    const auto isOnScreen = [&](const QWidget* widget) {
        return widget->isVisible() && QRect(widget->mapTo(&world.window, QPoint()), widget->size())
                                          .intersects(world.window.rect());
    };
    QStringList names;
    for (const auto* widget : reached) {
        QVERIFY2(!nameOf(widget).isEmpty(), widget->metaObject()->className());
        QVERIFY2(isOnScreen(widget), qPrintable(nameOf(widget)));
        names << nameOf(widget);
    }
    for (const auto* widget : world.window.findChildren<QWidget*>())
        if (isOnScreen(widget) && widget->isEnabled() && !widget->focusProxy() &&
            widget->focusPolicy() & Qt::TabFocus)
            QVERIFY2(reached.contains(widget), qPrintable(nameOf(widget)));
    QFETCH(QStringList, order);
    for (int i = 1; i < order.size(); ++i)
        QVERIFY2(names.indexOf(order[i - 1]) < names.indexOf(order[i]),
                 qPrintable(names.join(", ")));
}

int main(int argc, char** argv) {
    if (argc > 2 && QByteArray(argv[1]) == "sft") {
        QStringList arguments;
        for (int i = 1; i < argc; ++i) arguments << QString::fromLocal8Bit(argv[i]);
        return train(arguments);
    }
    QApplication application(argc, argv);
    if (argc == 4 && QByteArray(argv[1]) == "window")
        return showWindow(QCoreApplication::arguments().mid(1));
    WorkspacesTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "workspaces_test.moc"
