// Dropout of an adapter's inputs, and rsLoRA's scale.

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/model/lvr_model.h"
#include "core/model/training_numbers.h"
#include "core/torch.h"
#include "core/train/trainable.h"
#include "tests/support/golden.h"

using namespace lvr;
namespace fs = std::filesystem;

namespace {

LvrModel adaptedModel(const fs::path& folder, LoraOptions lora, bool recompute = false) {
    return LvrModel::open(folder, {.use = LoadOptions::Use::Training,
                                   .lora = std::move(lora),
                                   .loraSeed = 3,
                                   .recompute = recompute});
}

// As if it had learnt something: B is 0 in a fresh adapter.
void moveAdapter(const LvrModel& model) {
    const torch::NoGradGuard off;
    auto random = at::detail::createCPUGenerator(5);
    for (const auto& [name, tensor] : model.adapter())
        tensor.add_(0.2 * torch::randn(tensor.sizes(), random));
}

torch::Tensor hiddenOf(const LvrModel& model) {
    const auto ids = torch::tensor({5, 17, 42, 99, 3, 7});
    return model.hidden({model.embed(ids).unsqueeze(0), torch::arange(6).expand({3, 1, 6})});
}

// Of all trained tensors, one after the other.
torch::Tensor gradientOf(const LvrModel& model, std::uint64_t seed) {
    const auto trained = tensorsOf(trainable(model));
    for (auto tensor : trained) tensor.mutable_grad() = torch::Tensor();
    model.seedDropout(seed);
    hiddenOf(model).square().sum().backward();
    std::vector<torch::Tensor> all;
    for (const auto& tensor : trained)
        all.push_back(tensor.grad().defined() ? tensor.grad().flatten()
                                              : torch::zeros({tensor.numel()}));
    return torch::cat(all);
}

nlohmann::json configIn(const fs::path& folder) {
    return nlohmann::json::parse(std::ifstream(folder / "adapter_config.json"));
}

}  // namespace

class LoraDropoutTest : public QObject {
    Q_OBJECT

    const fs::path base_ = golden::own("models") / "random-b";

private Q_SLOTS:
    void whatIsLeftOutFollowsFromTheNumberAlone() {
        LoraDropout dropout(0.25);
        const auto x = torch::rand({400, 50}) + 1;
        QVERIFY(!dropout.next());
        QVERIFY(dropout.of(x).equal(x));  // of no layer
        dropout.seed(9);
        const auto one = dropout.next(), two = dropout.next();
        const auto leave = [&](std::optional<std::uint64_t> number) {
            const LoraDropout::Layer layer(&dropout, number);
            return std::pair(dropout.of(x), dropout.of(x));
        };
        const auto [first, second] = leave(one);
        const auto isKept = first != 0;
        QVERIFY(golden::difference(first, torch::where(isKept, x / 0.75, 0)) < 1e-6);
        QVERIFY(std::abs(isKept.to(torch::kFloat64).mean().item<double>() - 0.75) < 0.02);
        QVERIFY(!second.equal(first));  // each Linear of a layer has its own
        QVERIFY(!leave(two).first.equal(first));
        QVERIFY(leave(one).first.equal(first) && leave(one).second.equal(second));
        dropout.seed(9);
        QCOMPARE(dropout.next(), one);
        const torch::NoGradGuard off;
        QVERIFY(!dropout.next());
    }

    // y = W x + scale B A (what is left of x), Linear by Linear.
    void aLinearIsTheSlowOne() {
        const auto given = torch::rand({3, 8}), w = torch::rand({6, 8}), a = torch::rand({2, 8}),
                   b = torch::rand({6, 2});
        const auto dropout = std::make_shared<LoraDropout>(0.5);
        const Parameters parameters([&](const std::string&, at::IntArrayRef) { return w; },
                                    [&](const std::string&, std::int64_t, std::int64_t) {
                                        return std::optional(Lora{a, b, 1.5, dropout});
                                    });
        const Linear linear(parameters.at("q_proj"), 8, 6, Bias::No);
        const LoraDropout::Layer layer(dropout.get(), 77);
        const auto y = linear(given);
        const LoraDropout::Layer again(dropout.get(), 77);
        const auto left = dropout->of(given);
        QVERIFY((left == 0).any().item<bool>());
        const auto wanted = given.matmul(w.t()) + 1.5 * left.matmul(a.t()).matmul(b.t());
        QVERIFY(golden::difference(y, wanted) < 1e-5);
    }

