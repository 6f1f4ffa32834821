// How many instructions a decode and a step of training take, which noise can't change: more than
// 1 % beside the committed figure is a change of speed that somebody must have meant.

#include <QDir>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <nlohmann/json.hpp>

using Json = nlohmann::json;

namespace {

const QString kFigures = LVR_FIXTURES "/instructions.json";
constexpr double kTolerance = 0.01;

Json committed() {
    std::ifstream file(kFigures.toStdString());
    return Json::parse(file);
}

// What callgrind wrote at the end of each part that was counted.
Json countsIn(const QDir& folder) {
    static const QRegularExpression name("^desc: Trigger: Client Request: (\\w+)$",
                                         QRegularExpression::MultilineOption);
    static const QRegularExpression total("^totals: (\\d+)$", QRegularExpression::MultilineOption);
    Json counts = Json::object();
    for (const auto& entry : folder.entryInfoList(QDir::Files)) {
        QFile file(entry.filePath());
        if (!file.open(QIODevice::ReadOnly)) continue;
        const auto text = QString::fromUtf8(file.readAll());
        const auto part = name.match(text), sum = total.match(text);
        if (part.hasMatch() && sum.hasMatch())
            counts[part.captured(1).toStdString()] = sum.captured(1).toLongLong();
    }
    return counts;
}

struct Counted {
    QString with;  // LibTorch and kernels
    Json counts;
};

Counted counted() {
    const QTemporaryDir folder;
    QProcess valgrind;
    valgrind.start(LVR_VALGRIND, {"--tool=callgrind", "--instr-atstart=no",
                                  "--callgrind-out-file=" + folder.filePath("out"), LVR_COUNTED});
    valgrind.waitForFinished(900000);
    const auto said = QString::fromUtf8(valgrind.readAllStandardOutput());
    if (valgrind.exitCode() != 0)
        qWarning("%s%s", qPrintable(said), valgrind.readAllStandardError().constData());
    return {said.trimmed(), countsIn(QDir(folder.path()))};
}

}  // namespace

class InstructionsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void noMoreAreNeededThanWereCommitted() {
        const auto figures = committed();
        if (figures["compiler"] != LVR_COMPILER)
            QSKIP("the committed figures are of another compiler: " LVR_COMPILER);
        const auto [with, counts] = counted();
        QVERIFY2(!with.isEmpty(), "nothing was counted");
        if (with.toStdString() != figures["with"])
            QSKIP(qPrintable("the committed figures are of other code: " + with));
        QString off;
        for (const auto& [name, figure] : figures["counts"].items()) {
            QVERIFY2(counts.contains(name), ("nothing was counted for " + name).c_str());
            const double ratio = counts[name].get<double>() / figure.get<double>();
            qInfo("%s: %lld instructions, %.4f of what was committed", name.c_str(),
                  counts[name].get<long long>(), ratio);
            if (std::abs(ratio - 1) > kTolerance) off += " " + QString::fromStdString(name);
        }
        QVERIFY2(off.isEmpty(), qPrintable("More or fewer instructions than in " + kFigures + ":" +
                                           off + ". If that is meant, put there: " +
                                           QString::fromStdString(counts.dump())));
    }
};

QTEST_GUILESS_MAIN(InstructionsTest)
#include "instructions_test.moc"
