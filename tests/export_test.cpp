#include <sys/resource.h>

#include <QBuffer>
#include <QComboBox>
#include <QImageReader>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSvgRenderer>
#include <QTemporaryDir>
#include <QtTest>
#include <clocale>
#include <csignal>
#include <span>

#include "app/ask/export_dialog.h"
#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/trace/trace_csv.h"
#include "core/trace/trace_export.h"
#include "core/trace/trace_file.h"
#include "tests/support/three_looks.h"

using namespace lvr;

namespace {

void exportTrace(const Trace& trace, const std::filesystem::path& file, const TraceExport& choice) {
    const auto bytes = encodeTrace(trace, file, choice);
    writeFileAtomically(file, {std::as_bytes(std::span(bytes))});
}

Trace answered() {
    Trace trace = threeLooks();
    trace.question.text = "Which shape, \"red\" or blue?";
    trace.answer = "moon";
    trace.model = "tiny";
    trace.hiddenSize = 2;
    trace.latents = {1, 0, 1, 0, 0, 1};
    trace.imageTokens.resize(12, 1);
    std::fill(trace.question.images[0].rgb.begin(), trace.question.images[0].rgb.end(), 90);
    return trace;
}

QByteArray bytesOf(const QString& file) {
    QFile in(file);
    return in.open(QIODevice::ReadOnly) ? in.readAll() : QByteArray();
}

std::vector<QImage> frames(const QByteArray& bytes, int* loops = nullptr, int* delay = nullptr) {
    QByteArray copy = bytes;
    QBuffer buffer(&copy);
    QImageReader reader(&buffer);
    std::vector<QImage> frames;
    for (QImage frame; reader.read(&frame);) {
        frames.push_back(frame.convertToFormat(QImage::Format_RGB888));
        if (delay) *delay = reader.nextImageDelay();
    }
    if (loops) *loops = reader.loopCount();
    return frames;
}

// Largest difference of a colour channel in the middle of a patch of the 2x3 grid.
int difference(const QImage& a, const QImage& b, int row, int col) {
    const QPoint at(a.width() * (2 * col + 1) / 6, a.height() * (2 * row + 1) / 4);
    const QColor x = a.pixelColor(at), y = b.pixelColor(at);
    return std::max({std::abs(x.red() - y.red()), std::abs(x.green() - y.green()),
                     std::abs(x.blue() - y.blue())});
}

struct DialogWorld {
    QTemporaryDir folder;
    ExportDialog dialog;
    QSignalSpy exported{&dialog, &ExportDialog::exported};

    explicit DialogWorld(const Trace& trace = answered(), int step = 1)
        : dialog(std::make_shared<const Trace>(trace),
                 {.step = step, .folder = folder.path(), .name = "photo"}) {
        dialog.show();
    }
    template <class Widget>
    Widget& named(const QString& name) {
        for (auto* widget : dialog.findChildren<Widget*>())
            if (widget->accessibleName() == name) return *widget;
        qFatal("no widget is called %s", qPrintable(name));
    }
    void choose(const QString& what, const QString& format = {}) {
        auto& box = named<QComboBox>("What to export");
        const int at = box.findText(what, Qt::MatchContains);
        QVERIFY2(at >= 0, qPrintable(what));
        box.setCurrentIndex(at);
        if (format.isEmpty()) return;
        auto& formats = named<QComboBox>("Format");
        formats.setCurrentIndex(formats.findText(format, Qt::MatchStartsWith));
    }
    QPushButton& button(const QString& text) {
        for (auto* button : dialog.findChildren<QPushButton*>())
            if (button->text().remove('&') == text) return *button;
        qFatal("no button %s", qPrintable(text));
    }
    QString file() { return named<QLineEdit>("File to write").text(); }
    QString sentence() { return named<QLabel>("State of the export").text(); }
    QByteArray result() {
        QTest::mouseClick(&button("Export"), Qt::LeftButton);
        if (exported.isEmpty()) exported.wait(10000);
        return exported.isEmpty() ? QByteArray() : bytesOf(exported[0][0].toString());
    }
};

}  // namespace

class ExportTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init() { QSettings().remove("export/folder"); }

    void tableHasOneRowAStep();
    void tableHasPointsWhateverTheLocale();
    void tableOfSeveralPicturesNamesThePicture();
    void wholeAnswerIsWhatTheCommandPrints();
    void heatLiesOnThePatchThatIsNearest();
    void regionsLieOnTheirOwnPicture();
    void picturesAreEnlargedAndMadeSmallToFit();
    void wrongEndingIsNamed();
    void exportsByEndingCanBeReadBack();

    void figureHasItsSizeAtEveryScale();
    void figureShowsHeatRegionsLegendAndCaption();
    void drawingHoldsTextAndPicture();
    void allStepsAreBesideEachOther();
    void animationHasAFrameAStepAndLoops();
    void tableAndWholeAnswerAreWritten();
    void namesAreSuggestedBesideThePicture();
    void theFolderIsRemembered();
    void aFileThatExistsIsReplacedOnlyKnowingly();
    void aTypedNameThatExistsIsReplacedOnlyKnowingly();
    void theEndingIsAdded();
    void theEndingThatIsTypedIsTheFormat();
    void anEndingThatCannotBeIsSaid();
    void whatCannotBeWrittenIsOneSentenceAndLeavesNothing();
    void aFullDiskIsOneSentenceAndLeavesTheOldFile();
    void cancellingTheAnimationWritesNothing();
    void closingDuringAnExportIsClean();
    void anAnswerWithoutLatentsOffersPictureAndData();
    void everythingToClickHasAName();
};

void ExportTest::initTestCase() {
    static QTemporaryDir settings;
    QCoreApplication::setOrganizationName("lvr-export-test");
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings.path());
}

// ---- Core ----

void ExportTest::tableHasOneRowAStep() {
    Trace trace = answered();
    trace.steps[1].text = "a,\"b\"";
    const auto lines = QString::fromStdString(toCsv(trace)).split('\n');
    QCOMPARE(lines.size(), 5);  // names, three steps, the end
    QVERIFY(lines[0].startsWith(
        "step,position,norm,entropy,end_probability,end_distance,cosine_to_previous,shadow_token"));
    QVERIFY(lines[0].endsWith("patch3_image,patch3_row,patch3_col,patch3_cosine"));
    QVERIFY(lines[1].startsWith("1,1,5,"));
    QVERIFY(lines[1].contains(",0.25,,,0,\"a,\"\"b\"\"\",0,0,0,0.9,"));
    const auto third = lines[3].split(',');
    QCOMPARE(third[0], "3");
    QCOMPARE(third[6], "0");  // latents 2 and 3 are at right angles
    QCOMPARE(lines[2].split(',')[6], "1");
    QCOMPARE(third.size(), lines[0].split(',').size());
}

void ExportTest::tableHasPointsWhateverTheLocale() {
    const std::string before = toCsv(answered());
    for (const char* locale : {"de_DE.UTF-8", "C.UTF-8"}) {
        std::setlocale(LC_ALL, locale);
        QCOMPARE(toCsv(answered()), before);
    }
    std::setlocale(LC_ALL, "C");
}

void ExportTest::tableOfSeveralPicturesNamesThePicture() {
    Trace trace = answered();
    trace.question.images.push_back(trace.question.images[0]);
    trace.grids.push_back({.rows = 1, .cols = 2});
    for (DecodeStep& step : trace.steps)
        if (auto* latent = std::get_if<LatentStep>(&step.what)) {
            latent->cosine.insert(latent->cosine.end(), {0.0f, 0.95f});
            latent->l2.insert(latent->l2.end(), {1.0f, 1.0f});
        }
    const auto cells = QString::fromStdString(toCsv(trace)).split('\n')[1].split(',');
    QCOMPARE(cells.mid(9, 4), (QStringList{"1", "0", "1", "0.95"}));
    QCOMPARE(cells.mid(13, 4), (QStringList{"0", "0", "0", "0.9"}));
}

