// Low-rank adapters against PEFT's own numbers, and what must hold of any adapter.

#include <QTemporaryDir>
#include <QtTest>

#include "core/checkpoint/adapter_folder.h"
#include "core/decode/lvr_checkpoint.h"
#include "core/error.h"
#include "core/model/positions.h"
#include "core/torch.h"
#include "core/train/optimizer.h"
#include "core/train/save_checkpoint.h"
#include "core/train/trainable.h"
#include "tests/golden.h"

using namespace lvr;
namespace fs = std::filesystem;

namespace {

const LoraOptions kRank2{.rank = 2, .alpha = 6};

fs::path base(const char* name = "random-b") { return golden::path("models") / name; }

// PEFT's adapter with the base where it is on this machine.
fs::path peftAdapter(const QTemporaryDir& dir,
                     const std::function<void(nlohmann::json&)>& change = {}) {
    const fs::path folder = dir.filePath("adapter").toStdString();
    fs::remove_all(folder);
    fs::copy(golden::path("lora"), folder);
    auto config = golden::json("lora/adapter_config.json");
    config["base_model_name_or_path"] = base().string();
    if (change) change(config);
    std::ofstream(folder / "adapter_config.json") << config;
    return folder;
}

torch::Tensor logits(const LvrModel& model, const std::vector<std::int64_t>& ids) {
    const auto length = static_cast<std::int64_t>(ids.size());
    const auto positions = torch::arange(length).expand({3, 1, length});
    return model.logits(model.hidden(model.embed(torch::tensor(ids)).unsqueeze(0), positions))[0];
}

torch::Tensor someLogits(const LvrModel& model) { return logits(model, {5, 17, 42, 99, 3, 7}); }

LvrModel adapted(const fs::path& folder, LoraOptions lora = kRank2) {
    return LvrModel::open(folder, {.use = LoadOptions::Use::Training, .lora = lora});
}

// A few steps that move every trained tensor.
void train(const LvrModel& model) {
    const auto trained = trainable(model);
    AdamW optimizer(trained, 0);
    for (int step = 0; step < 3; ++step) {
        optimizer.zeroGrad();
        auto loss = someLogits(model).square().mean();
        for (const auto& [name, tensor] : model.parameters())
            if (name.starts_with("lvr_") && tensor.requires_grad())
                loss = loss + tensor.square().sum();
        loss.backward();
        optimizer.step(0.05, 1e9);
    }
    freeze(model);
}

std::string errorOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& e) {
        return e.what();
    }
    return {};
}

}  // namespace

class LoraTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anAdapterOfPeftGivesPeftsLogits() {
        const torch::NoGradGuard off;
        const QTemporaryDir dir;
        const auto folder = peftAdapter(dir);
        const auto expected = golden::json("lora/expected.json");
        const auto ids = expected["input_ids"].get<std::vector<std::int64_t>>();
        const auto wanted =
            torch::tensor(expected["logits_last"].get<std::vector<double>>(), torch::kFloat32);
        const auto merged = LvrModel::open(folder), apart = adapted(folder);
        QVERIFY(merged.adapter().empty());
        QCOMPARE(apart.adapter().size(), 2u * 3 * layersOf(merged));
        for (const auto* model : {&merged, &apart})
            QVERIFY(golden::difference(logits(*model, ids)[-1].narrow(0, 0, 64), wanted) < 1e-4);
        const auto plain = logits(LvrModel::open(base()), ids)[-1].narrow(0, 0, 64);
        QVERIFY(golden::difference(plain, wanted) > 0.1);
    }

    void aFreshAdapterChangesNothing() {
        const torch::NoGradGuard off;
        QVERIFY(torch::equal(someLogits(adapted(base())), someLogits(LvrModel::open(base()))));
    }

    void theSeedDecidesAFreshAdapter() {
        const auto a = [](std::uint64_t seed) {
            return LvrModel::open(base(), {.lora = kRank2, .loraSeed = seed}).adapter()[0].second;
        };
        QVERIFY(torch::equal(a(1), a(1)));
        QVERIFY(!torch::equal(a(1), a(2)));
    }

    void onlyTheAdapterAndWhatIsSavedWithItLearns() {
        const auto model = adapted(base());
        std::map<std::string, torch::Tensor> before;
        for (const auto& [name, tensor] : model.parameters()) before[name] = tensor.clone();
        train(model);
        for (const auto& [name, tensor] : model.parameters())
            QVERIFY2(torch::equal(before[name], tensor) != name.starts_with("lvr_"), name.c_str());
        for (const auto& [name, tensor] : model.adapter())
            QVERIFY2(name.ends_with("lora_A.weight") || tensor.abs().max().item<float>() > 0,
                     name.c_str());
    }

    void whatWasTrainedIsReadBackAndMerged_data() {
        QTest::addColumn<bool>("embeddings");
        QTest::newRow("adapter") << false;
        QTest::newRow("adapter and embeddings") << true;
    }
    void whatWasTrainedIsReadBackAndMerged() {
        QFETCH(bool, embeddings);
        auto lora = kRank2;
        if (embeddings) lora.embeddings = LoraEmbeddings::Trained;
        const QTemporaryDir dir;
        const fs::path out = dir.filePath("out").toStdString();
        const auto checkpoint =
            LvrCheckpoint::open(base().string(), {.use = LoadOptions::Use::Training, .lora = lora});
        train(checkpoint.model);
        saveCheckpoint(checkpoint, base(), {.command = "lvr sft"}, out);
        QVERIFY(!fs::exists(out / "model.safetensors"));
        QCOMPARE(openAdapter(out).count("model.embed_tokens.weight"), embeddings ? 1u : 0u);
        const torch::NoGradGuard off;
        const auto expected = someLogits(checkpoint.model);
        QVERIFY(torch::equal(someLogits(adapted(out, lora)), expected));
        const auto merged = LvrCheckpoint::open(out.string());
        QVERIFY(golden::difference(someLogits(merged.model), expected) < 1e-4);
        QCOMPARE(merged.provenance->command, "lvr sft");
        const fs::path whole = dir.filePath("whole").toStdString();
        saveCheckpoint(merged, out, {}, whole);
        QVERIFY(!fs::exists(whole / "adapter_config.json"));
        QVERIFY(torch::equal(someLogits(LvrModel::open(whole)), someLogits(merged.model)));
    }

    void anAdapterWithoutTokenizerTakesItsBases() {
        const QTemporaryDir dir;
        const auto checkpoint = LvrCheckpoint::open(peftAdapter(dir).string());
        QCOMPARE(checkpoint.tokenizer.size(), Tokenizer::open(base()).size());
    }

    void whatCannotBeOpenedIsNamed_data() {
        QTest::addColumn<QString>("field");
        QTest::addColumn<QString>("json");
        QTest::newRow("dora") << "use_dora"
                              << "true";
        QTest::newRow("another type") << "peft_type"
                                      << "\"IA3\"";
        QTest::newRow("ranks by pattern") << "rank_pattern"
                                          << "{\"q_proj\": 4}";
        QTest::newRow("biases") << "bias"
                                << "\"all\"";
        QTest::newRow("no rank") << "r"
                                 << "0";
        QTest::newRow("no base") << "base_model_name_or_path"
                                 << "\"nowhere/at-all\"";
    }
    void whatCannotBeOpenedIsNamed() {
        QFETCH(QString, field);
        QFETCH(QString, json);
        const QTemporaryDir dir;
        const auto folder = peftAdapter(dir, [&](nlohmann::json& config) {
            config[field.toStdString()] = nlohmann::json::parse(json.toStdString());
        });
        const auto said = errorOf([&] { LvrModel::open(folder); });
        QVERIFY2(said.find(field.toStdString()) != std::string::npos, said.c_str());
    }

    void anAdapterOfAnotherShapeIsRefused() {
        const QTemporaryDir dir;
        const auto folder = peftAdapter(dir, [](nlohmann::json& config) { config["r"] = 3; });
        const auto said = errorOf([&] { LvrModel::open(folder); });
        QVERIFY2(said.find("does not fit r 3") != std::string::npos, said.c_str());
        const auto rank = errorOf([&] { adapted(peftAdapter(dir), {.rank = 8, .alpha = 6}); });
        QVERIFY2(rank.find("rank 2") != std::string::npos, rank.c_str());
    }

    void theVisionTowerIsNotTrainedBesideAnAdapter() {
        const auto model = adapted(base());
        QVERIFY(!errorOf([&] { trainable(model, {.merger = 1}); }).empty());
    }

private:
    static std::size_t layersOf(const LvrModel& model) {
        return static_cast<std::size_t>(model.config().text.numHiddenLayers);
    }
};

QTEST_GUILESS_MAIN(LoraTest)
#include "lora_test.moc"
