// The network against transformers' own numbers (tests/goldens/README.md).

#include <ATen/Parallel.h>
#include <malloc.h>
#include <torch/cuda.h>

#include <QTemporaryDir>
#include <QtTest>
#include <atomic>
#include <chrono>
#include <thread>

#include "core/error.h"
#include "core/kernels/threads.h"
#include "core/model/device.h"
#include "core/model/dtype.h"
#include "core/model/lvr_checkpoint.h"
#include "core/model/positions.h"
#include "core/model/random_model.h"
#include "core/text/chat_template.h"
#include "core/torch.h"
#include "tests/support/golden.h"

using namespace lvr;
namespace fs = std::filesystem;

namespace {

const char* const kModels[] = {"random-a", "random-b", "random-c"};

std::string folder(const std::string& model) { return golden::own("models/" + model).string(); }

torch::Tensor ids(const std::vector<std::int64_t>& values) {
    return torch::tensor(values, torch::kInt64);
}

// The largest difference of each kind over all cases, for the record.
struct Worst {
    std::map<std::string, double> values;
    void see(const std::string& what, double difference) {
        values[what] = std::max(values[what], difference);
    }
    void report(const std::string& model) const {
        for (const auto& [what, value] : values)
            qInfo("%s: %s within %.1e", model.c_str(), what.c_str(), value);
    }
};

std::filesystem::path copyOf(const std::string& model, const QTemporaryDir& dir) {
    const std::filesystem::path copy = dir.filePath("model").toStdString();
    std::filesystem::copy(folder(model), copy);
    return copy;
}

// The folder's one file of weights with tensors of one number more, or one under another name.
void rewriteWeights(const std::filesystem::path& folder, const std::vector<std::string>& more,
                    const std::pair<std::string, std::string>& renamed = {}) {
    const float surplus = 1;
    const auto file = SafetensorsFile::open(folder / "model.safetensors");
    std::vector<TensorBytes> tensors;
    for (const auto& [name, view] : file.tensors())
        tensors.push_back(
            {name == renamed.first ? renamed.second : name, view.dtype, view.shape, view.data});
    for (const auto& name : more) tensors.push_back({name, DType::F32, {1}, &surplus});
    writeSafetensors(folder / "model.safetensors", tensors);
}

void changeConfig(const std::filesystem::path& folder, const std::string& field,
                  const nlohmann::json& value) {
    std::ifstream in(folder / "config.json");
    auto config = nlohmann::json::parse(in);
    config[field] = value;
    std::ofstream(folder / "config.json") << config;
}

// Bytes of this process in memory: now, and at most since forgetPeak().
double memory(const std::string& which) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(which + ":")) return 1024 * std::stod(line.substr(which.size() + 1));
    return 0;
}
void forgetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

}  // namespace

class ModelTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void forwardEqualsTransformers_data() {
        QTest::addColumn<QString>("model");
        for (const auto& model : golden::modelsOf("forward_"))
            QTest::newRow(model.c_str()) << QString::fromStdString(model);
    }
    void forwardEqualsTransformers() {
        QFETCH(QString, model);
        const torch::NoGradGuard off;
        const auto name = model.toStdString();
        const auto checkpoint = LvrCheckpoint::open(golden::modelFolder(name).string());
        const auto cases = golden::json("forward_" + name + ".json");
        QVERIFY(!cases["cases"].empty());
        const golden::Tensors expected("forward_" + name + ".safetensors"),
            images("preprocess.safetensors");
        const auto preprocess = golden::json("preprocess.json");
        Worst worst;
        for (const auto& c : cases["cases"])
            checkCase(checkpoint, c, expected,
                      golden::pixels(images, preprocess, c["pixel_values"]), worst);
        worst.report(name);
        for (const auto& [what, value] : worst.values)
            QVERIFY2(value <= (what == "logits" ? 2e-4 : 1e-4), what.c_str());
    }

    void cacheInPiecesEqualsOnePass() {
        const torch::NoGradGuard off;
        const auto checkpoint = LvrCheckpoint::open(folder("random-b"));
        const auto& model = checkpoint.model;
        const auto embeddings = model.embed(torch::arange(20, 60)).unsqueeze(0);
        const auto positions = torch::arange(40).view({1, 1, 40}).expand({3, 1, 40});
        const auto whole = model.hidden({embeddings, positions});
        for (const std::int64_t capacity : {0, 64}) {
            KvCache cache(capacity);
            std::vector<torch::Tensor> parts;
            for (const auto& [from, count] : {std::pair<int, int>{0, 17}, {17, 22}, {39, 1}})
                parts.push_back(model.hidden(Sequence{embeddings, positions}.narrow(from, count),
                                             {.cache = &cache}));
            const auto difference = golden::difference(torch::cat(parts, 1), whole);
            qInfo("cache of capacity %d: within %.1e", static_cast<int>(capacity), difference);
            QVERIFY(difference < 1e-5);
        }
    }

    // On the CPU bfloat16 weights are widened as they are read: nothing else is rounded.
    void bfloat16WeightsAnswerAsFloat32Does() {
        const torch::NoGradGuard off;
        QTemporaryDir dir;
        const std::filesystem::path file = dir.filePath("half").toStdString();
        LvrModel::open(folder("random-b"), {.dtype = torch::kBFloat16}).save(file);
        const auto half = LvrModel::open(file, {.dtype = torch::kBFloat16});
        const auto wide = LvrModel::open(file, {.dtype = torch::kFloat32});
        QVERIFY(half.dtype() == torch::kBFloat16 && half.activations() == torch::kFloat32);
        for (const std::int64_t count : {1, 3, 40}) {  // few rows and many
            const auto positions = torch::arange(count).view({1, 1, count}).expand({3, 1, count});
            const auto of = [&](const LvrModel& model) {
                const auto hidden = model.hidden(
                    {model.embed(torch::arange(20, 20 + count)).unsqueeze(0), positions});
                return model.logits(model.latent(hidden));
            };
            QVERIFY(golden::difference(of(half), of(wide)) < 1e-4);
        }
        Pixels pixels;
        pixels.gridThw = {{1, 10, 6}};  // windows of several sizes
        const auto values = torch::randn({60, 1176});
        pixels.values.assign(values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
        QVERIFY(golden::difference(half.visualTokens(pixels).tokens,
                                   wide.visualTokens(pixels).tokens) < 1e-4);
    }

    // LibTorch's own loop runs alone in files that are compiled without OpenMP, and says nothing.
    void workIsSharedAmongThreads() {
        const int before = at::get_num_threads();
        at::set_num_threads(2);
        std::atomic<int> begun = 0;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        onThreads(2, 1, [&](std::int64_t, std::int64_t) {  // each part waits for the other one
            ++begun;
            while (begun < 2 && std::chrono::steady_clock::now() < deadline)
                std::this_thread::yield();
        });
        const bool together = std::chrono::steady_clock::now() < deadline;
        at::set_num_threads(before);
        QVERIFY(together);
    }

    // Whichever is fastest on the CPU that runs this, the others are tried too.
    void everyWayToMultiplyManyRowsGivesTheSame() {
        const torch::NoGradGuard off;
        const auto x = torch::randn({37, 96}), bias = torch::randn({50});
        const auto values = torch::randn({50, 96}).to(torch::kBFloat16);
        const Weight half{values, {}}, wide{values.to(torch::kFloat32), {}};
        const auto expected = torch::linear(x, wide.values, bias);
        QVERIFY(golden::difference(product(x, half, bias, ManyRows::Own), expected) < 1e-4);
        QVERIFY(golden::difference(product(x, wide, bias, ManyRows::Own), expected) < 1e-4);
        QVERIFY(golden::difference(product(x, wide, bias, ManyRows::Library), expected) == 0);
        const auto rounded = product(x, half, bias, ManyRows::Bfloat16);
        QVERIFY(torch::cosine_similarity(rounded.flatten(), expected.flatten(), 0).item<double>() >
                0.9999);
        for (const auto type : {torch::kFloat32, torch::kBFloat16})
            QVERIFY(fastestFor(type) == fastestFor(type));
    }

    // After a past, long texts attend some positions at a time; gradients too are what they were.
    void aLongPieceAfterAPastEqualsOnePass() {
        auto checkpoint =
            LvrCheckpoint::open(folder("random-b"), {.use = LoadOptions::Use::Training});
        const auto& model = checkpoint.model;
        constexpr int kAll = 1300, kPast = 17;  // two whole blocks and a part of one
        const auto embeddings =
            model.embed(torch::arange(kAll).remainder(90) + 20).unsqueeze(0).detach();
        const auto positions = torch::arange(kAll).view({1, 1, kAll}).expand({3, 1, kAll});
        const auto run = [&](bool inPieces) {
            auto in = embeddings.clone().requires_grad_();
            torch::Tensor out;
            if (inPieces) {
                KvCache cache;
                const Sequence all{in, positions};
                const auto first = model.hidden(all.narrow(0, kPast), {.cache = &cache});
                const auto rest = model.hidden(all.narrow(kPast, kAll - kPast), {.cache = &cache});
                out = torch::cat({first, rest}, 1);
            } else {
                out = model.hidden({in, positions});
            }
            out.square().mean().backward();
            return std::pair(out.detach(), in.grad());
        };
        const auto whole = run(false), pieces = run(true);
        QVERIFY(golden::difference(pieces.first, whole.first) < 2e-5);
        const double scale = whole.second.abs().max().item<double>();
        QVERIFY(golden::difference(pieces.second, whole.second) < 1e-4 * scale);
    }

    void bfloat16StaysNearFloat32() {
        const torch::NoGradGuard off;
        const auto wide = LvrModel::open(folder("random-a"));
        const auto narrow = LvrModel::open(folder("random-a"), {.dtype = torch::kBFloat16});
        QVERIFY(narrow.dtype() == torch::kBFloat16);
        const auto positions = torch::arange(30).view({1, 1, 30}).expand({3, 1, 30});
        const auto logits = [&](const LvrModel& m) {
            return m.logits(m.hidden({m.embed(torch::arange(30)).unsqueeze(0), positions}))
                .to(torch::kFloat32);
        };
        const auto a = logits(wide), b = logits(narrow);
        const double cosine = torch::cosine_similarity(a.flatten(), b.flatten(), 0).item<double>();
        qInfo("cosine of bfloat16 to float32 logits: %.5f", cosine);
        QVERIFY(cosine > 0.999);
    }

    void everyWrongTensorIsNamedAtOnce() {
        QTemporaryDir dir;
        const auto copy = copyOf("random-a", dir);
        const auto file = SafetensorsFile::open(copy / "model.safetensors");
        std::vector<TensorBytes> tensors;
        for (const auto& [name, view] : file.tensors()) {
            if (name == "model.norm.weight") continue;
            auto shape = view.shape;
            if (name == "lm_head.weight") shape = {shape[1], shape[0]};
            tensors.push_back({name, view.dtype, shape, view.data});
        }
        const float surplus = 1;
        tensors.push_back({"model.extra.weight", DType::F32, {1}, &surplus});
        writeSafetensors(dir.filePath("new").toStdString(), tensors);
        std::filesystem::rename(dir.filePath("new").toStdString(), copy / "model.safetensors");
        try {
            LvrModel::open(copy);
            QFAIL("opened");
        } catch (const Error& error) {
            const QString text = error.what();
            for (const auto* name : {"model.norm.weight", "lm_head.weight", "model.extra.weight"})
                QVERIFY2(text.contains(name), qPrintable(text));
        }
    }

    void whatTheModelHasNoPlaceForIsSaidAndLeftOut() {
        const torch::NoGradGuard off;
        QTemporaryDir dir;
        const auto copy = copyOf("random-a", dir);
        const auto plain = LvrModel::open(folder("random-a"));
        QVERIFY(plain.warnings().empty());
        rewriteWeights(copy, {"model.rotary_emb.inv_freq", "lvr_head.mlp.0.weight"});
        const auto model = LvrModel::open(copy);
        QCOMPARE(model.warnings().size(), 1U);
        for (const auto* name : {"model.rotary_emb.inv_freq [1]", "lvr_head.mlp.0.weight [1]"})
            QVERIFY2(QString::fromStdString(model.warnings()[0]).contains(name),
                     model.warnings()[0].c_str());
        const auto ids = torch::arange(30);
        QVERIFY(torch::equal(model.embed(ids), plain.embed(ids)));
        model.save(dir.filePath("saved").toStdString());
        QVERIFY(LvrModel::open(dir.filePath("saved").toStdString()).warnings().empty());
    }

    void anotherHeadOfATiedModelIsSaidAndLeftOut() {
        QTemporaryDir dir;
        const auto copy = copyOf("random-a", dir);
        changeConfig(copy, "tie_word_embeddings", true);
        const auto model = LvrModel::open(copy);
        QVERIFY(torch::equal(model.lmHead(), model.embed(torch::arange(model.lmHead().size(0)))));
        QCOMPARE(model.warnings().size(), 1U);
        QVERIFY2(QString::fromStdString(model.warnings()[0]).contains("tie_word_embeddings"),
                 model.warnings()[0].c_str());
    }

    void aQuantisedCheckpointIsNamedAsSuch_data() {
        QTest::addColumn<QString>("config");
        QTest::addColumn<QString>("method");
        QTest::newRow("awq") << R"({"quant_method": "awq", "bits": 4})"
                             << "awq";
        QTest::newRow("gptq") << R"({"quant_method": "gptq"})"
                              << "gptq";
        QTest::newRow("fp8") << R"({"quant_method": "fp8", "fmt": "e4m3"})"
                             << "fp8";
        QTest::newRow("bitsandbytes") << R"({"load_in_4bit": true})"
                                      << "bitsandbytes";
    }
    void aQuantisedCheckpointIsNamedAsSuch() {
        QFETCH(QString, config);
        QFETCH(QString, method);
        QTemporaryDir dir;
        const auto copy = copyOf("random-a", dir);
        changeConfig(copy, "quantization_config", nlohmann::json::parse(config.toStdString()));
        const auto compare = [&] {
            try {
                LvrModel::open(copy);
                QFAIL("opened");
            } catch (const Error& error) {
                const QString text = error.what();
                QVERIFY2(text.contains("quantised with " + method), qPrintable(text));
                QVERIFY2(text.size() < 400, qPrintable(text));
            }
        };
        compare();  // all there, in float32
        rewriteWeights(copy, {},
                       {"model.layers.0.mlp.up_proj.weight", "model.layers.0.mlp.up_proj.qweight"});
        compare();
    }

    void knownShapesAreThoseReleased() {
        const auto base = readModelConfig(folder("random-a"));
        const auto parameters = [&](const char* shape) {
            std::int64_t count = 0;
            for (const auto& [name, sizes] : tensorShapes(inShape(base, shape)))
                count += c10::multiply_integers(sizes);
            return count;
        };
        QCOMPARE(parameters("qwen2.5-vl-3b"), 3'754'622'976);
        QCOMPARE(parameters("qwen2.5-vl-7b"), 8'292'166'656);
        QCOMPARE(inShape(base, "qwen2.5-vl-7b").imageTokenId, base.imageTokenId);
        QVERIFY_THROWS_EXCEPTION(Error, inShape(base, "qwen3"));
    }

    void openingAndSavingHoldOneTensorMore_data() {
        QTest::addColumn<bool>("training");
        QTest::newRow("converted to bfloat16") << false;
        QTest::newRow("copied to be trained") << true;
    }
    // No tensor has 1 MB, the file about 90: what was read must leave memory when it is converted.
    void openingAndSavingHoldOneTensorMore() {
        QFETCH(bool, training);
        const torch::NoGradGuard off;
        QTemporaryDir dir;
        const std::filesystem::path file = dir.filePath("model").toStdString();
        auto config = readModelConfig(std::filesystem::path(LVR_RESOURCES) / "models/tiny");
        config.text.numHiddenLayers = 120;
        writeRandomModel(config, torch::kFloat32, 0, file);
        const auto stored = static_cast<double>(fs::file_size(file / "model.safetensors"));
        QVERIFY(stored > 80e6);
        const LoadOptions options{
            .dtype = training ? torch::kFloat32 : torch::kBFloat16,
            .use = training ? LoadOptions::Use::Training : LoadOptions::Use::Inference};
        malloc_trim(0);  // what earlier tests left would hide what this one takes
        forgetPeak();
        const double before = memory("VmRSS");
        const auto model = LvrModel::open(file, options);
        const double opening = memory("VmHWM") - before, opened = training ? stored : stored / 2;
        forgetPeak();
        const double held = memory("VmRSS");
        model.save(dir.filePath("saved").toStdString());
        const double saving = memory("VmHWM") - held;
        qInfo("%.0f MB opened as %.0f: %.0f MB more at most; saved with %.0f MB more", stored / 1e6,
              opened / 1e6, opening / 1e6, saving / 1e6);
        QVERIFY(opening < opened + 12e6);
        QVERIFY(saving < 12e6);
    }

    void savedModelOpensWithEqualLogits() {
        const torch::NoGradGuard off;
        QTemporaryDir dir;
        for (const auto* name : kModels) {
            const auto model = LvrModel::open(folder(name));
            const std::filesystem::path out = dir.filePath(name).toStdString();
            model.save(out);
            const auto again = LvrModel::open(out);
            const auto positions = torch::arange(9).view({1, 1, 9}).expand({3, 1, 9});
            const auto logits = [&](const LvrModel& m) {
                return m.logits(
                    m.latent(m.hidden({m.embed(torch::arange(9)).unsqueeze(0), positions})));
            };
            QVERIFY(torch::equal(logits(model), logits(again)));
        }
    }

    void aCancelledLoadIsNoError() {
        std::stop_source stop;
        stop.request_stop();
        QVERIFY_EXCEPTION_THROWN(LvrModel::open(folder("random-a"), {.stop = stop.get_token()}),
                                 Cancelled);
    }

    void plainQwenFolderGetsItsLvrTokens() {
        QTemporaryDir dir;
        const auto copy = copyOf("random-a", dir);
        auto config = golden::ownJson("models/random-a/config.json");
        for (const auto* key : {"lvr_id", "lvr_start_id", "lvr_end_id", "lvr_latent_end_id",
                                "lvr_head", "lvr_head_type", "latent_end_token"})
            config.erase(key);
        std::filesystem::permissions(copy / "config.json", std::filesystem::perms::owner_all);
        std::ofstream(copy / "config.json") << config;
        QCOMPARE(LvrCheckpoint::open(copy.string()).rules.tokens.start, std::int64_t{1778});
    }

    void unknownDevicesAndTypesAreRefused() {
        QVERIFY(parseDevice("cpu") == torch::Device(torch::kCPU));
        QVERIFY_EXCEPTION_THROWN(parseDevice("tpu"), Error);
        QVERIFY_EXCEPTION_THROWN(parseDtype("int8"), Error);
        if (!torch::cuda::is_available()) QVERIFY_EXCEPTION_THROWN(parseDevice("cuda:7"), Error);
    }

private:
    static void checkCase(const LvrCheckpoint& checkpoint, const nlohmann::json& c,
                          const golden::Tensors& expected, const Pixels& pixels, Worst& worst) {
        const auto key = c["case"].get<std::string>() + "/";
        const auto& model = checkpoint.model;
        const auto prompt = rawPrompt(checkpoint.tokenizer, pixels.grids, c["prompt"]);
        QVERIFY(torch::equal(ids(prompt), expected[key + "input_ids"]));
        const auto positions = ropeIndex(prompt, pixels.grids, model.config());
        QVERIFY(torch::equal(positions.ids, expected[key + "position_ids"]));
        QCOMPARE(positions.next,
                 std::ssize(prompt) + expected[key + "rope_deltas"].item<std::int64_t>());

        VisualTokens visual;
        VisionProbe probe;
        if (!pixels.grids.empty()) {
            visual = model.visualTokens(pixels, &probe);
            worst.see("visual tokens",
                      golden::difference(visual.tokens, expected[key + "visual_tokens"]));
        }
        checkVision(key, probe, model, pixels, expected, worst);
        const auto sequence = model.sequence(prompt, visual, positions.ids);
        std::vector<torch::Tensor> layers;
        const auto hidden = model.hidden(sequence, {.layerOutputs = &layers});
        worst.see("final hidden", golden::difference(hidden[0], expected[key + "final_hidden"]));
        if (expected.has(key + "embeds"))
            worst.see("embeddings",
                      golden::difference(sequence.embeddings[0], expected[key + "embeds"]));
        for (std::size_t i = 0; i < layers.size(); ++i)
            if (const auto layer = key + "layer" + std::to_string(i); expected.has(layer))
                worst.see("layers", golden::difference(layers[i][0], expected[layer]));
        const auto logits = model.logits(hidden[0]);
        if (expected.has(key + "logits"))
            worst.see("logits", golden::difference(logits, expected[key + "logits"]));
        if (expected.has(key + "logits_last4"))
            worst.see("logits", golden::difference(logits.narrow(0, logits.size(0) - 4, 4),
                                                   expected[key + "logits_last4"]));
        QCOMPARE(logits[-1].argmax().item<std::int64_t>(), c["argmax_last"].get<std::int64_t>());
    }

    static void checkVision(const std::string& key, const VisionProbe& probe, const LvrModel& model,
                            const Pixels& pixels, const golden::Tensors& expected, Worst& worst) {
        if (!expected.has(key + "vision_window_index")) return;
        const auto layout = windowLayout(pixels.gridThw, model.config().vision);
        QVERIFY(torch::equal(ids(layout.tokenOrder),
                             expected[key + "vision_window_index"].to(torch::kInt64)));
        std::vector<std::int64_t> cumulative{0};
        for (const auto length : layout.windowLengths)
            cumulative.push_back(cumulative.back() + length);
        QVERIFY(torch::equal(ids(cumulative),
                             expected[key + "vision_cu_window_seqlens"].to(torch::kInt64)));
        worst.see("patch embedding",
                  golden::difference(probe.patchEmbed, expected[key + "vision_patch_embed"]));
        for (std::size_t i = 0; i < probe.blocks.size(); ++i)
            worst.see("vision blocks",
                      golden::difference(probe.blocks[i],
                                         expected[key + "vision_block" + std::to_string(i)]));
    }
};

QTEST_GUILESS_MAIN(ModelTest)
#include "model_test.moc"
