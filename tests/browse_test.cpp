#include <QAction>
#include <QDropEvent>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMimeData>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTableView>
#include <QTemporaryDir>
#include <QtTest>
#include <ctime>

#include "app/ask/export_dialog.h"
#include "app/sources/dataset_browser.h"
#include "app/sources/folder_browser.h"
#include "app/sources/folder_files.h"
#include "app/sources/records.h"
#include "app/sources/source_browser.h"
#include "app/window/main_window.h"
#include "core/trace/trace_file.h"
#include "core/vision/image_file.h"
#include "tests/support/scripted_engine.h"
#include "tests/support/three_looks.h"
#include "widgets/question_line.h"

using namespace lvr;

namespace {

constexpr int kTooLong = 400;  // ms; a stall that a person notices

void write(const QString& file, const QByteArray& bytes) {
    QFile out(file);
    QVERIFY(out.open(QIODevice::WriteOnly));
    out.write(bytes);
}

template <class Widget>
Widget& named(QWidget& parent, const QString& name) {
    for (auto* widget : parent.findChildren<Widget*>())
        if (widget->accessibleName() == name) return *widget;
    qFatal("no widget is called %s", qPrintable(name));
}

QStringList names(const QAbstractItemModel& model, int column = 0) {
    QStringList names;
    for (int row = 0; row < model.rowCount(); ++row)
        names << model.index(row, column).data().toString();
    return names;
}

// The most work, in CPU time, that the GUI thread did before it came round again. The clock on the
// wall would measure the machine's other work too; it is printed.
class Pulse {
public:
    Pulse() {
        timer_.setInterval(5);
        QObject::connect(&timer_, &QTimer::timeout, &timer_, [this] { beat(); });
        since_.start();
        timer_.start();
    }
    qint64 longest() {
        beat();
        return longest_;
    }
    qint64 longestByTheWall() const { return longestByTheWall_; }

private:
    static qint64 cpu() {
        timespec now{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return qint64{1000} * now.tv_sec + now.tv_nsec / 1000000;
    }
    void beat() {
        const qint64 now = cpu();
        longest_ = std::max(longest_, now - worked_);
        worked_ = now;
        longestByTheWall_ = std::max(longestByTheWall_, since_.restart());
    }
    QTimer timer_;
    QElapsedTimer since_;
    qint64 worked_ = cpu(), longest_ = 0, longestByTheWall_ = 0;
};

struct FolderWorld {
    FolderBrowser browser;
    QSignalSpy listed{&browser, &FolderBrowser::listed};
    QSignalSpy opened{&browser, &FolderBrowser::opened};
    QListView& list = named<QListView>(browser, "Pictures and traces");
    Thumbnails& thumbnails = *browser.findChild<Thumbnails*>();

    FolderWorld() {
        browser.resize(300, 420);
        browser.show();
    }
    void show(const QString& folder) {
        browser.showFolder(folder);
        QVERIFY(listed.wait(5000));
    }
    QStringList files() { return names(*list.model()); }
    QString count() { return named<QLabel>(browser, "Number of files").text(); }
    void filter(const QString& text) { named<QLineEdit>(browser, "Filter by name").setText(text); }
};

QJsonObject record(const QString& id, const QString& image, const QString& question,
                   const QString& answer) {
    return {{"question_id", id},
            {"dataset", "chain"},
            {"image", QJsonArray{image}},
            {"conversations",
             QJsonArray{QJsonObject{{"from", "human"}, {"value", "<image>\n" + question}},
                        QJsonObject{{"from", "gpt"},
                                    {"value", "<lvr>\n<answer> " + answer + " </answer>"}}}},
            {"bboxes", QJsonArray{QJsonArray{0.1, 0.1, 0.4, 0.5}}}};
}

struct DataWorld {
    DatasetBrowser browser;
    QSignalSpy settled{&browser, &DatasetBrowser::settled};
    QSignalSpy chosen{&browser, &DatasetBrowser::sampleChosen};
    QSignalSpy failed{&browser, &DatasetBrowser::failed};
    QTableView& table = named<QTableView>(browser, "Records");

    DataWorld() {
        browser.resize(420, 420);
        browser.show();
    }
    void open(const QString& data) {
        browser.open(data);
        QVERIFY(settled.wait(10000));
    }
    int rows() { return table.model()->rowCount(); }
    QString state() {
        const auto& label = named<QLabel>(browser, "State of the data file");
        return label.isHidden() ? QString() : label.text();
    }
    QString count() { return named<QLabel>(browser, "Number of records").text(); }
    Sample sample(int i) { return chosen[i][0].value<Sample>(); }
};

// The window on a scripted engine, with its model open.
struct WindowWorld {
    lvr::Script script;
    MainWindow window{servicesOf(script)};
    QSignalSpy settled{&window, &MainWindow::settled};

