// What a training does with data that can't be read, is too long, or comes from several files.

#include <QTemporaryDir>

#include "tests/support/program.h"

using program::compareFailure;
using program::lvr;
using program::Result;

namespace {

const QString kModel = LVR_RESOURCES "/models/tiny";

}  // namespace

class TrainingDataCliTest : public QObject {
    Q_OBJECT
    QTemporaryDir dir_;
    QString path(const QString& name) const { return dir_.filePath(name); }

    Result train(const QString& out, const QStringList& options,
                 const QString& kind = "sft") const {
        return lvr(QStringList{kind, "--model", kModel, "--out", path(out), "--threads", "1"} +
                   options);
    }
    Result sft(const QString& out, const QStringList& options) const {
        return train(out, QStringList{"--pictures", "2", "--questions", "2"} + options);
    }
    // The values of a metric, by step.
    QMap<int, double> curve(const QString& out, const QString& metric) const {
        QMap<int, double> values;
        for (const auto& row : lvr({"runs", "export", path(out)}).out.split('\n')) {
            const auto cells = row.split(',');
            if (const auto at = cells.indexOf(metric); at > 0)
                values[cells[at - 1].toInt()] = cells.value(at + 1).toDouble();
        }
        return values;
    }
    QJsonObject shown(const QString& out) const {
        return program::jsonOf(lvr({"runs", "show", path(out), "--json"})).object();
    }
    // The scenes again, with so many pictures that end too early.
    QString broken(const QString& name, int count) const {
        QDir().mkpath(path(name) + "/images");
        QFile::copy(path("scenes/data.json"), path(name) + "/data.json");
        int left = count;
        for (const auto& file :
             QDir(path("scenes/images")).entryInfoList(QDir::Files, QDir::Name)) {
            const auto copy = path(name) + "/images/" + file.fileName();
            QFile::copy(file.filePath(), copy);
            if (left-- > 0) QFile::resize(copy, 200);
        }
        return path(name) + "/data.json";
    }
    QJsonArray records() const {
        QFile file(path("scenes/data.json"));
        return file.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(file.readAll()).array()
                                              : QJsonArray();
    }
    QString write(const QString& name, const QJsonArray& records) const {
        QFile out(path("scenes/" + name));
        if (out.open(QIODevice::WriteOnly)) out.write(QJsonDocument(records).toJson());
        return out.fileName();
    }
    QString scenes() const { return path("scenes/data.json"); }

private Q_SLOTS:
    void initTestCase() {
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        QCOMPARE(
            lvr({"make-data", "scenes", "--out", path("scenes"), "--count", "24", "--seed", "5"})
                .code,
            0);
    }

    void aTrainingWhoseEveryPictureIsBrokenStops_data() {
        QTest::addColumn<QString>("kind");
        QTest::newRow("sft") << "sft";
        QTest::newRow("grpo") << "grpo";
    }
    void aTrainingWhoseEveryPictureIsBrokenStops() {
        QFETCH(QString, kind);
        const auto run = train("none-" + kind, {"--data", broken("all-" + kind, 1000)}, kind);
        QCOMPARE(run.code, 1);
        QVERIFY2(run.err.contains("nothing could be read in 5 steps in a row"),
                 qPrintable(run.err));
        QVERIFY2(curve("none-" + kind, "loss/total").isEmpty(), "a loss of nothing");
    }

    void validationThatCantBeReadStopsTheRunBeforeItsFirstStep() {
        const auto bad = broken("bad", 1000);
        for (const auto* kind : {"sft", "grpo"}) {
            const auto run = train("unread", {"--data", scenes(), "--validation-data", bad}, kind);
            compareFailure(run, 1, "can be read; the first reason: ");
        }
        QVERIFY(lvr({"runs", "list"}).out.count("unread") == 0);
    }

    void validationRecordsThatCantBeReadAreSaidAndCounted() {
        const auto run = sft("some", {"--data", scenes(), "--validation-data", broken("one", 1),
                                      "--validate-every", "1", "--steps", "1", "--probes", "2"});
        QVERIFY2(run.code == 0, qPrintable(run.err));
        QVERIFY2(run.err.contains("validation records can't be read and ") &&
                     run.err.contains("000001.png"),
                 qPrintable(run.err));
        QVERIFY(curve("some", "skipped/validation").value(1) >= 1);
        QVERIFY(curve("some", "val/ce").contains(1));
    }

