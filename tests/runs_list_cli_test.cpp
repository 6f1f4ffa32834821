// The list of runs, and runs of other programs in it, as their user sees them.

#include <QTemporaryDir>

#include "tests/support/program.h"

using program::compareFailure;
using program::jsonOf;
using program::lvr;

namespace {

const QString kEvents = LVR_GOLDENS "/tensorboard.tfevents";

}  // namespace

class RunsListCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }

private Q_SLOTS:
    void initTestCase() { qputenv("LVR_STORE", path("runs.db").toUtf8()); }

    void anImportedRunHasItsFilesNameAndItsCommand() {
        const auto first = lvr({"runs", "import", kEvents});
        QVERIFY2(first.code == 0 && !first.err.contains("before"), qPrintable(first.err));
        const auto listed = lvr({"runs", "list"}).out;
        QVERIFY2(listed.contains("tensorboard.tfevents"), qPrintable(listed));
        const auto run = jsonOf(lvr({"runs", "show", "1", "--json"})).object();
        QCOMPARE(run["out"].toString(), kEvents);
        QCOMPARE(run["command"].toString(), "lvr runs import " + kEvents);
    }

    void theSameFileAgainSaysSo() {
        const auto second = lvr({"runs", "import", kEvents});
        QCOMPARE(second.code, 0);
        QVERIFY2(second.err.contains("run 1 was taken from there before"), qPrintable(second.err));
    }

    void whatIsLeftOutIsSaid() {
        QVERIFY(QDir().mkpath(path("logs/loss_train")));
        for (const QString to : {"logs/events.out.tfevents.1.a", "logs/loss_train/x.tfevents.1.b"})
            QVERIFY(QFile::copy(kEvents, path(to)));
        const auto read = lvr({"runs", "import", path("logs")});
        QVERIFY2(read.code == 0 && read.err.contains("import each by itself: loss_train"),
                 qPrintable(read.err));
    }

    void theListCanBeShortenedAndShowsNotes() {
        QCOMPARE(lvr({"runs", "note", "3", "twice the rate of run 2, at half the size"}).code, 0);
        const auto two = lvr({"runs", "list", "--last", "2"}).out;
        QCOMPARE(two.trimmed().count('\n'), 2);  // and a heading
        QVERIFY2(two.contains("twice the rate of run...") && two.contains("note"), qPrintable(two));
        QCOMPARE(jsonOf(lvr({"runs", "list", "--json", "--last", "1"})).array().size(), 1);
        QCOMPARE(jsonOf(lvr({"runs", "list", "--json", "--kind", "import"})).array().size(), 3);
        QVERIFY(lvr({"runs", "list", "--kind", "grpo"}).out.contains("no run of kind grpo"));
        compareFailure(lvr({"runs", "list", "--kind", "sftt"}), 2, "sftt");
    }

    void aRunIsNamedAndTaggedAndFoundByIt() {
        QCOMPARE(lvr({"runs", "name", "2", "the long night"}).out.trimmed(),
                 "run 2 is called the long night");
        QCOMPARE(lvr({"runs", "tag", "2", "paper", "good one"}).out.trimmed(),
                 "run 2: paper, good one");
        const auto listed = lvr({"runs", "list", "--tag", "paper"}).out;
        QVERIFY2(listed.contains("the long night [paper...") && listed.trimmed().count('\n') == 1,
                 qPrintable(listed));
        const auto shown = lvr({"runs", "show", "2"}).out;
        QVERIFY2(shown.contains("name        the long night") &&
                     shown.contains("tags        paper, good one"),
                 qPrintable(shown));
        const auto json = jsonOf(lvr({"runs", "show", "2", "--json"})).object();
        QCOMPARE(json["name"].toString(), "the long night");
        QCOMPARE(json["tags"].toArray().size(), 2);
        compareFailure(lvr({"runs", "tag", "2", "a,b"}), 1, "comma");
        QVERIFY(lvr({"runs", "list", "--tag", "none"}).out.contains("no run has the tag none"));
        QCOMPARE(lvr({"runs", "tag", "2"}).out.trimmed(), "run 2 has no tags");
        QCOMPARE(lvr({"runs", "name", "2", ""}).out.trimmed(), "removed the name of run 2");
    }

    void anUnknownRunNamesTheNewestOnly() {
        for (int run = 4; run <= 7; ++run) QCOMPARE(lvr({"runs", "import", kEvents}).code, 0);
        compareFailure(lvr({"runs", "show", "zz"}), 1, "the last of 7 are 3, 4, 5, 6, 7;");
    }

    void aFolderIsNoStore() {
        compareFailure(lvr({"runs", "list", "--store", folder_.path()}), 1, "is a folder");
    }
};

QTEST_GUILESS_MAIN(RunsListCliTest)
#include "runs_list_cli_test.moc"