    WindowWorld() {
        window.show();
        window.openModel({});
        settle();
    }
    void settle() { QVERIFY(!window.isBusy() || settled.wait(10000)); }
    void drop(const QStringList& paths) {
        QMimeData data;
        QList<QUrl> urls;
        for (const QString& path : paths) urls << QUrl::fromLocalFile(path);
        data.setUrls(urls);
        window.give(data);
        settle();
    }
    QAbstractItemModel& files() { return *named<QListView>(window, "Pictures and traces").model(); }
    QTableView& table() { return named<QTableView>(window, "Records"); }
    QString verdict() { return named<QLabel>(window, "Comparison with the known answer").text(); }
};

}  // namespace

class BrowseTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();

    void aFolderShowsPicturesAndTracesInNaturalOrder();
    void theFilterNarrowsAndCounts();
    void enterOpensAndArrowsMove();
    void aClickOpensOnceOnly();
    void aDoubleClickOpensOnceOnly();
    void aFileThatCannotBeReadCanBeClickedAgain();
    void nextAndPreviousFollowTheList();
    void thumbnailsComeForWhatIsOnScreenOnly();
    void whatIsScrolledAwayIsNotReadAnyMore();
    void unreadableFilesAreShownAsSuch();
    void aTraceShowsItsPictureQuestionAndAnswer();
    void newFilesAppearAndTheCurrentOneStays();
    void aFolderThatGoesAwaySaysSo();
    void aFolderWithoutPicturesSaysSo();
    void fiveHundredFilesWorkAsAList();
    void tenThousandFilesDoNotStallTheWindow();

    void recordsAreListedWithQuestionAnswerAndBoxes();
    void choosingARecordBringsPictureQuestionAnswerAndBoxes();
    void aRecordOfSeveralPicturesBringsAll();
    void aRecordWithoutItsPictureIsListedAndNamed();
    void aPictureThatVanishedIsNamedWithItsRecord();
    void recordsAreFilteredByAnyField();
    void nextAndPreviousRecordByKeyboard();
    void wrongFilesGiveOneSentence_data();
    void wrongFilesGiveOneSentence();
    void readingIsCancelled();
    void manyRecordsStayResponsive();

    void keysAndTabsBelongTogether();
    void theLastFolderAndDataComeBack();
    void everythingToClickHasAName();

    void aDroppedFolderIsBrowsedInTheWindow();
    void aDroppedCheckpointIsStillOpenedAsOne();
    void manyDroppedFilesAreAList();
    void aDroppedDataFileListsItsQuestionsAndTheyCanBeJudged();
    void aDroppedBenchmarkListsItsQuestions();
    void theNextPictureComesWhileTheQuestionIsBeingTyped();
    void ctrlEOffersTheAnswerBesideItsPicture();

private:
    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }
    QString makeFolder(const QString& name, const QStringList& pictures);
    QString writeData(const QString& name, const QJsonArray& records);
};

void BrowseTest::initTestCase() {
    QCoreApplication::setOrganizationName("lvr-browse-test");
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, path("settings"));
    writePng(picture(60, 40), path("photo.png").toStdString());
}

QString BrowseTest::makeFolder(const QString& name, const QStringList& pictures) {
    QDir(folder_.path()).mkpath(name);
    for (const QString& file : pictures)
        writePng(picture(60, 40), path(name + '/' + file).toStdString());
    return path(name);
}

QString BrowseTest::writeData(const QString& name, const QJsonArray& records) {
    write(path(name), QJsonDocument(records).toJson());
    return path(name);
}

// ---- Folders ----

void BrowseTest::aFolderShowsPicturesAndTracesInNaturalOrder() {
    const QString folder = makeFolder("natural", {"p10.png", "P2.PNG", "p1.png", "ä.png"});
    writeTrace(threeLooks(), (folder + "/p3.lvrtrace").toStdString());
    write(folder + "/notes.txt", "no picture");
    FolderWorld world;
    world.show(folder);
    QCOMPARE(world.files(), (QStringList{"ä.png", "p1.png", "P2.PNG", "p3.lvrtrace", "p10.png"}));
    QCOMPARE(world.count(), "5 files");
    QCOMPARE(named<QLineEdit>(world.browser, "Folder of pictures").text(), folder);
}

void BrowseTest::theFilterNarrowsAndCounts() {
    FolderWorld world;
    world.show(makeFolder("filter", {"cat1.png", "cat2.png", "dog.png"}));
    world.list.setCurrentIndex(world.list.model()->index(1, 0));
    world.filter("CAT");
    QCOMPARE(world.files(), (QStringList{"cat1.png", "cat2.png"}));
    QCOMPARE(world.count(), "2 of 3 files");
    QCOMPARE(world.list.currentIndex().data().toString(), "cat2.png");
    world.filter("");
    QCOMPARE(world.files().size(), 3);
}