void ExportTest::wholeAnswerIsWhatTheCommandPrints() {
    QTemporaryDir folder;
    const QString file = folder.filePath("a.json");
    exportTrace(answered(), file.toStdString(), {});
    const auto json = QJsonDocument::fromJson(bytesOf(file)).object();
    QCOMPARE(json["answer"].toString(), "moon");
    QCOMPARE(json["latent_steps"].toArray().size(), 3);
    const auto nearest =
        json["latent_steps"].toArray()[1].toObject()["nearest"].toArray()[0].toObject();
    QCOMPARE(nearest["row"].toInt(), 0);
    QCOMPARE(nearest["col"].toInt(), 1);
    QVERIFY(!nearest.contains("image"));
    const auto words = json["text_steps"].toArray();
    QCOMPARE(words.size(), 2);
    QCOMPARE(words[1].toObject()["text"].toString(), "moon");
    const auto patch = words[1].toObject()["nearest"].toArray()[0].toObject();
    QCOMPARE(patch["row"].toInt(), 0);
    QCOMPARE(patch["col"].toInt(), 0);
    QVERIFY(!patch.contains("l2"));
}

void ExportTest::heatLiesOnThePatchThatIsNearest() {
    const Trace trace = answered();
    const HeatPictures pictures(trace, {.rois = false});
    const auto at = [&](int step, int patch) {
        const Image image = pictures.draw(step, {84, 56});
        const int x = patch % 3 * 28 + 14, y = patch / 3 * 28 + 14;
        return image.rgb[(static_cast<std::size_t>(y) * 84 + x) * 3 + 1];
    };
    QCOMPARE(int(at(-1, 0)), 90);  // no heat
    for (int step = 0; step < 3; ++step)
        for (int patch = 0; patch < 3; ++patch)
            QCOMPARE(at(step, patch) > 130, patch == step);  // the hot end of viridis is bright
}

void ExportTest::regionsLieOnTheirOwnPicture() {
    Trace trace = answered();
    trace.question.images.push_back(trace.question.images.front());
    trace.rois = {{0.1, 0.1, 0.6, 0.6, 1}};
    const auto draw = [&](int image, bool rois) {
        return HeatPictures(trace, {.image = image, .heat = false, .rois = rois})
            .draw(-1, {84, 56});
    };
    QCOMPARE(draw(0, true), draw(0, false));
    QVERIFY(draw(1, true) != draw(1, false));
}

void ExportTest::picturesAreEnlargedAndMadeSmallToFit() {
    const auto size = [](int width, int height) {
        const auto found = sizeWithin({.width = width, .height = height, .rgb = {}}, 560, 1600);
        return QSize(found.width, found.height);
    };
    QCOMPARE(size(112, 56), QSize(560, 280));
    QCOMPARE(size(600, 300), QSize(600, 300));
    QCOMPARE(size(3200, 100), QSize(1600, 50));
    QCOMPARE(size(1, 2), QSize(280, 560));
    QCOMPARE(size(100000, 1), QSize(1600, 1));
}

void ExportTest::wrongEndingIsNamed() {
    try {
        exportTrace(answered(), "/tmp/a.bmp", {});
        QFAIL("no error");
    } catch (const Error& error) {
        QVERIFY(QString(error.what()).contains("/tmp/a.bmp"));
        QVERIFY(QString(error.what()).contains(".gif"));
    }
}

void ExportTest::exportsByEndingCanBeReadBack() {
    QTemporaryDir folder;
    const auto path = [&](const char* name) { return folder.filePath(name).toStdString(); };
    const Trace trace = answered();
    exportTrace(trace, path("a.png"), {.step = 0, .scale = 2});
    QCOMPARE(QImage(folder.filePath("a.png")).size(), QSize(84 * 7 * 2, 56 * 7 * 2));
    exportTrace(trace, path("all.png"), {.allSteps = true});
    QVERIFY(QImage(folder.filePath("all.png")).width() > 2 * 84 * 3);
    exportTrace(trace, path("a.gif"), {});
    QCOMPARE(frames(bytesOf(folder.filePath("a.gif"))).size(), std::size_t{3});
    QVERIFY_EXCEPTION_THROWN(exportTrace(trace, path("b.png"), {.step = 3}), Error);
    QVERIFY_EXCEPTION_THROWN(exportTrace(trace, path("b.png"), {.picture = {.image = 1}}), Error);
    QVERIFY(!QFile::exists(folder.filePath("b.png")));
}

