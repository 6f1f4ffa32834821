// The probe questions of a training, as its run store holds them.

#include <QTemporaryDir>
#include <algorithm>

#include "core/store/run_store.h"
#include "tests/support/program.h"

using namespace lvr;
using program::jsonOf;

namespace {

const QString kTiny = LVR_RESOURCES "/models/tiny";

int latentsIn(const SampleRow& sample) {
    return static_cast<int>(std::count_if(sample.tokens.begin(), sample.tokens.end(),
                                          [](const RolloutToken& t) { return t.isLatent; }));
}

// Whether each latent lies alike to the picture, as one vector does that is fed again and again.
bool feedsOneVector(const SampleRow& sample) {
    const auto patches = sample.grid.count();
    for (std::size_t i = patches; i < sample.heat.size(); ++i)
        if (sample.heat[i] != sample.heat[i - patches]) return false;
    return true;
}

}  // namespace

class ProbesCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }

    // The probes after the only step.
    std::vector<SampleRow> train(const QStringList& how, const QString& out) {
        const auto trained = program::lvr(
            how + QStringList{"--model", kTiny, "--data", path("scenes"), "--validation-data",
                              path("scenes"), "--validate-every", "1", "--probes", "3", "--out",
                              path(out), "--store", path("runs.db")});
        if (trained.code != 0) qWarning("%s", qPrintable(trained.err));
        const RunStore store(path("runs.db").toStdString());
        return store.samples(store.runs().front().id, 1);
    }

private Q_SLOTS:
    void initTestCase() {
        QCOMPARE(
            program::lvr({"make-data", "scenes", "--out", path("scenes"), "--count", "4"}).code, 0);
    }

    void probesAreAskedAsTheResultIs_data() {
        QTest::addColumn<QStringList>("how");
        QTest::addColumn<int>("latents");  // of each probe; -1: as many as the model likes
        QTest::addColumn<bool>("oneVector");
        const auto sft = [](const char* twin) {
            return QStringList{"sft",     "--twin", twin,         "--roi-tokens", "cycle:3",
                               "--steps", "1",      "--schedule", "constant"};
        };
        QTest::newRow("lvr") << sft("lvr") << 3 << false;
        QTest::newRow("filler") << sft("filler") << 3 << true;
        QTest::newRow("markers") << sft("markers") << 0 << true;
        QTest::newRow("aux") << sft("aux") << 0 << true;
        QTest::newRow("grpo") << QStringList{"grpo", "--max-steps",  "1", "--prompts",
                                             "1",    "--group-size", "2"}
                              << -1 << false;
        QTest::newRow("grpo by another rule")
            << QStringList{"grpo",         "--max-steps", "1",      "--prompts", "1",
                           "--group-size", "2",           "--exit", "fixed:2"}
            << 2 << false;
    }
    void probesAreAskedAsTheResultIs() {
        QFETCH(const QStringList, how);
        QFETCH(const int, latents);
        QFETCH(const bool, oneVector);
        const QString out = QString(QTest::currentDataTag()).replace(' ', '-');
        const auto samples = train(how, out);
        QCOMPARE(samples.size(), std::size_t{3});
        for (const auto& sample : samples) {
            if (latents >= 0) QCOMPARE(latentsIn(sample), latents);
            if (latents > 1) QCOMPARE(feedsOneVector(sample), oneVector);
            auto ask = QStringList{"ask",
                                   "--model",
                                   path(out),
                                   "--image",
                                   QString::fromStdString(sample.image),
                                   "--question",
                                   QString::fromStdString(sample.question),
                                   "--json"};
            if (how.contains("--exit")) ask << "--exit" << how.last();
            const auto asked = jsonOf(program::lvr(ask)).object();
            QCOMPARE(QString::fromStdString(sample.completion), asked["text"].toString());
            QCOMPARE(QString::fromStdString(sample.answer), asked["answer"].toString());
        }
    }
};

QTEST_GUILESS_MAIN(ProbesCliTest)
#include "probes_cli_test.moc"
