#include <QDockWidget>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

#include "app/ask/ask_panel.h"
#include "app/ask/ask_workspace.h"
#include "app/ask/panel_docks.h"
#include "app/ask/picture_panel.h"
#include "app/window/main_window.h"
#include "tests/scripted_engine.h"

using namespace lvr;

namespace {

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

private Q_SLOTS:
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
        QCOMPARE(world.ask.panelActions().size(), 1);
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
        QCOMPARE(names, (QStringList{"Question and answer", "Notes"}));
    }
};

QTEST_MAIN(WorkspacesTest)
#include "workspaces_test.moc"