    void onlyTrainingLeavesSomethingOut() {
        const LoraOptions with{.rank = 2, .dropout = 0.4};
        const auto model = adaptedModel(base_, with), plain = adaptedModel(base_, {.rank = 2});
        moveAdapter(model), moveAdapter(plain);
        const auto wanted = hiddenOf(plain).detach();
        QVERIFY(hiddenOf(model).equal(wanted));  // not seeded: nobody trains it
        model.seedDropout(1);
        {
            const torch::NoGradGuard off;  // rollouts, probes, validation, the reference
            const TrainingNumbers same;
            QVERIFY(hiddenOf(model).equal(wanted));
        }
        QVERIFY(!hiddenOf(model).equal(wanted));
    }

    void aSeedDecidesAStepsGradient() {
        const auto model = adaptedModel(base_, {.rank = 2, .dropout = 0.4});
        moveAdapter(model);
        const auto first = gradientOf(model, 1);
        QVERIFY(!gradientOf(model, 2).equal(first));
        QVERIFY(gradientOf(model, 1).equal(first));
        const auto later = adaptedModel(base_, {.rank = 2, .dropout = 0.4});
        moveAdapter(later);
        QVERIFY(gradientOf(later, 1).equal(first));  // whatever came before
    }

    void activationCheckpointingLeavesTheSameOut() {
        const LoraOptions with{.rank = 2, .dropout = 0.4};
        const auto model = adaptedModel(base_, with), thrifty = adaptedModel(base_, with, true);
        moveAdapter(model), moveAdapter(thrifty);
        const auto wanted = gradientOf(model, 1);
        QVERIFY(golden::difference(wanted, gradientOf(thrifty, 1)) <
                1e-6 * wanted.abs().max().item<double>());
        QVERIFY(golden::difference(wanted, gradientOf(thrifty, 2)) >
                1e-2 * wanted.abs().max().item<double>());
    }

    void updatesAndRanksHaveSeedsOfTheirOwn() {
        std::set<std::uint64_t> seeds;
        for (std::uint64_t seed = 0; seed < 5; ++seed)
            for (int update = 0; update < 50; ++update)
                for (int rank = 0; rank < 8; ++rank) seeds.insert(dropoutSeed(seed, update, rank));
        QCOMPARE(seeds.size(), std::size_t{5 * 50 * 8});
    }

    void peftIsToldOfDropoutAndScale() {
        const QTemporaryDir dir;
        const fs::path folder = dir.filePath("adapter").toStdString();
        const LoraOptions lora{
            .rank = 4, .alpha = 6, .scaling = LoraScaling::RsLora, .dropout = 0.1};
        const auto model = adaptedModel(base_, lora);
        moveAdapter(model);
        model.save(folder);
        const auto config = configIn(folder);
        QCOMPARE(config["lora_dropout"].get<double>(), 0.1);
        QCOMPARE(config["use_rslora"].get<bool>(), true);
        QCOMPARE(config["r"].get<int>(), 4);
        QCOMPARE(config["lora_alpha"].get<double>(), 6.0);
        // alpha / sqrt(rank) = 3 on the way in and out, apart and merged
        const torch::NoGradGuard off;
        const auto wanted = hiddenOf(model);
        QVERIFY(hiddenOf(adaptedModel(folder, lora)).equal(wanted));
        QVERIFY(golden::difference(hiddenOf(LvrModel::open(folder)), wanted) < 1e-4);
        const auto standard = adaptedModel(base_, {.rank = 4, .alpha = 12});  // 12 / 4 = 3
        moveAdapter(standard);
        QVERIFY(golden::difference(hiddenOf(standard), wanted) < 1e-6);
    }

    void anAdapterGoesOnWithItsOwnScale() {
        const QTemporaryDir dir;
        const fs::path folder = dir.filePath("adapter").toStdString();
        adaptedModel(base_, {.rank = 4, .scaling = LoraScaling::RsLora}).save(folder);
        try {
            adaptedModel(folder, {.rank = 4});
            QFAIL("opened");
        } catch (const Error& error) {
            QVERIFY2(QString(error.what()).contains("--lora-scaling rslora"), error.what());
        }
    }
};

QTEST_GUILESS_MAIN(LoraDropoutTest)
#include "lora_dropout_test.moc"