    void scoreNamesWhatItLeavesOut() {
        const auto some =
            lvr({"score", "--model", kModel, "--data", broken("scored", 1), "--json"});
        QVERIFY2(some.code == 0, qPrintable(some.err));
        QVERIFY2(some.err.contains("data.json, record 1: ") && some.err.contains("left out "),
                 qPrintable(some.err));
        const auto json = program::jsonOf(some).object();
        QCOMPARE(json["records"].toArray().size() + json["left_out"].toArray().size(), 24);
        compareFailure(lvr({"score", "--model", kModel, "--data", broken("unscored", 1000)}), 1,
                       "none of the 24 records can be scored");
    }

    void boxesThatArentUsedAreSaidAtStart() {
        auto data = records();
        auto first = data[0].toObject();
        first["conversations"] =
            QJsonArray{first["conversations"].toArray()[0],
                       QJsonObject{{"from", "gpt"}, {"value", "<answer> red </answer>"}}};
        data[0] = first;
        const auto run = sft("boxes", {"--data", write("boxes.json", data), "--steps", "1"});
        QVERIFY2(run.err.contains("1 record has boxes and no <lvr>: its boxes aren't used"),
                 qPrintable(run.err));
    }

    void longRecordsAreLeftOutSaidAndCounted() {
        auto data = records();
        auto first = data[0].toObject();
        first["conversations"] =
            QJsonArray{QJsonObject{{"from", "human"}, {"value", QString("Why? ").repeated(400)}},
                       QJsonObject{{"from", "gpt"}, {"value", "<lvr>\n<answer> red </answer>"}}};
        data[0] = first;
        const auto file = write("long.json", data);
        for (const QString kind : {"sft", "grpo"}) {
            const auto out = "long-" + kind;
            const QStringList steps =
                kind == "sft" ? QStringList{"--steps", "1"}
                              : QStringList{"--max-steps",  "1", "--prompts",        "2",
                                            "--group-size", "2", "--max-new-tokens", "8"};
            const auto run =
                train(out, QStringList{"--data", file, "--max-length", "600"} + steps, kind);
            QVERIFY2(run.code == 0, qPrintable(run.err));
            QVERIFY2(run.err.contains("left out 1 of 24 records of the data") &&
                         run.err.contains("long.json, record 1 with "),
                     qPrintable(run.err));
            QCOMPARE(curve(out, "skipped/over_length").value(1), 1.0);
        }
        compareFailure(sft("refused", {"--data", file, "--max-length", "600", "--over-length",
                                       "refuse", "--steps", "1"}),
                       1, "1 record is longer than --max-length 600");
    }

    void severalDataAreTrainedOnAndComeBack() {
        const auto all = records();
        QJsonArray few{all[0], all[1]};
        const auto one = write("few.json", few);
        const QStringList mix{"--data",  one,       "--data", scenes(),       "--data-weights",
                              "0.5,0.5", "--steps", "2",      "--save-every", "1"};
        QVERIFY(sft("whole", mix).code == 0);
        const auto info = shown("whole");
        QVERIFY2(QJsonDocument(info).toJson().contains("few.json, "), QJsonDocument(info).toJson());
        QVERIFY(curve("whole", "epoch").value(2) > 0);
        compareFailure(sft("few", {"--data", one, "--data", scenes(), "--data-weights", "1"}), 1,
                       "1 --data-weights for 2 --data");
    }

    void epochsAreAnotherWayToSayTheSteps() {
        const auto run = sft("epochs", {"--data", scenes(), "--sampling", "records", "--batch", "8",
                                        "--epochs", "1", "--schedule", "constant"});
        QVERIFY2(run.code == 0, qPrintable(run.err));
        QCOMPARE(curve("epochs", "epoch"),
                 (QMap<int, double>{{1, 8 / 24.0}, {2, 16 / 24.0}, {3, 1.0}}));
        QCOMPARE(sft("both", {"--data", scenes(), "--epochs", "1", "--steps", "3"}).code, 2);
    }
};

QTEST_GUILESS_MAIN(TrainingDataCliTest)
#include "training_data_cli_test.moc"