void BrowseTest::enterOpensAndArrowsMove() {
    FolderWorld world;
    const QString folder = makeFolder("keys", {"1.png", "2.png", "3.png"});
    world.show(folder);
    world.list.setFocus();
    world.list.setCurrentIndex(world.list.model()->index(0, 0));
    QTest::keyClick(&world.list, Qt::Key_Right);
    QTest::keyClick(&world.list, Qt::Key_Return);
    QCOMPARE(world.opened.size(), 1);
    QCOMPARE(world.opened[0][0].toString(), folder + "/2.png");
}

void BrowseTest::aClickOpensOnceOnly() {
    FolderWorld world;
    const QString folder = makeFolder("click", {"1.png", "2.png"});
    world.show(folder);
    const QPoint at = world.list.visualRect(world.list.model()->index(1, 0)).center();
    QTest::mouseClick(world.list.viewport(), Qt::LeftButton, Qt::NoModifier, at);
    QTest::mouseClick(world.list.viewport(), Qt::LeftButton, Qt::NoModifier, at);
    QCOMPARE(world.opened.size(), 1);
    QCOMPARE(world.opened[0][0].toString(), folder + "/2.png");
}

void BrowseTest::aDoubleClickOpensOnceOnly() {
    FolderWorld world;
    const QString folder = makeFolder("double", {"1.png", "2.png"});
    world.show(folder);
    const QPoint at = world.list.visualRect(world.list.model()->index(1, 0)).center();
    QTest::mouseClick(world.list.viewport(), Qt::LeftButton, Qt::NoModifier, at);
    QTest::mouseDClick(world.list.viewport(), Qt::LeftButton, Qt::NoModifier, at);
    QCOMPARE(world.opened.size(), 1);
    QTest::keyClick(&world.list, Qt::Key_Return);  // which reads it again
    QCOMPARE(world.opened.size(), 2);
}

void BrowseTest::aFileThatCannotBeReadCanBeClickedAgain() {
    WindowWorld world;
    const QString folder = makeFolder("broken click", {"1.png"});
    write(folder + "/2.png", "just words");
    world.drop({folder});
    auto& list = named<QListView>(world.window, "Pictures and traces");
    const auto clickSecond = [&] {
        const QPoint at = list.visualRect(list.model()->index(1, 0)).center();
        QTest::mouseClick(list.viewport(), Qt::LeftButton, Qt::NoModifier, at);
        world.settle();
    };
    world.window.openFile(folder + "/1.png");
    world.settle();
    clickSecond();
    QVERIFY(world.window.message().contains("2.png"));
    QCOMPARE(world.window.findChild<FolderBrowser*>()->openFile(), folder + "/1.png");
    QVERIFY(QFile::remove(folder + "/2.png") && QFile::copy(folder + "/1.png", folder + "/2.png"));
    clickSecond();
    QVERIFY(world.window.windowTitle().startsWith("2.png"));
}

void BrowseTest::nextAndPreviousFollowTheList() {
    FolderWorld world;
    const QString folder = makeFolder("next", {"1.png", "2.png", "10.png"});
    world.show(folder);
    world.browser.setOpenFile(folder + "/2.png");
    world.browser.openNeighbour(1);
    world.browser.openNeighbour(1);  // there is none
    world.browser.openNeighbour(-1);
    QCOMPARE(world.opened.size(), 2);
    QCOMPARE(world.opened[0][0].toString(), folder + "/10.png");
    QCOMPARE(world.opened[1][0].toString(), folder + "/2.png");
}

void BrowseTest::thumbnailsComeForWhatIsOnScreenOnly() {
    QStringList files;
    for (int i = 0; i < 200; ++i) files << QString("%1.png").arg(i);
    FolderWorld world;
    world.show(makeFolder("lazy", files));
    const auto& model = static_cast<const FileModel&>(*world.list.model());
    QTRY_VERIFY(model.thumbnail(0) && !model.thumbnail(0)->picture.isNull());
    QTRY_VERIFY(model.thumbnail(9));
    QVERIFY(world.thumbnails.filesRead() < 60);
    QVERIFY(!model.thumbnail(150));
    world.list.verticalScrollBar()->setValue(world.list.verticalScrollBar()->maximum());
    QTRY_VERIFY(model.thumbnail(199));
    QVERIFY(!model.thumbnail(100));
}