// ---- Window ----

void ExportTest::figureHasItsSizeAtEveryScale() {
    const Trace trace = answered();
    const QSize once = Figure(trace, {.step = 1}).pixels();
    for (const int scale : {1, 2, 4}) {
        const QImage image = Figure(trace, {.step = 1, .scale = scale}).image();
        QCOMPARE(image.size(), once * scale);
    }
}

void ExportTest::figureShowsHeatRegionsLegendAndCaption() {
    const Trace trace = answered();
    const FigureChoice all{.step = 1};
    FigureChoice choice = all;
    const auto differs = [&] {
        const QImage a = Figure(trace, all).image(), b = Figure(trace, choice).image();
        return a != b;
    };
    QVERIFY(!differs());
    choice.picture.heat = false;
    QVERIFY(differs());
    choice = all;
    choice.picture.rois = false;
    QVERIFY(differs());
    choice = all;
    choice.nearest = 2;
    QVERIFY(differs());
    choice = all;
    choice.step = 2;
    QVERIFY(differs());
    choice = all;
    choice.caption = false;
    QVERIFY(Figure(trace, choice).pixels().height() < Figure(trace, all).pixels().height());
}

void ExportTest::drawingHoldsTextAndPicture() {
    DialogWorld world;
    world.choose("latent step 2", "SVG");
    const QByteArray svg = world.result();
    QSvgRenderer renderer(svg);
    QVERIFY(renderer.isValid());
    QCOMPARE(renderer.viewBox().size(), Figure(answered(), {.step = 1}).pixels());
    QVERIFY(svg.contains("data:image/png;base64,"));
    QVERIFY(svg.contains("latent step 2 of 3"));
    QVERIFY(svg.contains("cosine"));
    QVERIFY(svg.contains("&quot;red&quot;"));
}

void ExportTest::allStepsAreBesideEachOther() {
    DialogWorld world;
    world.choose("all 3 latent steps", "PNG");
    const QImage image = QImage::fromData(world.result());
    QVERIFY(!image.isNull());
    const FigureChoice choice{.step = 1, .allSteps = true, .scale = 2};
    QCOMPARE(image.size(), Figure(answered(), choice).pixels());
}

void ExportTest::animationHasAFrameAStepAndLoops() {
    DialogWorld world;
    world.choose("Animation");
    int loops = 0, delay = 0;
    const auto all = frames(world.result(), &loops, &delay);
    QCOMPARE(all.size(), std::size_t{3});
    QCOMPARE(loops, -1);  // for ever
    QCOMPARE(delay, 700);
    const Trace trace = answered();
    const Figure figure(trace, {.small = true});
    for (int step = 0; step < 3; ++step) {
        QCOMPARE(all[step].size(), figure.pixels());
        // 256 colours are near to all of them.
        const QImage exact = figure.image(step);
        for (int patch = 0; patch < 6; ++patch)
            QVERIFY(difference(all[step], exact, patch / 3, patch % 3) < 24);
    }
    QVERIFY(all[0] != all[1]);
}

void ExportTest::tableAndWholeAnswerAreWritten() {
    {
        DialogWorld world;
        world.choose("Table");
        QCOMPARE(world.result(), QByteArray::fromStdString(toCsv(answered())));
    }
    QSettings().remove("export/folder");
    DialogWorld world;
    world.choose("Whole answer");
    QCOMPARE(QJsonDocument::fromJson(world.result()).object()["answer"].toString(), "moon");
}

