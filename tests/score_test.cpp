// Losses under teacher forcing against the official loader, collator and forwards
// (tests/goldens/README.md, sft).

#include "core/eval/score.h"

#include <QtTest>

#include "core/torch.h"
#include "core/train/losses.h"
#include "tests/support/sft_golden.h"

using namespace lvr;
using golden::checkpointOf;
using golden::recordsOf;
using golden::sftCases;

namespace {

double of(const LatentDistance& distance, const std::string& kind) {
    return kind == "mse" ? distance.mse : kind == "mae" ? distance.mae : distance.cosine;
}

void append(torch::Tensor& to, const torch::Tensor& more) {
    if (more.defined()) to = to.defined() ? torch::cat({to, more}) : more;
}
void append(TeacherForced& all, const TeacherForced& one) {
    append(all.logits, one.logits);
    append(all.labels, one.labels);
    append(all.latents, one.latents);
    append(all.targets, one.targets);
    append(all.latentEnds, one.latentEnds);
    append(all.endTargets, one.endTargets);
}

torch::Tensor mean(const torch::Tensor& predicted, const torch::Tensor& wanted,
                   const std::string& kind) {
    return reconstructionLoss(predicted, wanted, torch::ones({predicted.size(0)}),
                              kind == "mse"   ? LatentLoss::Mse
                              : kind == "mae" ? LatentLoss::Mae
                                              : LatentLoss::Cosine);
}

std::string officialName(const std::string& canonical) {
    if (canonical.starts_with("visual.")) return "model." + canonical;
    if (canonical.starts_with("model.")) return "model.language_model." + canonical.substr(6);
    return canonical;
}

}  // namespace

class ScoreTest : public QObject {
    Q_OBJECT

    double worst_ = 0, worstGradient_ = 0;
    void compare(double ours, double official) {
        worst_ = std::max(worst_, std::abs(ours - official));
        QVERIFY2(std::abs(ours - official) < 1e-4, qPrintable(QString::number(ours - official)));
    }

private Q_SLOTS:
    void cleanupTestCase() {
        qInfo("largest difference of a loss: %.1e, of a gradient's norm: %.1e of it", worst_,
              worstGradient_);
    }

    void lossesAreTheOfficialOnes_data() {
        QTest::addColumn<int>("index");
        for (int i = 0; i < static_cast<int>(sftCases().size()); ++i)
            QTest::newRow(sftCases()[i]["key"].get<std::string>().c_str()) << i;
    }
    void lossesAreTheOfficialOnes() {
        QFETCH(int, index);
        const auto& c = sftCases()[index];
        const auto checkpoint = checkpointOf(c);
        // latent_end_argument null: the loader was told to leave the token out
        const auto latentEnd =
            c["latent_end_argument"].is_null() ? LatentEndToken::LeftOut : LatentEndToken::Appended;
        std::vector<Score> scores;
        for (const auto& record : recordsOf(c))
            scores.push_back(scoreRecord(checkpoint, record, latentEnd));
        const auto score = total(scores);
        QCOMPARE(score.pairs, c["lvr_pairs"].get<int>());
        // The golden counts every label of the response, also those the loss then ignores.
        QCOMPARE(score.supervised + score.pairs + score.latentEnds, c["supervised"].get<int>());
        const double ce = c["loss"]["ce"], latent = c["loss"]["lvr"];
        const auto kind = c["config_override"].value("loss_lvr_fct", std::string("mse"));
        compare(score.ce, ce);
        compare(of(score.latent, kind), latent);
        QCOMPARE(score.latentEnds > 0, checkpoint.model.latentEnd().defined());
        if (score.latentEnds == 0) return;
        const auto endKind = c["config_override"].value("loss_mode_switch_fct", std::string("mse"));
        const double end = c["loss"]["mode_switch"];
        compare(of(score.latentEnd, endKind), end);
    }

    void gradientsAreTheOfficialOnes_data() {
        QTest::addColumn<int>("index");
        for (int i = 0; i < static_cast<int>(sftCases().size()); ++i)
            if (!sftCases()[i]["forward"].contains("mode_switch_loss"))  // a loss of its own
                QTest::newRow(sftCases()[i]["key"].get<std::string>().c_str()) << i;
    }
    // The norm of every parameter's gradient, nothing frozen, targets not detached.
    void gradientsAreTheOfficialOnes() {
        QFETCH(int, index);
        const auto& c = sftCases()[index];
        const auto checkpoint = checkpointOf(c);
        for (auto [name, tensor] : checkpoint.model.parameters()) tensor.requires_grad_(true);
        const auto latentEnd =
            c["latent_end_argument"].is_null() ? LatentEndToken::LeftOut : LatentEndToken::Appended;
        TeacherForced all;
        for (const auto& record : recordsOf(c))
            append(all, teacherForce(checkpoint, record, latentEnd));
        const double lambda = c["lambda"];
        const auto& override = c["config_override"];
        auto loss = torch::cross_entropy_loss(all.logits, all.labels) +
                    lambda * mean(all.latents, all.targets, override.value("loss_lvr_fct", "mse"));
        if (all.latentEnds.defined())
            loss = loss + lambda * mean(all.latentEnds, all.endTargets,
                                        override.value("loss_mode_switch_fct", "mse"));
        compare(loss.item<double>(), c["total"]);
        loss.backward();
        int compared = 0;
        for (const auto& [name, tensor] : checkpoint.model.parameters()) {
            const auto official = officialName(name);
            if (!c["grad_norm"].contains(official)) continue;
            const double wanted = c["grad_norm"][official];
            const double ours = tensor.grad().defined() ? tensor.grad().norm().item<double>() : 0;
            const double relative = std::abs(ours - wanted) / std::max(wanted, 1e-6);
            worstGradient_ = std::max(worstGradient_, relative);
            QVERIFY2(relative < 1e-4,
                     qPrintable(QString("%1: %2 for %3").arg(name.c_str()).arg(ours).arg(wanted)));
            ++compared;
        }
        QCOMPARE(compared, static_cast<int>(c["grad_norm"].size()));
    }

    void manyRecordsAreMeansOverTokensAndPairs() {
        Score one{.ce = 1, .supervised = 1, .latent = {2, 4, .5}, .pairs = 3};
        Score two{.ce = 4, .supervised = 2, .latent = {6, 8, .1}, .pairs = 1};
        const auto both = total({one, two});
        QCOMPARE(both.ce, 3.0);
        QCOMPARE(both.latent.mse, 3.0);
        QCOMPARE(both.latent.mae, 5.0);
        QCOMPARE(both.latent.cosine, .4);
        QCOMPARE(total({}).pairs, 0);
    }
};

QTEST_GUILESS_MAIN(ScoreTest)
#include "score_test.moc"