void BrowseTest::whatIsScrolledAwayIsNotReadAnyMore() {
    makeFolder("cancel", {"1.png", "2.png", "3.png", "4.png", "5.png"});
    const auto files = listFolder(path("cancel")).files;
    Thumbnails thumbnails;
    thumbnails.want(files);
    thumbnails.want({files[4]});  // two have begun, two have not
    QTRY_VERIFY(thumbnails.find(files[4]));
    QTRY_COMPARE(thumbnails.filesRead(), 3);
    QVERIFY(!thumbnails.find(files[2]));
    QVERIFY(!thumbnails.find(files[3]));
}

void BrowseTest::unreadableFilesAreShownAsSuch() {
    const QString folder = makeFolder("broken", {"good.png"});
    write(folder + "/bad.png", "not a picture");
    write(folder + "/empty.jpg", "");
    FolderWorld world;
    world.show(folder);
    const auto& model = static_cast<const FileModel&>(*world.list.model());
    QTRY_VERIFY(model.thumbnail(0) && model.thumbnail(1) && model.thumbnail(2));
    QVERIFY(model.thumbnail(0)->problem.contains("bad.png"));
    QVERIFY(model.thumbnail(1)->problem.contains("empty"));
    QVERIFY(model.thumbnail(2)->problem.isEmpty());
    QVERIFY(model.index(0).data(Qt::ToolTipRole).toString().contains("bad.png"));
}

void BrowseTest::aTraceShowsItsPictureQuestionAndAnswer() {
    const QString folder = makeFolder("traces", {});
    Trace trace = threeLooks();
    trace.question.text = "Which shape?";
    trace.answer = "moon";
    writeTrace(trace, (folder + "/a.lvrtrace").toStdString());
    write(folder + "/b.lvrtrace", "broken");
    FolderWorld world;
    world.show(folder);
    const auto& model = static_cast<const FileModel&>(*world.list.model());
    QTRY_VERIFY(model.thumbnail(0) && model.thumbnail(1));
    QCOMPARE(model.thumbnail(0)->picture.size(), QSize(84, 56));
    const QString tip = model.index(0).data(Qt::ToolTipRole).toString();
    QVERIFY(tip.contains("Which shape?") && tip.contains("moon"));
    QVERIFY(model.thumbnail(1)->problem.contains("b.lvrtrace"));
}

void BrowseTest::newFilesAppearAndTheCurrentOneStays() {
    const QString folder = makeFolder("watched", {"b.png", "c.png"});
    FolderWorld world;
    world.show(folder);
    world.list.setCurrentIndex(world.list.model()->index(1, 0));
    writePng(picture(60, 40), (folder + "/a.png").toStdString());
    QTRY_COMPARE(world.files(), (QStringList{"a.png", "b.png", "c.png"}));
    QCOMPARE(world.list.currentIndex().data().toString(), "c.png");
    QVERIFY(QFile::remove(folder + "/b.png"));
    QTRY_COMPARE(world.files(), (QStringList{"a.png", "c.png"}));
}

void BrowseTest::aFolderThatGoesAwaySaysSo() {
    const QString folder = makeFolder("going", {"a.png"});
    FolderWorld world;
    world.show(folder);
    QVERIFY(QDir(folder).removeRecursively());
    QTRY_VERIFY(world.files().isEmpty());
    bool said = false;
    for (auto* label : world.browser.findChildren<QLabel*>())
        said = said || (label->isVisible() && label->text().contains("is not there"));
    QVERIFY(said);
}

void BrowseTest::aFolderWithoutPicturesSaysSo() {
    FolderWorld world;
    world.show(makeFolder("none", {}));
    bool said = false;
    for (auto* label : world.browser.findChildren<QLabel*>())
        said = said || (label->isVisible() && label->text().contains("no pictures or traces"));
    QVERIFY(said);
    QCOMPARE(world.count(), "0 files");
}

void BrowseTest::fiveHundredFilesWorkAsAList() {
    makeFolder("many", {"0.png"});
    QStringList files;
    for (int i = 0; i < 500; ++i) {
        files << path(QString("many/%1.png").arg(i));
        if (i > 0) QFile::link(path("many/0.png"), files.last());
    }
    FolderWorld world;
    world.browser.showFiles(files);
    QVERIFY(world.listed.wait(5000));
    QCOMPARE(world.count(), "500 files");
    world.browser.openNeighbour(1);
    world.browser.openNeighbour(1);
    QCOMPARE(world.opened[1][0].toString(), files[1]);
}

