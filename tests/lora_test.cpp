// Low-rank adapters against PEFT's own numbers, and what must hold of any adapter.

#include <QTemporaryDir>
#include <QtTest>

#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/model/lvr_checkpoint.h"
#include "core/model/positions.h"
#include "core/model/save_checkpoint.h"
#include "core/torch.h"
#include "core/train/optimizer.h"
#include "core/train/trainable.h"
#include "tests/support/golden.h"

using namespace lvr;
namespace fs = std::filesystem;

namespace {

const LoraOptions kRank2{.rank = 2, .alpha = 6};

fs::path base(const char* name = "random-b") { return golden::own("models") / name; }

// PEFT's adapter with the base where it is on this machine.
fs::path peftAdapter(const QTemporaryDir& dir,
                     const std::function<void(nlohmann::json&)>& change = {}) {
    const fs::path folder = dir.filePath("adapter").toStdString();
    fs::remove_all(folder);
    fs::copy(golden::own("lora"), folder);
    auto config = golden::ownJson("lora/adapter_config.json");
    config["base_model_name_or_path"] = base().string();
    if (change) change(config);
    std::ofstream(folder / "adapter_config.json") << config;
    return folder;
}

torch::Tensor logits(const LvrModel& model, const std::vector<std::int64_t>& ids) {
    const auto length = static_cast<std::int64_t>(ids.size());
    const auto positions = torch::arange(length).expand({3, 1, length});
    return model.logits(model.hidden({model.embed(torch::tensor(ids)).unsqueeze(0), positions}))[0];
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

const fs::path kRoot = fs::path(LVR_RESOURCES).parent_path();

nlohmann::json peftCases() {
    std::ifstream file(kRoot / "tests/fixtures/peft/cases.json");
    return nlohmann::json::parse(file);
}

// The tensors that tests/fixtures/peft/make.py gave PEFT, under PEFT's names.
std::map<std::string, torch::Tensor> tensorsOf(const nlohmann::json& c, const fs::path& base) {
    std::map<std::string, torch::Tensor> known, made;
    for (const auto& [name, view] : openWeights(base))
        known[name] = torch::from_blob(const_cast<std::byte*>(view.data), view.shape,
                                       [owner = view.owner](void*) {});
    int index = 0;
    for (const auto& tensor : c["tensors"]) {
        const auto name = tensor["name"].get<std::string>();
        const auto shape = tensor["shape"].get<std::vector<std::int64_t>>();
        const auto count = c10::multiply_integers(shape);
        auto value = 0.1 * torch::sin(torch::arange(count, torch::kFloat64) + index++).view(shape);
        auto plain = name.substr(std::string("base_model.model.").size());
        if (const auto at = plain.find(".base_layer"); at != std::string::npos) plain.erase(at, 11);
        auto canonical = canonicalName(plain);
        if (canonical == "lm_head.weight" && !known.count(canonical))
            canonical = "model.embed_tokens.weight";
        if (known.count(canonical)) value = value + known.at(canonical).to(torch::kFloat64);
        made[name] = value.to(torch::kFloat32).contiguous();
    }
    return made;
}

void writeTensors(const std::map<std::string, torch::Tensor>& tensors, const fs::path& file) {
    std::vector<TensorBytes> bytes;
    for (const auto& [name, tensor] : tensors)
        bytes.push_back({name, DType::F32, tensor.sizes().vec(), tensor.data_ptr()});
    writeSafetensors(file, bytes);
}

// The folder PEFT left in that case.
fs::path peftFolder(const QTemporaryDir& dir, const nlohmann::json& c) {
    const fs::path folder = dir.filePath("peft").toStdString();
    fs::create_directories(folder);
    auto config = c["config"];
    const auto base = kRoot / config["base_model_name_or_path"].get<std::string>();
    config["base_model_name_or_path"] = base.string();
    std::ofstream(folder / "adapter_config.json") << config;
    auto tensors = tensorsOf(c, base);
    const auto head = tensors.find("base_model.model.lm_head.weight");
    const bool tied = readModelConfig(base).text.tieWordEmbeddings;
    if (head != tensors.end() && tied && config["ensure_weight_tying"] == true)
        head->second = tensors.at("base_model.model.model.language_model.embed_tokens.weight");
    writeTensors(tensors, folder / "adapter_model.safetensors");
    return folder;
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
        const auto expected = golden::ownJson("lora/expected.json");
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

    void everyAdapterOfPeftGivesPeftsLogits_data() {
        QTest::addColumn<int>("number");
        const auto all = peftCases()["cases"];
        for (int i = 0; i < static_cast<int>(all.size()); ++i)
            QTest::newRow(all[i]["name"].get<std::string>().c_str()) << i;
    }
    // Merged, kept apart, and after either was saved and opened again.
    void everyAdapterOfPeftGivesPeftsLogits() {
        QFETCH(int, number);
        const torch::NoGradGuard off;
        const QTemporaryDir dir;
        const auto cases = peftCases();
        const auto& c = cases["cases"][number];
        const auto ids = cases["input_ids"].get<std::vector<std::int64_t>>();
        const auto wanted =
            torch::tensor(c["logits_last"].get<std::vector<double>>(), torch::kFloat32);
        const auto off64 = [&](const LvrModel& model) {
            return golden::difference(logits(model, ids)[-1].narrow(0, 0, 64), wanted);
        };
        const auto folder = peftFolder(dir, c);
        const fs::path merged = dir.filePath("merged").toStdString();
        const auto model = LvrModel::open(folder);
        model.save(merged);
        QVERIFY2(off64(model) < 2e-4, std::to_string(off64(model)).c_str());
        QVERIFY(off64(LvrModel::open(merged)) < 2e-4);
        if (std::string(QTest::currentDataTag()) == "an untied head") return;  // merged only
        const fs::path again = dir.filePath("again").toStdString();
        const LoraOptions lora{
            .rank = 2, .alpha = 2 * readAdapterConfig(folder)->scale(), .targets = {"q_proj"}};
        const auto apart = adapted(folder, lora);
        apart.save(again);
        QVERIFY(off64(apart) < 2e-4);
        QVERIFY(off64(LvrModel::open(again)) < 2e-4);
        QVERIFY(off64(adapted(again, lora)) < 2e-4);
    }

    void whatIsAdaptedBesideTheTargetsIsListedForPeft() {
        const QTemporaryDir dir;
        const fs::path again = dir.filePath("again").toStdString();
        const auto cases = peftCases()["cases"];
        const auto every = std::find_if(cases.begin(), cases.end(),
                                        [](const auto& c) { return c["name"] == "every Linear"; });
        adapted(peftFolder(dir, *every), kRank2).save(again);
        const auto config = nlohmann::json::parse(std::ifstream(again / "adapter_config.json"));
        const auto& modules = config["target_modules"];
        QCOMPARE(modules.size(), openAdapter(again).size() / 2);
        for (const auto* module :
             {"model.visual.blocks.1.attn.qkv", "model.language_model.layers.3.mlp.up_proj"})
            QVERIFY2(std::count(modules.begin(), modules.end(), module) == 1, module);
    }

    // PEFT takes a tied model's embeddings apart when it wraps them: what it must find to give our
    // logits is the case "both tied on a tied base".
    void trainedEmbeddingsOfATiedModelAreWrittenAsPeftNeedsThem() {
        const QTemporaryDir dir;
        const fs::path out = dir.filePath("out").toStdString();
        auto lora = kRank2;
        lora.embeddings = LoraEmbeddings::Trained;
        const auto model = adapted(base(), lora);
        train(model);
        model.save(out);
        const auto tensors = openAdapter(out);
        const auto head = tensors.at("lm_head.weight"),
                   embeddings = tensors.at("model.embed_tokens.weight");
        QCOMPARE(std::memcmp(head.data, embeddings.data, head.size), 0);
        const auto config = nlohmann::json::parse(std::ifstream(out / "adapter_config.json"));
        QVERIFY(config["ensure_weight_tying"] == true);
        for (const auto* module : {"embed_tokens", "lm_head"})
            QVERIFY(std::count(config["modules_to_save"].begin(), config["modules_to_save"].end(),
                               module) == 1);
        QVERIFY(adapted(out, lora).config().text.tieWordEmbeddings);
    }

    void whatTheAdapterHoldsBesideIsKeptWhenItIsTrainedFrozen() {
        const QTemporaryDir dir;
        const fs::path first = dir.filePath("first").toStdString(),
                       second = dir.filePath("second").toStdString();
        auto lora = kRank2;
        lora.embeddings = LoraEmbeddings::Trained;
        const auto trained = adapted(base(), lora);
        train(trained);
        trained.save(first);
        adapted(first).save(second);
        const torch::NoGradGuard off;
        QVERIFY(
            torch::equal(someLogits(LvrModel::open(second)), someLogits(LvrModel::open(first))));
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

    // What GRPO holds its policy against: the model as it was opened, adapter included.
    void aModelBesideOneThatLearnsSharesWhatThatMayNotTrain_data() {
        QTest::addColumn<bool>("isOpened");
        QTest::addColumn<bool>("embeddings");
        for (const bool isOpened : {false, true})
            for (const bool embeddings : {false, true})
                QTest::addRow("%s adapter%s", isOpened ? "opened" : "fresh",
                              embeddings ? " and embeddings" : "")
                    << isOpened << embeddings;
    }
    void aModelBesideOneThatLearnsSharesWhatThatMayNotTrain() {
        QFETCH(bool, isOpened);
        QFETCH(bool, embeddings);
        auto lora = kRank2;
        if (embeddings) lora.embeddings = LoraEmbeddings::Trained;
        const QTemporaryDir dir;
        auto folder = base();
        if (isOpened) {
            folder = dir.filePath("first").toStdString();
            const auto first = adapted(base(), lora);
            train(first);
            first.save(folder);
        }
        const auto policy = adapted(folder, lora);
        LoadOptions options{.use = LoadOptions::Use::Reference, .beside = &policy};
        if (isOpened) options.lora = lora;
        const auto reference = LvrModel::open(folder, options);
        const auto& tensors = policy.parameters();
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            const auto& [name, tensor] = reference.parameters()[i];
            QCOMPARE(name, tensors[i].first);
            QVERIFY2(tensor.is_alias_of(tensors[i].second) != policy.mayTrain(name), name.c_str());
        }
        QCOMPARE(reference.adapter().size(), isOpened ? policy.adapter().size() : 0U);
        const auto states = [](const LvrModel& model) {
            const torch::NoGradGuard off;
            return someLogits(model);
        };
        const auto before = states(policy);
        QVERIFY(torch::equal(states(reference), before));
        train(policy);
        QVERIFY(torch::equal(states(reference), before));
        QVERIFY(!torch::equal(states(policy), before));
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
        for (const auto* how : {"pissa", "pissa_niter_4", "olora", "corda", "loftq", "lora_ga"})
            QTest::newRow(how) << "init_lora_weights" << QString("\"%1\"").arg(how);
        for (const auto* flag : {"lora_bias", "fan_in_fan_out", "use_qalora", "something_new"})
            QTest::newRow(flag) << flag << "true";
        for (const auto* list : {"trainable_token_indices", "target_parameters",
                                 "alora_invocation_tokens", "layer_replication"})
            QTest::newRow(list) << list << "[1]";
        for (const auto* object : {"alpha_pattern", "megatron_config", "use_bdlora", "kasa_config"})
            QTest::newRow(object) << object << "{\"a\": 1}";
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

    void whatAnAdapterHoldsAndWeCannotIsNamed_data() {
        QTest::addColumn<QString>("base");
        QTest::addColumn<QString>("tensor");
        QTest::addColumn<QString>("says");
        const QString text = "base_model.model.model.language_model.";
        QTest::newRow("a tied head") << "random-b"
                                     << "base_model.model.lm_head.lora_A.weight"
                                     << "tie_word_embeddings";
        QTest::newRow("embeddings") << "random-a" << text + "embed_tokens.lora_embedding_A"
                                    << "a low-rank adapter of the embeddings";
        QTest::newRow("tokens") << "random-a"
                                << text + "embed_tokens.token_adapter.trainable_tokens_delta"
                                << "token_adapter";
        QTest::newRow("magnitudes")
            << "random-a" << text + "layers.0.self_attn.q_proj.lora_magnitude_vector.weight"
            << "lora_magnitude_vector";
        QTest::newRow("a convolution")
            << "random-a"
            << "base_model.model.model.visual.patch_embed.proj.lora_A.weight"
            << "visual.patch_embed.proj, which is no Linear";
        QTest::newRow("another model's")
            << "random-a" << text + "layers.7.mlp.up_proj.lora_A.weight"
            << "layers.7.mlp.up_proj";
    }
    void whatAnAdapterHoldsAndWeCannotIsNamed() {
        QFETCH(QString, base);
        QFETCH(QString, tensor);
        QFETCH(QString, says);
        const QTemporaryDir dir;
        const auto folder = peftAdapter(dir, [&](nlohmann::json& config) {
            config["base_model_name_or_path"] = ::base(base.toUtf8()).string();
        });
        writeTensors({{tensor.toStdString(), torch::zeros({2, 4})}},
                     folder / "adapter_model.safetensors");
        const auto said = errorOf([&] { LvrModel::open(folder); });
        QVERIFY2(said.find(says.toStdString()) != std::string::npos, said.c_str());
    }

    void anotherRevisionOfABaseInTheCacheIsRefused() {
        const QTemporaryDir dir;
        const auto local = peftAdapter(dir, [](auto& config) { config["revision"] = "v2"; });
        QCOMPARE(errorOf([&] { LvrModel::open(local); }), std::string());
        const auto cached = peftAdapter(dir, [](auto& config) {
            config["revision"] = "v2";
            config["base_model_name_or_path"] = "some/model";
        });
        const auto said = errorOf([&] { LvrModel::open(cached); });
        QVERIFY2(said.find("'revision'") != std::string::npos, said.c_str());
    }

    void aTiedHeadThatIsSavedAloneIsTheEmbeddings() {
        const torch::NoGradGuard off;
        const QTemporaryDir dir;
        const auto folder =
            peftAdapter(dir, [](auto& config) { config["ensure_weight_tying"] = true; });
        const auto shape = LvrModel::open(base()).lmHead().sizes().vec();
        writeTensors({{"base_model.model.lm_head.weight", torch::full(shape, 0.5)}},
                     folder / "adapter_model.safetensors");
        const auto model = LvrModel::open(folder);
        QVERIFY(model.config().text.tieWordEmbeddings);
        QVERIFY((model.embed(torch::tensor({3})) == 0.5).all().item<bool>());
    }

    void anAdapterOfAnAdapterIsRefused() {
        const QTemporaryDir dir, other;
        const auto inner = peftAdapter(other);
        const auto outer = peftAdapter(dir, [&](nlohmann::json& config) {
            config["base_model_name_or_path"] = inner.string();
        });
        const auto said = errorOf([&] { LvrModel::open(outer); });
        QVERIFY2(said.find("adapter itself") != std::string::npos, said.c_str());
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
