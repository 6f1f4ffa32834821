// Statistics against scipy, statsmodels, numpy and lmms-eval (tests/goldens/statistics.json).

#include "core/statistics/statistics.h"

#include <QCryptographicHash>
#include <QtTest>
#include <cmath>

#include "core/error.h"
#include "core/statistics/clustering.h"
#include "core/statistics/measures.h"
#include "core/statistics/power.h"
#include "core/statistics/resampling.h"
#include "core/statistics/spectrum.h"
#include "tests/support/goldens.h"

using namespace lvr;
using Json = nlohmann::json;

namespace {

constexpr double kExact = 1e-12, kSearched = 1e-9;

const Json& goldens() {
    static const Json all = golden::json("statistics.json");
    return all;
}

// Relative or absolute, whichever is larger.
bool isNear(double got, double expected, double tolerance = kExact) {
    const bool near = std::abs(got - expected) <= tolerance * std::max(1.0, std::abs(expected));
    if (!near) qWarning("%.17g is not %.17g, off by %.3g", got, expected, got - expected);
    return near;
}

bool areNear(const std::vector<double>& got, const Json& expected, double tolerance = kExact) {
    if (got.size() != expected.size()) return false;
    for (std::size_t i = 0; i < got.size(); ++i)
        if (!isNear(got[i], expected[i], tolerance)) return false;
    return true;
}

bool isNear(const Interval& got, const Json& expected, double tolerance = kExact) {
    return areNear({got.low, got.high}, expected, tolerance);
}

std::vector<double> numbers(const Json& list) { return list.get<std::vector<double>>(); }

std::vector<double> differences(const Json& c) {
    auto values = numbers(c["b"]);
    const auto first = numbers(c["a"]);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] -= first[i];
    return values;
}

// SHA-256 over little-endian uint32, row after row.
QString hashOf(const std::vector<std::vector<std::size_t>>& rows) {
    QByteArray bytes;
    for (const auto& row : rows)
        for (const auto index : row)
            for (int shift = 0; shift < 32; shift += 8)
                bytes.append(static_cast<char>(index >> shift & 255));
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex();
}

}  // namespace

class StatisticsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void drawsAreTheSameEverywhere() {
        const auto& c = goldens()["generator"];
        SplitMix64 random(c["seed"]);
        for (const auto& next : c["first_next"])
            QCOMPARE(std::to_string(random.next()), next.get<std::string>());
        for (const auto& pair : c["then_below"])
            QCOMPARE(random.below(pair[0]), pair[1].get<std::uint64_t>());
        for (const auto& unit : c["then_unit"]) QCOMPARE(random.unit(), unit.get<double>());
    }

    void sharesHaveIntervals() {
        const auto& c = goldens()["wilson"];
        for (const auto& [confidence, z] : c["z"].items())
            QVERIFY(isNear(normalQuantile(0.5 + std::stod(confidence) / 2), z));
        for (const auto& row : c["cases"]) {
            const auto interval = wilson(row["k"], row["n"], row["confidence"]);
            QVERIFY(isNear(interval, Json{row["lower"], row["upper"]}));
            QVERIFY(isNear(clopperPearson(row["k"], row["n"], row["confidence"]),
                           row["clopper_pearson"]));
        }
        QCOMPARE(wilson95(0, 0).low, 0.0);
        QCOMPARE(wilson95(0, 0).high, 1.0);
        for (const auto& row : goldens()["power"]["half_width_of_one_rate"])
            QVERIFY(isNear(halfWidth(row["p"], row["n"]), row["normal95"]));
    }

    void binomialTermsAddUp() {
        for (const int n : {1, 7, 191, 2638, 100000}) {
            double sum = 0;
            for (int k = 0; k <= n; ++k) sum += binomialMass(k, n, 0.37);
            QVERIFY(isNear(sum, 1));
            for (const int last : {n / 3, n / 2}) {  // on either side of the mean
                double upTo = 0;
                for (int k = 0; k <= last; ++k) upTo += binomialMass(k, n, 0.37);
                QVERIFY(isNear(binomialCdf(last, n, 0.37), upTo));
            }
        }
        for (const auto& row : goldens()["binomial_test"]["cases"])
            QVERIFY(isNear(binomialTest(row["k"], row["n"], row["p0"]), row["p"]));
    }

    void pairsOfRunsAreTested() {
        for (const auto& row : goldens()["mcnemar"]["cases"]) {
            const int b = row["b"], c = row["c"];
            QVERIFY(isNear(mcnemarExact(b, c), row["exact_two_sided"]));
            QVERIFY(isNear(mcnemarMidP(b, c), row["mid_p"]));
            QVERIFY(isNear(mcnemarOneSided(b, c), row["exact_one_sided_c_greater"]));
            QCOMPARE(mcnemarChiSquare(b, c).has_value(), row.contains("chi2"));
            if (!row.contains("chi2")) continue;
            QVERIFY(isNear(mcnemarChiSquare(b, c)->statistic, row["chi2"]));
            QVERIFY(isNear(mcnemarChiSquare(b, c)->p, row["chi2_p"]));
            QVERIFY(isNear(mcnemarChiSquare(b, c, true)->statistic, row["chi2_corrected"]));
            QVERIFY(isNear(mcnemarChiSquare(b, c, true)->p, row["chi2_corrected_p"]));
        }
    }

    void differencesHaveIntervals() {
        for (const auto& row : goldens()["paired_difference"]["cases"]) {
            const auto paired = pairedDifference({row["CC"], row["CW"], row["WC"], row["WW"]});
            QVERIFY(isNear(paired.difference, row["difference_first_minus_second"]));
            QVERIFY(isNear(paired.wald, row["wald"]));
            QVERIFY(isNear(paired.newcombe, row["newcombe10"]));
        }
    }

    void runsOfTheSameItemsMakeATable() {
        const auto& c = goldens()["bootstrap"]["medium"];
        const auto bits = [](const Json& list) {
            std::vector<bool> all;
            for (const auto& each : list) all.push_back(each == 1);
            return all;
        };
        const auto table = pairedTable(bits(c["a"]), bits(c["b"]));
        QCOMPARE(table, (PairedTable{c["table"]["CC"], c["table"]["CW"], c["table"]["WC"],
                                     c["table"]["WW"]}));
        QVERIFY(isNear(mcnemarExact(table.onlyFirst, table.onlySecond),
                       c["mcnemar"]["exact_two_sided"]));
        QVERIFY_THROWS_EXCEPTION(Error, pairedTable({true}, {}));
    }

    void bootstrapDrawsItemsOrWholeClusters_data() {
        QTest::addColumn<QString>("name");
        for (const auto& [name, c] : goldens()["bootstrap"].items())
            if (c.is_object()) QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }
    void bootstrapDrawsItemsOrWholeClusters() {
        QFETCH(QString, name);
        const auto& c = goldens()["bootstrap"][name.toStdString()];
        const auto clusters =
            c.contains("cluster") ? c["cluster"].get<std::vector<int>>() : std::vector<int>();
        const auto boot =
            pairedBootstrap(numbers(c["a"]), numbers(c["b"]), c["B"], c["seed"], clusters);
        QVERIFY(isNear(boot.difference, c["difference"]));
        QVERIFY(isNear(boot.mean, c["mean"]));
        QVERIFY(isNear(boot.deviation, c["sd"]));
        QVERIFY(isNear(boot.within95, Json{c["lower95"], c["upper95"]}));
        QVERIFY(isNear(boot.within90, Json{c["lower90"], c["upper90"]}));
        QVERIFY(isNear(boot.shareAtMostZero, c["share_le_0"]));
        if (c.contains("values")) QVERIFY(areNear(boot.values, c["values"]));
        const auto drawn =
            resampledIndices(clusters.empty() ? c["n"] : c["clusters"], c["B"], c["seed"]);
        QCOMPARE(hashOf(drawn), QString::fromStdString(c["indices_sha256"]));
        if (c.contains("indices")) QCOMPARE(Json(drawn), c["indices"]);
    }

    void meansOfClustersHaveErrors_data() {
        QTest::addColumn<QString>("name");
        for (const auto& [name, c] : goldens()["clustered_se"].items())
            if (c.is_object()) QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }
    void meansOfClustersHaveErrors() {
        QFETCH(QString, name);
        const auto& c = goldens()["clustered_se"][name.toStdString()];
        const auto values = c.contains("x") ? numbers(c["x"]) : differences(c);
        const auto mean = clusteredMean(values, c["cluster"].get<std::vector<int>>());
        QCOMPARE(mean.count, c["n"].get<int>());
        QCOMPARE(mean.clusters, c["clusters"].get<int>());
        QVERIFY(isNear(mean.mean, c["mean"]));
        QVERIFY(isNear(mean.independent, c["se_independent"]));
        QVERIFY(isNear(mean.miller, c["se_lmms_eval"]));
        QVERIFY(isNear(mean.cr0, c["se_cluster_CR0"]));
        QVERIFY(isNear(mean.cr1, c["se_cluster_CR1"]));
        QVERIFY(isNear(mean.normal95, c["ci95_normal_CR0"]));
        QVERIFY(isNear(mean.student95, c["ci95_t_CR1"]));
    }

    void pairedTIsThatOfLmmsEval() {
        for (const char* name : {"small", "medium"}) {
            const auto& c = goldens()["paired_t_lmms_eval"][name];
            const auto test = pairedT(differences(goldens()["bootstrap"][name]));
            QVERIFY(isNear(test.mean, c["mean_diff"]));
            QVERIFY(isNear(test.error, c["se_diff"]));
            QVERIFY(isNear(test.t, c["t_stat"]));
            QVERIFY(isNear(test.p, c["p_value"]));
            QVERIFY(isNear(test.within95, Json{c["ci_lower"], c["ci_upper"]}));
        }
    }

    void severalSeedsSayHowStableARunIs() {
        const auto& c = goldens()["stability_lmms_eval"];
        const auto all = stability(c["scores"].get<std::vector<std::vector<double>>>());
        QVERIFY(isNear(all.expectedAccuracy, c["EA"]));
        QVERIFY(isNear(all.consensusAccuracy, c["CA"]));
        QVERIFY(isNear(all.instability, c["IV"]));
        QVERIFY(isNear(all.consistency, c["CR"]));
    }

    void familiesOfTestsAreAdjusted() {
        for (const auto& c : goldens()["multiple"]["cases"]) {
            const auto p = numbers(c["p"]);
            QVERIFY(areNear(holm(p), c["holm"]));
            QVERIFY(areNear(benjaminiHochberg(p), c["bh"]));
            QVERIFY(areNear(bonferroni(p), c["bonferroni"]));
            for (std::size_t i = 0; i < p.size(); ++i)
                QCOMPARE(holm(p)[i] <= 0.05, c["holm_reject_05"][i].get<bool>());
        }
    }

    void powerIsThatOfTheExactTests() {
        const auto& c = goldens()["power"];
        for (const auto& row : c["cases"]) {
            const int n = row["n"];
            const double discordant = row["discordant"], difference = row["difference"];
            QVERIFY(isNear(mcnemarPower(n, discordant, difference), row["power_exact"], kSearched));
            QVERIFY(isNear(mcnemarPower(n, discordant, difference, McNemar::MidP),
                           row["power_mid_p"], kSearched));
        }
        for (const auto& row : c["size"]) {
            QVERIFY(
                isNear(mcnemarPower(row["n"], row["discordant"], 0), row["size_exact"], kSearched));
            QVERIFY(isNear(mcnemarPower(row["n"], row["discordant"], 0, McNemar::MidP),
                           row["size_mid_p"], kSearched));
        }
    }

    void theSmallestDifferenceThatShowsIsFound() {
        const auto same = [](const std::optional<double>& got, const Json& expected) {
            return got.has_value() == !expected.is_null() &&
                   (!got || isNear(*got, expected, kSearched));
        };
        for (const auto& row : goldens()["power"]["mde"]) {
            const int n = row["n"];
            const double discordant = row["discordant"];
            QVERIFY(same(detectableDifference(n, discordant), row["mde_exact"]));
            QVERIFY(same(detectableDifference(n, discordant, McNemar::MidP), row["mde_mid_p"]));
            QVERIFY(same(detectableDifferenceNormal(n, discordant), row["mde_normal"]));
        }
        for (const auto& row : goldens()["power"]["lmms_eval"]) {
            const auto plan = pairedPlan(row["effect"], row["n"], row["std"], row["correlation"]);
            QCOMPARE(plan.items, row["min_n"].get<int>());
            QVERIFY(isNear(std::round(plan.power * 1e4) / 1e4, row["current_power"]));
            QVERIFY(isNear(std::round(plan.detectable * 1e4) / 1e4, row["min_detectable_effect"]));
        }
    }

    void signsAreFlippedAtRandomOrAllOfThem() {
        const auto& c = goldens()["permutation"]["sign_flip"];
        const auto test = signFlipTest(differences(c), c["permutations"], c["seed"]);
        QCOMPARE(test.atLeast, c["at_least"].get<int>());
        QVERIFY(isNear(test.p, c["p"]));
        for (const auto& row : goldens()["permutation"]["full"])
            QVERIFY(isNear(exactSignFlipTest(numbers(row["d"])), row["p"]));
        QVERIFY_THROWS_EXCEPTION(Error, exactSignFlipTest(std::vector<double>(30, 1)));
    }

    void twoSamplesAreMixedAnew() {
        const auto& c = goldens()["permutation"]["two_samples"];
        const auto first = numbers(c["first"]), second = numbers(c["second"]);
        const auto started = [&] {
            SplitMix64 random(c["seed"]);
            for (std::size_t i = 0; i < first.size() + second.size(); ++i) random.unit();
            return random;
        };
        auto random = started();
        for (const auto& order : c["permutations"])
            QCOMPARE(Json(permutation(first.size() + second.size(), random)), order);
        random = started();
        const auto test = twoSampleTest(first, second, c["count"], random);
        QVERIFY(isNear(test.difference, c["difference"]));
        QCOMPARE(test.oneSided.atLeast, c["one_sided_at_least"].get<int>());
        QCOMPARE(test.twoSided.atLeast, c["two_sided_at_least"].get<int>());
        QVERIFY(isNear(test.oneSided.p, c["p_one_sided"]));
        QVERIFY(isNear(test.twoSided.p, c["p_two_sided"]));
    }

    void aTargetIsHeldAgainstShams() {
        const auto& c = goldens()["permutation"]["occlusion"];
        for (const auto& row : c["cases"])
            QVERIFY(isNear(shamTest(row["target"], numbers(c["shams"])), row["p"]));
    }

    void spectraSayInHowManyDirectionsRowsSpread() {
        const auto& c = goldens()["causal"];
        const std::size_t count = c["matrix"].size(), size = c["matrix"][0].size();
        std::vector<double> values;
        for (const auto& row : c["matrix"])
            for (const auto& value : row) values.push_back(value);
        const Rows rows{values, count, size};
        const auto singular = singularValues(rows);
        QVERIFY(areNear(singular, c["singular_values"]));
        QVERIFY(isNear(effectiveRank(singular), c["effective_rank"]));
        QVERIFY(isNear(effectiveRankOfEnergy(singular), c["effective_rank_energy"]));
        QVERIFY(isNear(participationRatio(singular), c["participation_ratio"]));
        QVERIFY(isNear(stableRank(singular), c["stable_rank"]));
        QVERIFY(areNear(explainedVariance(rows), c["centred_explained"]));
        const auto all = cosines(rows);
        for (std::size_t i = 0; i < count; ++i)
            QVERIFY(
                areNear({all.begin() + i * count, all.begin() + (i + 1) * count}, c["cosine"][i]));
        QVERIFY(isNear(meanCosine(all, count), c["mean_off_diagonal_cosine"]));
        QVERIFY(isNear(meanSuccessiveCosine(all, count), c["mean_successive_cosine"]));
    }

    void wideAndEmptyRowsHaveSpectraToo() {
        const std::vector<double> wide{3, 0, 0, 0, 4, 0}, same{1, 2, 1, 2}, none(4);
        QVERIFY(areNear(singularValues({wide, 2, 3}), Json{4.0, 3.0}));
        QVERIFY(isNear(effectiveRank(singularValues({same, 2, 2})), 1));
        QVERIFY(isNear(stableRank(singularValues({none, 2, 2})), 0));
        QVERIFY(isNear(meanCosine(cosines({none, 2, 2}), 2), 0));
    }

    void distributionsAreHeldAgainstEachOther() {
        const auto& c = goldens()["causal"];
        const auto p = c["probabilities"].get<std::vector<std::vector<double>>>();
        for (std::size_t i = 0; i < p.size(); ++i)
            QVERIFY(isNear(entropyOf(p[i]), c["entropy_nats"][i]));
        QVERIFY(isNear(klDivergence(p[0], p[1]), c["kl_0_1"]));
        QVERIFY(isNear(klDivergence(p[1], p[0]), c["kl_1_0"]));
        QVERIFY(isNear(jsDivergence(p[0], p[1]), c["js_0_1"]));
        QVERIFY(isNear(jsDivergence({1, 0}, {0, 1}), std::log(2)));
        QVERIFY(std::isinf(klDivergence({1, 0}, {0, 1})));
    }

    void predictionsAreJudged() {
        const auto& c = goldens()["causal"];
        QVERIFY(isNear(
            areaUnderRoc(c["auc"]["labels"].get<std::vector<int>>(), numbers(c["auc"]["scores"])),
            c["auc"]["auc"]));
        QCOMPARE(areaUnderRoc({1, 1}, {1, 2}), 0.5);
        const auto& k = c["calibration"];
        const auto correct = k["correct"].get<std::vector<int>>();
        QVERIFY(isNear(calibrationError(numbers(k["confidence"]), correct), k["ece10"]));
        QVERIFY(isNear(brierScore(numbers(k["confidence"]), correct), k["brier"]));
        // 0.1, 0.2 and 0.3 begin their bins, though 0.3 * 10 is a little below 3 in some orders.
        QVERIFY(isNear(calibrationError({0.1, 0.19, 0.3, 0.31}, {1, 0, 0, 1}), (0.71 + 0.39) / 4));
    }

    void dosesHaveASlope() {
        const auto& c = goldens()["causal"]["dose"];
        const auto x = numbers(c["x"]), y = numbers(c["y"]);
        QVERIFY(isNear(spearman(x, y), c["spearman"]));
        QVERIFY(isNear(pearson(x, y), c["pearson"]));
        const auto line = fittedLine(x, y);
        QVERIFY(isNear(line.slope, c["slope"]));
        QVERIFY(isNear(line.intercept, c["intercept"]));
        QVERIFY(isNear(line.slopeError, c["slope_se"]));
        QVERIFY(isNear(line.p, c["slope_p"]));
        const auto& ties = goldens()["causal"]["spearman_ties"];
        QVERIFY(isNear(spearman(numbers(ties["x"]), numbers(ties["y"])), ties["rho"]));
        QCOMPARE(pearson({1, 1}, {1, 2}), 0.0);
    }
};

QTEST_GUILESS_MAIN(StatisticsTest)
#include "statistics_test.moc"