void BrowseTest::tenThousandFilesDoNotStallTheWindow() {
    makeFolder("huge", {"0.png"});
    for (int i = 1; i < 10000; ++i)
        QFile::link(path("huge/0.png"), path(QString("huge/%1.png").arg(i)));
    FolderWorld world;
    Pulse pulse;
    QElapsedTimer time;
    time.start();
    world.show(path("huge"));
    const auto listed = time.elapsed();
    const auto& model = static_cast<const FileModel&>(*world.list.model());
    QTRY_VERIFY(model.thumbnail(0));
    QTRY_VERIFY(model.thumbnail(5));
    const auto seen = time.elapsed();
    for (int i = 1; i <= 20; ++i) {
        world.list.verticalScrollBar()->setValue(i * world.list.verticalScrollBar()->maximum() /
                                                 20);
        QCoreApplication::processEvents();
    }
    QTRY_VERIFY(model.thumbnail(9999));
    world.filter("77");
    QTRY_VERIFY(model.thumbnail(0));
    world.browser.resize(500, 500);
    QCoreApplication::processEvents();
    qInfo(
        "10,000 files: listed in %lld ms, seen in %lld ms, longest stall %lld ms (%lld on the "
        "wall), %d files read, "
        "%lld kB kept",
        listed, seen, pulse.longest(), pulse.longestByTheWall(), world.thumbnails.filesRead(),
        world.thumbnails.bytesKept() / 1024);
    QCOMPARE(world.thumbnails.bytesKept() <= (64 << 20), true);
    QVERIFY(world.thumbnails.filesRead() < 1500);
    QVERIFY2(pulse.longest() < kTooLong, qPrintable(QString::number(pulse.longest())));
}

// ---- Data ----

void BrowseTest::recordsAreListedWithQuestionAnswerAndBoxes() {
    DataWorld world;
    world.open(writeData("three.json", {record("q1", "photo.png", "Which\nshape?", "moon"),
                                        record("q2", "photo.png", "Where?", "left")}));
    QTRY_COMPARE(world.rows(), 2);
    const auto& model = *world.table.model();
    QCOMPARE(names(model, RecordModel::Id), (QStringList{"q1", "q2"}));
    QCOMPARE(names(model, RecordModel::Kind), (QStringList{"chain", "chain"}));
    QCOMPARE(names(model, RecordModel::Question), (QStringList{"Which shape?", "Where?"}));
    QCOMPARE(names(model, RecordModel::Answer), (QStringList{"moon", "left"}));
    QCOMPARE(names(model, RecordModel::Boxes), (QStringList{"1", "1"}));
    QCOMPARE(world.count(), "2 records");
    QCOMPARE(world.state(), "");
}

void BrowseTest::choosingARecordBringsPictureQuestionAnswerAndBoxes() {
    DataWorld world;
    world.open(writeData("choose.json", {record("q1", "photo.png", "Which?", "moon")}));
    QTRY_COMPARE(world.rows(), 1);
    world.table.setFocus();
    world.table.selectRow(0);
    QTest::keyClick(&world.table, Qt::Key_Return);
    QTRY_COMPARE(world.chosen.size(), 1);
    const Sample sample = world.sample(0);
    QCOMPARE(sample.id, "choose.json, record 1");
    QCOMPARE(sample.question.text, "Which?");
    QCOMPARE(sample.answer, "moon");
    QCOMPARE(sample.question.images.at(0).width, 60);
    QCOMPARE(sample.rois, (std::vector<Box>{{0.1, 0.1, 0.4, 0.5}}));
}

void BrowseTest::aRecordOfSeveralPicturesBringsAll() {
    writePng(picture(20, 30), path("other.png").toStdString());
    QJsonObject two = record("q1", "photo.png", "<image>\nWhich?", "moon");
    two["image"] = QJsonArray{"photo.png", "other.png"};
    two["bboxes"] = QJsonArray{QJsonArray{0, 0, 0.5, 0.5}};
    DataWorld world;
    world.open(writeData("two.json", {two}));
    QTRY_COMPARE(world.rows(), 1);
    world.browser.openNeighbour(1);
    QTRY_COMPARE(world.chosen.size(), 1);
    QCOMPARE(world.sample(0).question.images.size(), std::size_t{2});
    QCOMPARE(world.sample(0).question.images[1].height, 30);
}

void BrowseTest::aRecordWithoutItsPictureIsListedAndNamed() {
    DataWorld world;
    world.open(writeData("missing.json", {record("q1", "photo.png", "Which?", "moon"),
                                          record("q2", "nowhere.png", "Which?", "moon"),
                                          record("q3", "photo.png", "Which?", "moon")}));
    QTRY_COMPARE(world.rows(), 3);
    QCOMPARE(world.count(), "3 records, 1 can't be used");
    QVERIFY(names(*world.table.model(), RecordModel::Question)[1].contains("nowhere.png"));
    world.table.selectRow(0);
    world.browser.openNeighbour(1);
    QTRY_COMPARE(world.failed.size(), 1);
    const QString sentence = world.failed[0][0].toString();
    QVERIFY(sentence.contains("missing.json, record 2") && sentence.contains("nowhere.png"));
    world.browser.openNeighbour(1);
    QTRY_COMPARE(world.chosen.size(), 1);
}

