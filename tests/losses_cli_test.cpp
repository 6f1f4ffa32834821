// What a training stores of its losses, as its user exports it.

#include <QTemporaryDir>
#include <cmath>
#include <map>

#include "tests/support/program.h"

using program::lvr;

namespace {

const QString kTiny = LVR_RESOURCES "/models/tiny";

using Metrics = std::map<QString, double>;

}  // namespace

class LossesCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    int runs_ = 0;
    QString path(const QString& name) const { return folder_.filePath(name); }

    QString train(const QString& kind, const QStringList& more) {
        const auto out = path(QString("run-%1").arg(++runs_));
        const auto result =
            lvr(QStringList{kind, "--model", kTiny, "--data", path("scenes"), "--out", out,
                            "--steps", "2", "--schedule", "constant", "--warm-up", "1",
                            "--pictures", "2", "--questions", "4"} +
                more);
        [&] { QVERIFY2(result.code == 0, qPrintable(result.err)); }();
        return out;
    }
    static std::map<int, Metrics> metricsOf(const QString& out) {
        std::map<int, Metrics> steps;
        for (const auto& row : lvr({"runs", "export", out}).out.split('\n').mid(1))
            if (const auto parts = row.split(','); parts.size() == 3)
                steps[parts[0].toInt()][parts[1]] = parts[2].toDouble();
        return steps;
    }
    static QByteArray weightsOf(const QString& out) {
        QFile file(out + "/model.safetensors");
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        QCOMPARE(
            lvr({"make-data", "scenes", "--out", path("scenes"), "--count", "24", "--seed", "4"})
                .code,
            0);
    }

    void theTotalIsTheSumOfItsParts_data() {
        QTest::addColumn<QStringList>("options");
        QTest::newRow("teacher forcing") << QStringList{"--own-latents", "off"};
        QTest::newRow("own latents") << QStringList{};
        QTest::newRow("a latent end")
            << QStringList{"--latent-end", "vector", "--latent-end-weight", "3"};
    }
    void theTotalIsTheSumOfItsParts() {
        QFETCH(QStringList, options);
        const auto steps = metricsOf(train("sft", options));
        QCOMPARE(steps.size(), std::size_t{2});
        for (auto [step, metrics] : steps) {
            const double latent = metrics.contains("loss/own-latent")
                                      ? (metrics["loss/latent"] + metrics["loss/own-latent"]) / 2
                                      : metrics.at("loss/latent");
            double sum = metrics.at("loss/answer") + metrics.at("loss/marker") + 10 * latent +
                         0.3 * metrics.at("loss/mode_switch");
            if (metrics.contains("loss/latent_end")) sum += 3 * metrics["loss/latent_end"];
            const double total = metrics.at("loss/total");
            QVERIFY2(std::abs(sum - total) < 1e-5 * std::abs(total) + 1e-7,
                     qPrintable(QString("%1 %2").arg(sum).arg(total)));
            QCOMPARE(metrics.contains("loss/own-latent"), metrics.at("own") == 1);
        }
    }

    void whatHasNothingBehindItIsNoMetric() {
        for (const auto& [step, metrics] : metricsOf(train("pretrain", {})))
            for (const auto& [name, value] : metrics)
                QVERIFY2(!name.startsWith("hit/") && !name.startsWith("own-hit/") &&
                             name != "loss/latent" && name != "loss/mode_switch",
                         qPrintable(name));
    }

    void aLargestGradientNormOfZeroIsNone() {
        const auto off = weightsOf(train("pretrain", {"--max-grad-norm", "0"}));
        QVERIFY(!off.isEmpty());
        QCOMPARE(weightsOf(train("pretrain", {"--max-grad-norm", "1e9"})), off);
        QVERIFY(weightsOf(train("pretrain", {"--max-grad-norm", "1e-4"})) != off);
    }
};

QTEST_GUILESS_MAIN(LossesCliTest)
#include "losses_cli_test.moc"
