// What a person made in Ask stays: regions, drafts, ways of looking, several windows. On the parts
// the program has: the shipped model, a history and sessions on disk.

#include <QApplication>
#include <QDirIterator>
#include <QFile>
#include <QFileDialog>
#include <QProcess>
#include <QSettings>
#include <QTemporaryDir>

#include "app/window/session.h"
#include "tests/support/real_window.h"

using namespace lvr;

namespace {

const std::vector<Box> kDrawn = {{0.1, 0.2, 0.4, 0.333333}, {0.5, 0.5, 0.75, 0.9}};

void writePhoto(const QString& file, QColor colour) {
    QImage photo(120, 80, QImage::Format_RGB888);
    photo.fill(colour);
    QVERIFY(photo.save(file));
}

QStringList filesNamed(const QString& name, const QString& below) {
    QStringList found;
    QDirIterator at(below, {name}, QDir::Files, QDirIterator::Subdirectories);
    while (at.hasNext()) found << at.next();
    return found;
}

}  // namespace

class KeptTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    int names_ = 0;
    QString photo_, other_;
    QString newName(const QString& name) {
        return folder_.filePath(QString("%1-%2").arg(++names_).arg(name));
    }

private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setOrganizationName("lvr-kept-test");
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder_.path());
        photo_ = folder_.filePath("photo.png");
        other_ = folder_.filePath("other.png");
        writePhoto(photo_, Qt::darkCyan);
        writePhoto(other_, Qt::darkRed);
    }

    // ---- Regions ----

    void drawnRegionsComeBackWithTheirPicture() {
        const QString history = newName("history");
        {
            RealWindow world(history);
            world.open(photo_);
            world.draw(kDrawn);
            world.open(other_);
            QVERIFY(world.tool().boxes().empty());
            world.open(photo_);
            QTRY_COMPARE(world.tool().boxes(), kDrawn);
            world.open(other_);
            world.draw({kDrawn[1]});
        }
        RealWindow again(history);
        again.open(photo_);
        QTRY_COMPARE(again.tool().boxes(), kDrawn);
        again.open(other_);
        QTRY_COMPARE(again.tool().boxes(), std::vector<Box>{kDrawn[1]});
    }

    void drawnRegionsAreOnesOwnAfterAnAnswerAndARestart() {
        const QString history = newName("history"), session = newName("session");
        {
            RealWindow world(history);
            world.window.keepSession(session);
            world.begin();
            world.open(photo_);
            world.draw(kDrawn);
            world.ask("What shape is it?");
            QCOMPARE(world.window.trace().rois, kDrawn);
            world.window.close();
        }
        RealWindow again(history);
        again.window.restore(*again.window.keepSession(session));
        again.settle();
        QVERIFY(!again.window.trace().steps.empty());
        QTRY_COMPARE(again.tool().boxes(), kDrawn);
        QVERIFY(!again.tool().actions().useKnown->isEnabled());
        QVERIFY(!again.tool().actions().undo->isEnabled());  // nothing of this window is undone
        again.draw({{0, 0, 0.05, 0.05}});
        QCOMPARE(again.window.trace().rois, again.tool().boxes());
        again.tool().actions().undo->trigger();
        QCOMPARE(again.tool().boxes(), kDrawn);
    }

    void whatWasRemovedStaysRemoved() {
        const QString history = newName("history"), session = newName("session");
        {
            RealWindow world(history);
            world.window.keepSession(session);
            world.begin();
            world.open(photo_);
            world.draw(kDrawn);
            world.ask("What shape is it?");
            QTRY_VERIFY(QFile::exists(session + "/session.json"));
            world.tool().actions().clear->trigger();
            world.window.close();
        }
        RealWindow again(history);
        again.window.restore(*again.window.keepSession(session));
        again.settle();
        QTRY_VERIFY(again.tool().boxes().empty());
    }

    void lookingAtAnOldAnswerLeavesTheRegionsAlone() {
        RealWindow world(newName("history"));
        world.begin();
        world.open(photo_);
        world.ask("What?");
        const Trace first = world.window.trace();
        world.draw(kDrawn);
        world.asks().showAnswer(first);
        QCOMPARE(world.tool().boxes(), kDrawn);
        QVERIFY(world.tool().actions().undo->isEnabled());
    }

    // kill -9 while nothing was asked: this program is the window that dies.
    void aKilledWindowGivesBackRegionsDraftAndOptions() {
        const QString history = newName("history"), session = newName("session");
        QProcess process;
        process.setProcessChannelMode(QProcess::ForwardedChannels);
        process.start(QCoreApplication::applicationFilePath(),
                      {"window", history, session, photo_});
        QVERIFY(process.waitForStarted());
        const auto kept = [&] {
            QFile file(session + "/session.json");
            return file.open(QIODevice::ReadOnly) && file.readAll().contains("Half a question") &&
                   !filesNamed("regions.json", history).isEmpty();
        };
        QTRY_VERIFY_WITH_TIMEOUT(kept(), 60000);
        process.kill();
        QVERIFY(process.waitForFinished());
        RealWindow again(history);
        const auto last = again.window.keepSession(session);
        QVERIFY(last && !last->closed);
        again.window.restore(*last);
        again.settle();
        again.window.openModel({});
        again.settle();
        QTRY_COMPARE(again.tool().boxes(), kDrawn);
        QCOMPARE(again.line(), "Half a question");
        QCOMPARE(again.the<ExitRuleForm>().rule(), ExitRule(FixedSteps{3}));
    }

    void regionsThatCannotBeKeptAreSaidAndStayInTheWindow() {
        const QString history = newName("history");
        QFile inTheWay(history);
        QVERIFY(inTheWay.open(QIODevice::WriteOnly));
        RealWindow world(history);
        world.open(photo_);
        world.draw(kDrawn);
        QTRY_VERIFY(world.window.message().contains("regions are kept only until"));
        world.open(other_);
        world.open(photo_);
        QCOMPARE(world.tool().boxes(), kDrawn);
    }

    void regionsThatCannotBeReadAreOneSentence() {
        const QString history = newName("history");
        {
            RealWindow world(history);
            world.open(photo_);
            world.draw(kDrawn);
        }
        const QStringList files = filesNamed("regions.json", history);
        QCOMPARE(files.size(), 1);
        QFile broken(files.first());
        QVERIFY(broken.open(QIODevice::WriteOnly) && broken.write("{\"version\": 1, ") > 0);
        broken.close();
        RealWindow again(history);
        again.open(photo_);
        QTRY_VERIFY2(again.label("About the history").contains("regions.json"),
                     qPrintable(again.label("About the history")));
    }

    // ---- Ways of looking ----

    void theWayOfLookingComesBack() {
        {
            RealWindow world(newName("history"));
            world.window.rememberLook();
            world.begin();
            world.ask(world.line());
            QVERIFY(world.action("heat.softmax").isEnabled());
            world.action("heat.softmax").trigger();
            QCOMPARE(world.asks().view().shown.mode, HeatMode::Softmax);
            world.action("view.regions").trigger();
            world.action("view.grid").trigger();
        }
        RealWindow again(newName("history"));
        again.window.rememberLook();
        QCOMPARE(again.asks().view().shown.mode, HeatMode::Softmax);
        QVERIFY(again.asks().view().rois);
        QVERIFY(again.asks().view().grid);
        QVERIFY(again.asks().view().nearest);
    }

    // Nothing of the answer, and nothing that looks like it, before anybody asked.
    void targetsAreOffUntilTheyAreWanted() {
        RealWindow world(newName("history"));
        world.begin();
        QVERIFY(!world.asks().view().rois);
        QCOMPARE(world.asks().view().targets.size(), world.window.trace().rois.size());
        QVERIFY(world.label("Comparison with the known answer").contains("not answered yet"));
    }

    void dialogsBeginWhereThePictureIsAndNameTheTrace() {
        RealWindow world(newName("history"));
        world.begin();
        world.open(photo_);
        world.ask("What?");
        world.action("file.save-trace").trigger();
        auto* save = world.window.findChild<QFileDialog*>();
        QVERIFY(save);
        QCOMPARE(save->directory().absolutePath(), QFileInfo(photo_).absolutePath());
        QCOMPARE(QFileInfo(save->selectedFiles().value(0)).fileName(), "photo.lvrtrace");
        save->close();
    }

    // ---- Several windows ----

    void eachWindowKeepsItsOwnSession() {
        const QString history = newName("history"), session = newName("session");
        {
            RealWindow first(history);
            auto second = std::make_unique<RealWindow>(history);
            QVERIFY(!first.window.keepSession(session));
            QVERIFY(!second->window.keepSession(session));
            QCOMPARE(first.sentences() + second->sentences(), QStringList());
            first.open(photo_);
            first.type("In the first");
            second->open(other_);
            second->type("In the second");
            second->window.close();
            second.reset();  // its last write is on disk
            first.window.close();
        }
        RealWindow one(history), two(history);
        const auto last = one.window.keepSession(session);
        const auto before = two.window.keepSession(session);
        QVERIFY(last && before);
        QCOMPARE(QSet({last->question, before->question}),
                 QSet<QString>({"In the first", "In the second"}));
        QCOMPARE(last->question, "In the first");  // closed last
    }

    void aSecondWindowThatDiedIsOffered() {
        const QString history = newName("history"), session = newName("session");
        {
            RealWindow first(history), second(history);  // neither is closed by anybody
            for (RealWindow* world : {&first, &second}) {
                world->window.keepSession(session);
                world->open(photo_);
            }
            QTRY_VERIFY_WITH_TIMEOUT(readSession(session) && readSession(session + "-2"), 20000);
        }
        RealWindow again(history);
        again.window.restore(*again.window.keepSession(session));
        again.settle();
        QVERIFY2(again.sentences().value(0).contains("Another window ended so too"),
                 qPrintable(again.sentences().join('\n')));
    }

    // Its thread may have a picture to encode, for as long as that takes.
    void aWindowThatStillEndsGivesItsSessionAway() {
        const QString history = newName("history"), session = newName("session");
        RealWindow ends(history);
        ends.window.keepSession(session);
        ends.open(photo_);
        ends.type("Not lost");
        ends.window.close();
        RealWindow begins(history);
        std::optional<Session> last;
        QTRY_VERIFY((last = readSession(session)) && last->closed);
        last = begins.window.keepSession(session);
        QVERIFY(last);
        QCOMPARE(last->question, "Not lost");
    }

    void aSessionThatCannotBeKeptIsSaid() {
        const QString session = newName("session");
        QFile inTheWay(session);
        QVERIFY(inTheWay.open(QIODevice::WriteOnly));
        RealWindow world(newName("history"));
        QVERIFY(!world.window.keepSession(session));
        QVERIFY2(world.sentences().value(0).contains("won't be kept"),
                 qPrintable(world.sentences().join('\n')));
    }

private:
    static std::optional<Session> readSession(const QString& folder) {
        QFile file(folder + "/session.json");
        if (!file.open(QIODevice::ReadOnly)) return std::nullopt;
        return sessionFromJson(file.readAll());
    }
};

namespace {

// What this program does as the window that is to be killed.
int showWindow(const QStringList& arguments) {
    RealWindow world(arguments.value(1));
    world.window.keepSession(arguments.value(2));
    world.begin();
    world.open(arguments.value(3));
    world.type("Half a question");
    world.the<ExitRuleForm>().setRule(FixedSteps{3});
    world.draw(kDrawn);
    return QApplication::exec();
}

}  // namespace

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    if (application.arguments().value(1) == "window")
        return showWindow(application.arguments().mid(1));
    KeptTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "kept_test.moc"