void BrowseTest::aPictureThatVanishedIsNamedWithItsRecord() {
    writePng(picture(20, 30), path("brief.png").toStdString());
    DataWorld world;
    world.open(writeData("brief.json", {record("q1", "brief.png", "Which?", "moon")}));
    QTRY_COMPARE(world.rows(), 1);
    QVERIFY(QFile::remove(path("brief.png")));
    world.browser.openNeighbour(1);
    QTRY_COMPARE(world.failed.size(), 1);
    QVERIFY(world.failed[0][0].toString().contains("brief.json, record 1"));
    QVERIFY(world.failed[0][0].toString().contains("brief.png"));
}

void BrowseTest::recordsAreFilteredByAnyField() {
    DataWorld world;
    world.open(writeData("filter.json", {record("q1", "photo.png", "Which shape?", "moon"),
                                         record("q2", "photo.png", "Which colour?", "Blue"),
                                         record("q3", "photo.png", "Which shape?", "star")}));
    QTRY_COMPARE(world.rows(), 3);
    auto& filter = named<QLineEdit>(world.browser, "Filter records");
    const auto found = [&](const QString& text) {
        filter.setText(text);
        QCoreApplication::processEvents();
        return names(*world.table.model(), RecordModel::Id);
    };
    found("SHAPE");
    QTRY_COMPARE(world.rows(), 2);
    QCOMPARE(world.count(), "2 of 3 records");
    found("blue");
    QTRY_COMPARE(found("blue"), QStringList{"q2"});
    found("q3");
    QTRY_COMPARE(found("q3"), QStringList{"q3"});
    found("nothing like it");
    QTRY_COMPARE(world.rows(), 0);
}

void BrowseTest::nextAndPreviousRecordByKeyboard() {
    DataWorld world;
    world.open(writeData("next.json", {record("q1", "photo.png", "One?", "moon"),
                                       record("q2", "photo.png", "Two?", "moon")}));
    QTRY_COMPARE(world.rows(), 2);
    for (const int by : {1, 1, 1, -1}) {  // the third has nowhere to go
        const auto before = world.chosen.size();
        world.browser.openNeighbour(by);
        if (before != 2 || by < 0) QTRY_COMPARE(world.chosen.size(), before + 1);
    }
    QCOMPARE(world.sample(0).question.text, "One?");
    QCOMPARE(world.sample(1).question.text, "Two?");
    QCOMPARE(world.sample(2).question.text, "One?");
}

void BrowseTest::wrongFilesGiveOneSentence_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("says");
    QTest::newRow("no JSON") << QByteArray("[{\"a\": ") << "not valid JSON";
    QTest::newRow("no list") << QByteArray("{}") << "array of records";
    QTest::newRow("empty list") << QByteArray("[]") << "no records";
    QTest::newRow("not there") << QByteArray() << "there is no";
}

void BrowseTest::wrongFilesGiveOneSentence() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, says);
    QFile::remove(path("wrong.json"));
    if (!bytes.isEmpty()) write(path("wrong.json"), bytes);
    DataWorld world;
    world.open(path("wrong.json"));
    QVERIFY2(world.state().contains(says), qPrintable(world.state()));
    QVERIFY(world.state().contains("wrong.json"));
    QVERIFY(world.table.isHidden());
}

// A list in the LVR format.
QByteArray manyRecords(int count) {
    QByteArray text = "[\n";
    for (int i = 0; i < count; ++i) {
        if (i > 0) text += ",\n";
        text += QString(R"({"question_id":"q%1","dataset":"flickr30k","image":["photo.png"],)"
                        R"("conversations":[{"from":"human","value":"<image>\nWhat is person )"
                        R"(number %1 in the picture doing?"},{"from":"gpt","value":)"
                        R"("<lvr>\n<answer> riding bicycle %1 </answer>"}],)"
                        R"("bboxes":[[0.1,0.1,0.4,0.5]]})")
                    .arg(i)
                    .toUtf8();
    }
    return text + "\n]\n";
}

void BrowseTest::readingIsCancelled() {
    write(path("long.json"), manyRecords(100000));
    DataWorld world;
    world.browser.open(path("long.json"));
    auto& count = named<QLabel>(world.browser, "Number of records");
    QTRY_VERIFY(count.text().startsWith("Reading"));
    auto& cancel = named<QPushButton>(world.browser, "Cancel reading");
    QVERIFY(cancel.isVisible());
    QTest::mouseClick(&cancel, Qt::LeftButton);
    QVERIFY(world.settled.wait(5000));
    QVERIFY(world.state().contains("cancelled"));
    QVERIFY(!cancel.isVisible());
    QCOMPARE(world.rows(), 0);
}