void ExportTest::namesAreSuggestedBesideThePicture() {
    DialogWorld world;
    QCOMPARE(world.file(), world.folder.filePath("photo-step2.png"));
    world.choose("latent step 2", "SVG");
    QCOMPARE(world.file(), world.folder.filePath("photo-step2.svg"));
    world.choose("Animation");
    QCOMPARE(world.file(), world.folder.filePath("photo-steps.gif"));
    world.choose("Whole");
    QCOMPARE(world.file(), world.folder.filePath("photo.json"));
}

void ExportTest::theFolderIsRemembered() {
    QTemporaryDir other;
    {
        DialogWorld world;
        world.choose("Table");
        world.named<QLineEdit>("File to write").setText(other.filePath("x.csv"));
        QVERIFY(!world.result().isEmpty());
    }
    DialogWorld world;
    QCOMPARE(QFileInfo(world.file()).absolutePath(), other.path());
}

void ExportTest::aFileThatExistsIsReplacedOnlyKnowingly() {
    DialogWorld world;
    QFile old(world.folder.filePath("photo-steps.csv"));
    QVERIFY(old.open(QIODevice::WriteOnly));
    old.write("old");
    old.close();
    world.choose("Table");
    QVERIFY(world.sentence().contains("will be replaced"));
    QTest::mouseClick(&world.button("Replace"), Qt::LeftButton);
    QVERIFY(world.exported.wait(5000));
    QVERIFY(bytesOf(old.fileName()).startsWith("step,"));
}

// Also in the moment after its last letter, when nobody has looked yet.
void ExportTest::aTypedNameThatExistsIsReplacedOnlyKnowingly() {
    DialogWorld world;
    QFile old(world.folder.filePath("old.csv"));
    QVERIFY(old.open(QIODevice::WriteOnly));
    old.write("old");
    old.close();
    world.choose("Table");
    world.named<QLineEdit>("File to write").setText(old.fileName());
    QTest::mouseClick(&world.button("Export"), Qt::LeftButton);
    QVERIFY(world.sentence().contains("will be replaced"));
    QCOMPARE(bytesOf(old.fileName()), QByteArray("old"));
    QTest::mouseClick(&world.button("Replace"), Qt::LeftButton);
    QVERIFY(world.exported.wait(5000));
    QVERIFY(bytesOf(old.fileName()).startsWith("step,"));
}

void ExportTest::theEndingIsAdded() {
    DialogWorld world;
    world.choose("Table");
    world.named<QLineEdit>("File to write").setText(world.folder.filePath("numbers"));
    QVERIFY(!world.result().isEmpty());
    QCOMPARE(world.exported[0][0].toString(), world.folder.filePath("numbers.csv"));
}

void ExportTest::theEndingThatIsTypedIsTheFormat() {
    DialogWorld world;
    auto& file = world.named<QLineEdit>("File to write");
    file.setText(world.folder.filePath("c.svg"));  // PNG was chosen
    QVERIFY(world.result().startsWith("<?xml"));
    QCOMPARE(world.exported[0][0].toString(), world.folder.filePath("c.svg"));
}

void ExportTest::anEndingThatCannotBeIsSaid() {
    DialogWorld world;
    for (const char* name : {"c.gif", "c.csv"}) {
        world.named<QLineEdit>("File to write").setText(world.folder.filePath(name));
        QTest::mouseClick(&world.button("Export"), Qt::LeftButton);
        QVERIFY2(world.sentence().contains("written as .png or .svg"),
                 qPrintable(world.sentence()));
    }
    QVERIFY(world.exported.isEmpty());
    QCOMPARE(QDir(world.folder.path()).entryList(QDir::Files), QStringList());
}

