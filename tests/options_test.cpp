#include "core/values/options.h"

#include <QtTest>

#include "core/error.h"
#include "core/values/trace.h"

using namespace lvr;

namespace {

std::string errorOf(const std::string& text) {
    try {
        parseExitRule(text);
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

}  // namespace

class OptionsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyRuleSurvivesItsText_data() {
        QTest::addColumn<QString>("text");
        for (const char* text :
             {"none", "fixed:0", "fixed:8", "latent-end:mse:0.02:16", "latent-end:mae:1.5:3",
              "latent-end:cosine:1e-09:16", "end-token:32", "end-prob:0.5:16", "end-prob:1:0"})
            QTest::newRow(text) << text;
    }
    void everyRuleSurvivesItsText() {
        QFETCH(QString, text);
        QCOMPARE(QString::fromStdString(toText(parseExitRule(text.toStdString()))), text);
    }

    void partsThatAreLeftOutKeepTheirDefaults() {
        QCOMPARE(parseExitRule("fixed"), ExitRule(FixedSteps{}));
        QCOMPARE(parseExitRule("latent-end:cosine"),
                 ExitRule(NearLatentEnd{.metric = LatentEndMetric::Cosine}));
        QCOMPARE(parseExitRule("latent-end:mae:0.3"),
                 ExitRule(NearLatentEnd{.metric = LatentEndMetric::Mae, .threshold = 0.3}));
        QCOMPARE(parseExitRule("end-token"), ExitRule(EndToken{}));
        QCOMPARE(parseExitRule("end-prob:0.25"), ExitRule(EndProbability{.threshold = 0.25}));
    }

    void wrongRulesAreErrorsThatSayWhatIsRight_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* text, const char* says) {
            QTest::newRow(text) << text << says;
        };
        row("fxed:8", "nearest valid one is \"fixed:8\"");
        row("end-probability", "nearest valid one is \"end-prob:0.5:16\"");
        row("latent_end:mse", "nearest valid one is \"latent-end:mse:0.02:16\"");
        row("nothing", "nearest valid one is \"none\"");
        row("", "unknown exit rule \"\"");
        row("FIXED:8", "unknown exit rule");
        row("latent-end:mes", "nearest valid one is \"mse\"");
        row("fixed:", "count must be a whole number");
        row("fixed:-1", "count must be a whole number");
        row("fixed:8.5", "count must be a whole number");
        row("fixed:99999999999", "count must be a whole number");
        row("fixed:8:9", "too many parts");
        row("none:1", "too many parts");
        row("end-prob:1.5", "threshold must be a number from 0 to 1");
        row("end-prob:nan", "threshold must be a number");
        row("latent-end:mse:inf", "threshold must be a number from 0");
        row("latent-end:mse:0.1:x", "cap must be a whole number");
        row("end-token: 3", "cap must be a whole number");
    }
    void wrongRulesAreErrorsThatSayWhatIsRight() {
        QFETCH(QString, text);
        QFETCH(QString, says);
        const auto error = errorOf(text.toStdString());
        QVERIFY2(error.find(says.toStdString()) != error.npos, error.c_str());
    }

    void stopReasonsHaveTheirNames() {
        QCOMPARE(toText(StopReason::EndOfText), "end_of_text");
        QCOMPARE(toText(StopReason::MaxNewTokens), "max_new_tokens");
        QCOMPARE(toText(StopReason::Cancelled), "cancelled");
    }
};

QTEST_GUILESS_MAIN(OptionsTest)
#include "options_test.moc"
