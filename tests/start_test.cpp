#include <QImage>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

// The program itself, started as scripts start it, in surroundings it did not choose.

namespace {

struct Ended {
    int code = -1;
    QString said;  // on stderr
};

using Surroundings = QList<std::pair<QString, QString>>;  // variable, value; null: not set

Ended start(const QStringList& arguments, const Surroundings& surroundings = {}) {
    QProcess program;
    auto environment = QProcessEnvironment::systemEnvironment();
    environment.insert("XDG_CONFIG_HOME", "/proc/nowhere");  // no test touches a person's settings
    for (const auto& [name, value] : surroundings)
        if (value.isNull())
            environment.remove(name);
        else
            environment.insert(name, value);
    program.setProcessEnvironment(environment);
    program.start(LVR_WORKBENCH, arguments);
    if (!program.waitForFinished(60'000)) return {};
    Ended ended{program.exitCode(), QString::fromUtf8(program.readAllStandardError())};
    if (program.exitStatus() != QProcess::NormalExit) ended.code = -1;
    return ended;
}

const QString kNotSet;

QJsonObject readJson(const QString& name) {
    QFile file(name);
    return file.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(file.readAll()).object()
                                          : QJsonObject();
}

}  // namespace

class StartTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void answersAndDrawsWhereverItIsStarted_data();
    void answersAndDrawsWhereverItIsStarted();
    void opensAndWritesFilesOfAnyName();
    void saysInOneSentenceWhatIsWrong_data();
    void saysInOneSentenceWhatIsWrong();

private:
    QString file(const QString& name) const { return folder_.filePath(name); }
    QTemporaryDir folder_;
};

void StartTest::initTestCase() {
    QImage photo(60, 40, QImage::Format_RGB888);
    photo.fill(Qt::darkCyan);
    QVERIFY(photo.save(file("photo.png")));
    QVERIFY(photo.save(file("zweites Bild äöü 图.png")));
    for (const char* name : {"text.png", "text.lvrtrace"})
        std::ofstream(file(name).toStdString()) << "just words";
}

void StartTest::answersAndDrawsWhereverItIsStarted_data() {
    QTest::addColumn<Surroundings>("surroundings");
    QTest::newRow("as it is") << Surroundings{};
    QTest::newRow("no HOME") << Surroundings{{"HOME", kNotSet},
                                             {"XDG_CONFIG_HOME", kNotSet},
                                             {"XDG_DATA_HOME", kNotSet},
                                             {"XDG_CACHE_HOME", kNotSet}};
    QTest::newRow("HOME that can't be written")
        << Surroundings{{"HOME", "/proc"}, {"XDG_CONFIG_HOME", kNotSet}};
    QTest::newRow("comma as decimal point")
        << Surroundings{{"LC_ALL", "de_DE.UTF-8"}, {"LANG", "de_DE.UTF-8"}};
    QTest::newRow("plain C locale") << Surroundings{{"LC_ALL", "C"}};
    QTest::newRow("no OpenGL at all") << Surroundings{{"QT_QPA_PLATFORM", "offscreen"}};
    QTest::newRow("broken OpenGL driver")
        << Surroundings{{"LIBGL_DRIVERS_PATH", "/nowhere"}, {"GALLIUM_DRIVER", "nonsense"}};
    QTest::newRow("two pixels for one") << Surroundings{{"QT_SCALE_FACTOR", "2"}};
}

void StartTest::answersAndDrawsWhereverItIsStarted() {
    QFETCH(const Surroundings, surroundings);
    const QString shot = file("shot.png"), state = file("state.json");
    QFile::remove(shot);
    QFile::remove(state);
    const Ended ended = start({"--screenshot-to", shot, "--state-to", state, "--size", "900x600",
                               "--ask", "What shape is the red object?"},
                              surroundings);
    QStringList said = ended.said.split('\n', Qt::SkipEmptyParts);
    said.removeIf(
        [](const QString& line) { return line.startsWith("libGL error"); });  // Mesa's own
    QCOMPARE(said, QStringList());
    QCOMPARE(ended.code, 0);
    const QImage drawn(shot);
    const int scale = surroundings.contains({"QT_SCALE_FACTOR", "2"}) ? 2 : 1;
    QCOMPARE(drawn.size(), QSize(900, 600) * scale);
    const QJsonObject shown = readJson(state);
    QCOMPARE(shown["question"].toString(), "What shape is the red object?");
    const QJsonObject answer = shown["answers"][0].toObject();
    QVERIFY2(!answer["answer"].toString().isEmpty(), QJsonDocument(shown).toJson());
    QVERIFY(!answer["latent_steps"].toArray().isEmpty());
    QCOMPARE(answer["model"].toString(), "tiny model");
    QCOMPARE(shown["messages"].toArray(), QJsonArray());
}

void StartTest::opensAndWritesFilesOfAnyName() {
    for (const char* locale : {"C.UTF-8", "C"}) {
        const QString shot = file("größe 图.png");
        QFile::remove(shot);
        const Ended ended =
            start({"--screenshot-to", shot, "--open", file("zweites Bild äöü 图.png")},
                  {{"LC_ALL", locale}});
        QCOMPARE(ended.said, "");
        QCOMPARE(ended.code, 0);
        QVERIFY(!QImage(shot).isNull());
    }
}

void StartTest::saysInOneSentenceWhatIsWrong_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<Surroundings>("surroundings");
    QTest::addColumn<QString>("part");
    const QString shot = file("none.png");
    const auto opening = [&](const QString& name) {
        return QStringList{"--screenshot-to", shot, "--open", file(name)};
    };
    QTest::newRow("text as picture") << opening("text.png") << Surroundings{} << "text.png";
    QTest::newRow("text as trace") << opening("text.lvrtrace") << Surroundings{} << "text.lvrtrace";
    QTest::newRow("missing") << opening("gone ä.png") << Surroundings{} << "gone ä.png";
    QTest::newRow("folder for the picture")
        << QStringList{"--screenshot-to", file("missing/shot.png")} << Surroundings{} << "missing";
    QTest::newRow("no such model")
        << QStringList{"--screenshot-to", shot, "--model", file("no model")} << Surroundings{}
        << "no model";
    QTest::newRow("no display") << opening("photo.png")
                                << Surroundings{{"DISPLAY", kNotSet},
                                                {"WAYLAND_DISPLAY", kNotSet},
                                                {"QT_QPA_PLATFORM", kNotSet}}
                                << "no display";
    QTest::newRow("display that is not there")
        << opening("photo.png") << Surroundings{{"DISPLAY", ":12345"}, {"QT_QPA_PLATFORM", kNotSet}}
        << "display can't be reached";
}

void StartTest::saysInOneSentenceWhatIsWrong() {
    QFETCH(const QStringList, arguments);
    QFETCH(const Surroundings, surroundings);
    QFETCH(const QString, part);
    const Ended ended = start(arguments, surroundings);
    QCOMPARE(ended.code, 1);
    QVERIFY2(ended.said.contains(part), qPrintable(ended.said));
    QCOMPARE(ended.said.trimmed().count('\n'), 0);
    QVERIFY(ended.said.startsWith("lvr-workbench: "));
}

QTEST_GUILESS_MAIN(StartTest)
#include "start_test.moc"