// LVR_RECORDS=400000 measures what is published.
void BrowseTest::manyRecordsStayResponsive() {
    const int records = std::max(qEnvironmentVariableIntValue("LVR_RECORDS"), 40000);
    write(path("large.json"), manyRecords(records));
    DataWorld world;
    Pulse pulse;
    QElapsedTimer time;
    time.start();
    world.browser.open(path("large.json"));
    QVERIFY(world.settled.wait(180000));
    QTRY_COMPARE(world.rows(), records);
    const auto read = time.restart();
    world.table.scrollToBottom();
    QCoreApplication::processEvents();
    named<QLineEdit>(world.browser, "Filter records").setText("number 3999 in");
    QTRY_COMPARE_WITH_TIMEOUT(world.rows(), 1, 60000);
    const auto filtered = time.restart();
    named<QLineEdit>(world.browser, "Filter records").clear();
    QTRY_COMPARE_WITH_TIMEOUT(world.rows(), records, 60000);
    world.table.selectRow(records - 2);
    world.browser.openNeighbour(1);
    QTRY_COMPARE(world.chosen.size(), 1);
    QCOMPARE(world.sample(0).answer, "riding bicycle " + std::to_string(records - 1));
    qInfo(
        "%d records: read in %lld ms, filtered in %lld ms, longest stall %lld ms (%lld on the "
        "wall)",
        records, read, filtered, pulse.longest(), pulse.longestByTheWall());
    QVERIFY2(pulse.longest() < kTooLong, qPrintable(QString::number(pulse.longest())));
}

// ---- Both ----

void BrowseTest::keysAndTabsBelongTogether() {
    const QString folder = makeFolder("tabs", {"1.png", "2.png"});
    SourceBrowser browser;
    browser.addActions(browser.moveActions());
    browser.show();
    browser.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&browser));
    QSignalSpy file(&browser, &SourceBrowser::fileOpened),
        sample(&browser, &SourceBrowser::sampleChosen);
    browser.showFolder(folder);
    QTRY_COMPARE(named<QListView>(browser, "Pictures and traces").model()->rowCount(), 2);
    QTest::keyClick(&browser, Qt::Key_PageDown, Qt::AltModifier);
    QTest::keyClick(&browser, Qt::Key_PageDown, Qt::AltModifier);
    QTest::keyClick(&browser, Qt::Key_PageUp, Qt::AltModifier);
    QCOMPARE(file.size(), 3);
    QCOMPARE(file[1][0].toString(), folder + "/2.png");
    QCOMPARE(file[2][0].toString(), folder + "/1.png");
    browser.openData(writeData("tabs.json", {record("q1", "photo.png", "One?", "moon")}));
    QTRY_COMPARE(named<QTableView>(browser, "Records").model()->rowCount(), 1);
    QTest::keyClick(&browser, Qt::Key_PageDown, Qt::AltModifier);
    QTRY_COMPARE(sample.size(), 1);
    QCOMPARE(file.size(), 3);
}

void BrowseTest::theLastFolderAndDataComeBack() {
    const QString folder = makeFolder("last", {"1.png"});
    const QString data = writeData("last.json", {record("q1", "photo.png", "One?", "moon")});
    {
        SourceBrowser browser;
        browser.openData(data);
        browser.showFolder(folder);
        browser.remember();
    }
    SourceBrowser browser;
    browser.restore();
    browser.show();
    QTRY_COMPARE(named<QListView>(browser, "Pictures and traces").model()->rowCount(), 1);
    QCOMPARE(named<QTableView>(browser, "Records").model()->rowCount(), 0);  // nobody looks at it
    browser.findChild<QTabWidget*>()->setCurrentIndex(1);
    QTRY_COMPARE(named<QTableView>(browser, "Records").model()->rowCount(), 1);
}

void BrowseTest::everythingToClickHasAName() {
    SourceBrowser browser;
    browser.show();
    for (auto* widget : browser.findChildren<QWidget*>()) {
        const bool clickable =
            qobject_cast<QPushButton*>(widget) || qobject_cast<QLineEdit*>(widget) ||
            qobject_cast<QListView*>(widget) || qobject_cast<QTableView*>(widget);
        if (clickable)
            QVERIFY2(!widget->accessibleName().isEmpty(), widget->metaObject()->className());
    }
}

// ---- In the window ----