void ExportTest::whatCannotBeWrittenIsOneSentenceAndLeavesNothing() {
    DialogWorld world;
    for (const char* what : {"latent step 2", "Animation", "Table", "Whole"}) {
        world.choose(what);
        world.named<QLineEdit>("File to write")
            .setText("/nowhere/at/all." + world.file().section('.', -1));
        QTest::mouseClick(&world.button("Export"), Qt::LeftButton);
        QTRY_VERIFY(world.sentence().contains("/nowhere/at/all"));
        QVERIFY(world.button("Export").isEnabled());
        QVERIFY(world.dialog.isVisible());
        world.named<QLineEdit>("File to write").setText(world.folder.filePath("x"));
    }
    QVERIFY(world.exported.isEmpty());
    QCOMPARE(QDir(world.folder.path()).entryList(QDir::Files | QDir::Hidden), QStringList());
}

// What stands for a full disk: no file may grow beyond 100 bytes.
class NoRoom {
public:
    NoRoom() {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit little{100, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &little);
    }
    ~NoRoom() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

void ExportTest::aFullDiskIsOneSentenceAndLeavesTheOldFile() {
    DialogWorld world;
    QFile old(world.folder.filePath("photo-steps.csv"));
    QVERIFY(old.open(QIODevice::WriteOnly));
    old.write("old");
    old.close();
    world.choose("Table");
    {
        const NoRoom full;
        QTest::mouseClick(&world.button("Replace"), Qt::LeftButton);
        QTRY_VERIFY(world.sentence().contains("cannot write"));
    }
    QVERIFY(world.sentence().contains("photo-steps.csv") && world.sentence().contains("room"));
    QCOMPARE(bytesOf(old.fileName()), "old");
    QCOMPARE(QDir(world.folder.path()).entryList(QDir::Files | QDir::Hidden),
             QStringList{"photo-steps.csv"});
}

void ExportTest::cancellingTheAnimationWritesNothing() {
    Trace trace = answered();
    for (int i = 3; i < 400; ++i) {
        DecodeStep step = latentStep(i % 3);
        step.position = i + 2;
        trace.steps.push_back(step);
    }
    DialogWorld world(trace);
    world.choose("Animation");
    QTest::mouseClick(&world.button("Export"), Qt::LeftButton);
    auto& progress = world.named<QProgressBar>("Progress of the export");
    QTRY_VERIFY(progress.value() > 0);
    QCOMPARE(progress.maximum(), 400);
    QTest::mouseClick(&world.button("Cancel"), Qt::LeftButton);
    QTRY_VERIFY(world.sentence().contains("nothing was written"));
    QVERIFY(world.dialog.isVisible());
    QCOMPARE(QDir(world.folder.path()).entryList(QDir::Files | QDir::Hidden), QStringList());
}

void ExportTest::closingDuringAnExportIsClean() {
    Trace trace = answered();
    for (int i = 3; i < 400; ++i) trace.steps.push_back(latentStep(i % 3));
    QTemporaryDir folder;
    {
        ExportDialog dialog(std::make_shared<const Trace>(trace),
                            {.step = 1, .folder = folder.path(), .name = "x"});
        dialog.show();
        auto* what = dialog.findChild<QComboBox*>();
        what->setCurrentIndex(2);
        for (auto* button : dialog.findChildren<QPushButton*>())
            if (button->text() == "&Export") button->click();
    }
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files | QDir::Hidden), QStringList());
}

void ExportTest::anAnswerWithoutLatentsOffersPictureAndData() {
    Trace trace = answered();
    trace.steps = {trace.steps.front()};
    trace.latents.clear();
    DialogWorld world(trace, -1);
    QCOMPARE(world.named<QComboBox>("What to export").count(), 2);
    QVERIFY(!QImage::fromData(world.result()).isNull());
}

void ExportTest::everythingToClickHasAName() {
    DialogWorld world;
    for (auto* widget : world.dialog.findChildren<QWidget*>()) {
        if (!qobject_cast<QComboBox*>(widget) && !qobject_cast<QPushButton*>(widget)) continue;
        const auto* button = qobject_cast<QPushButton*>(widget);
        QVERIFY(!widget->accessibleName().isEmpty() || (button && !button->text().isEmpty()));
    }
}

QTEST_MAIN(ExportTest)
#include "export_test.moc"