void BrowseTest::aDroppedFolderIsBrowsedInTheWindow() {
    WindowWorld world;
    world.drop({makeFolder("dropped", {"1.png", "2.png"})});
    QCOMPARE(names(world.files()), (QStringList{"1.png", "2.png"}));
    QVERIFY(named<QListView>(world.window, "Pictures and traces").isVisible());
    QCOMPARE(world.window.message(), "");
}

void BrowseTest::aDroppedCheckpointIsStillOpenedAsOne() {
    WindowWorld world;
    const QString folder = makeFolder("checkpoint", {"1.png"});
    write(folder + "/config.json", "{}");
    world.drop({folder});
    QCOMPARE(world.script.loaded.load(), 2);
    QCOMPARE(world.files().rowCount(), 0);
}

void BrowseTest::manyDroppedFilesAreAList() {
    const QString folder = makeFolder("list", {"b.png", "a.png", "c.png"});
    WindowWorld world;
    world.drop({folder + "/b.png", folder + "/a.png"});
    QCOMPARE(names(world.files()), (QStringList{"b.png", "a.png"}));
}

void BrowseTest::aDroppedDataFileListsItsQuestionsAndTheyCanBeJudged() {
    WindowWorld world;
    world.drop({writeData("dropped.json", {record("q1", "photo.png", "Which?", "moon"),
                                           record("q2", "photo.png", "And this?", "star")})});
    QTRY_COMPARE(world.table().model()->rowCount(), 2);
    world.table().selectRow(1);
    QTest::keyClick(&world.table(), Qt::Key_Return);
    QTRY_COMPARE(world.window.trace().question.images.size(), std::size_t{1});
    QVERIFY(world.window.windowTitle().startsWith("dropped.json, record 2"));
    QCOMPARE(world.window.trace().rois.size(), std::size_t{1});
    QVERIFY(world.verdict().endsWith("known: star"));
    world.window.ask();
    world.settle();
    QVERIFY(world.verdict().contains("Wrong"));
}

void BrowseTest::aDroppedBenchmarkListsItsQuestions() {
    const QString folder = LVR_FIXTURES "/bench-samples/vstar/craigwu_vstar_bench";
    QFile file(folder + "/test_questions.jsonl");
    QVERIFY(file.open(QIODevice::ReadOnly));
    const auto questions = file.readAll().trimmed().split('\n');
    const auto first = QJsonDocument::fromJson(questions[0]).object();
    WindowWorld world;
    world.drop({folder});
    QTRY_COMPARE(world.table().model()->rowCount(), int(questions.size()));
    QVERIFY(world.table().isVisible());
    world.table().selectRow(0);
    QTest::keyClick(&world.table(), Qt::Key_Return);
    const auto text = first["text"].toString().section('\n', 0, 0);
    const auto asked = [&] { return world.window.findChild<QuestionLine*>()->toPlainText(); };
    QTRY_VERIFY2(asked().startsWith(text), qPrintable(asked()));
    QVERIFY2(world.verdict().endsWith("known: " + first["label"].toString()),
             qPrintable(world.verdict()));
}

void BrowseTest::theNextPictureComesWhileTheQuestionIsBeingTyped() {
    const QString folder = makeFolder("typing", {"1.png", "2.png"});
    WindowWorld world;
    world.drop({folder});
    world.window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&world.window));
    world.window.openFile(folder + "/1.png");
    world.settle();
    auto* question = world.window.findChild<QuestionLine*>();
    question->setFocus();
    QTest::keyClick(question, Qt::Key_PageDown, Qt::AltModifier);
    world.settle();
    QVERIFY(world.window.windowTitle().startsWith("2.png"));
    QTest::keyClick(question, Qt::Key_PageUp, Qt::AltModifier);
    world.settle();
    QVERIFY(world.window.windowTitle().startsWith("1.png"));
}

void BrowseTest::ctrlEOffersTheAnswerBesideItsPicture() {
    const QString folder = makeFolder("export", {"cat.png"});
    WindowWorld world;
    world.window.openFile(folder + "/cat.png");
    world.settle();
    world.window.ask("Which?");
    world.settle();
    world.window.showLastStep();
    world.window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&world.window));
    QTest::keyClick(&world.window, Qt::Key_E, Qt::ControlModifier);
    auto* dialog = world.window.findChild<ExportDialog*>();
    QVERIFY(dialog);
    QCOMPARE(named<QLineEdit>(*dialog, "File to write").text(), folder + "/cat-step4.png");
    QSignalSpy exported(dialog, &ExportDialog::exported);
    QTest::keyClick(dialog, Qt::Key_Return);
    QVERIFY(exported.wait(5000));
    QVERIFY(!QImage(folder + "/cat-step4.png").isNull());
}

QTEST_MAIN(BrowseTest)
#include "browse_test.moc"
