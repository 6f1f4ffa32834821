// Qwen3-VL against transformers' own numbers (tests/goldens/qwen3vl/README.md).

#include <QCryptographicHash>
#include <QtTest>
#include <set>

#include "core/decode/decoder.h"
#include "core/error.h"
#include "core/model/lvr_checkpoint.h"
#include "core/model/positions.h"
#include "core/text/chat_template.h"
#include "core/torch.h"
#include "core/vision/image_file.h"
#include "tests/support/decoding.h"

using namespace lvr;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

const std::string kSet = "qwen3vl/";

Json cases(const std::string& name) { return golden::json(kSet + name + ".json"); }
golden::Tensors tensors(const std::string& name) {
    return golden::Tensors(kSet + name + ".safetensors");
}
std::vector<std::string> models() { return golden::modelsOf("forward_", kSet); }
// name: as the files have it, "models/a"
std::string folder(const std::string& name) { return golden::path(kSet + name).string(); }

torch::Tensor asTensor(const std::vector<std::int64_t>& ids) {
    return torch::tensor(ids, torch::kInt64);
}

PreprocessConfig limited(const Json& row) {
    auto config = PreprocessConfig::of(qwen3Vl());
    config.minPixels = row["shortest_edge"];
    config.maxPixels = row["longest_edge"];
    return config;
}

std::string hashOf(const Image& image) {
    const QByteArray bytes(reinterpret_cast<const char*>(image.rgb.data()),
                           static_cast<qsizetype>(image.rgb.size()));
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex().toStdString();
}

std::string textOf(const Json& content) {
    if (content.is_string()) return content;
    std::string text;
    for (const auto& part : content)
        text += part["type"] == "image" ? "<image>" : part["text"].get<std::string>();
    return text;
}

// The largest difference of each kind.
struct Worst {
    std::map<std::string, double> values;
    void see(const std::string& what, const torch::Tensor& got, const torch::Tensor& expected) {
        values[what] = std::max(values[what], golden::difference(got, expected));
    }
};

}  // namespace

class Qwen3VlTest : public QObject {
    Q_OBJECT

    golden::Tensors images_ = tensors("preprocess");
    Json preprocess_ = cases("preprocess");

    Pixels pixelsOf(const Json& names) const { return golden::pixels(images_, preprocess_, names); }

private Q_SLOTS:
    void idsAndTextEqualTransformers() {
        const auto all = cases("tokenizer_cases");
        for (const auto& [model, one] : all.items()) {
            const auto tokenizer = Tokenizer::open(folder("models/" + model));
            for (const auto& c : one["encode"]) {
                const auto ids = tokenizer.encode(c["text"].get<std::string>());
                QVERIFY2(ids == c["ids"].get<std::vector<std::int64_t>>(), c.dump().c_str());
                QCOMPARE(tokenizer.decode(ids), c["decoded"].get<std::string>());
                QCOMPARE(tokenizer.decode(ids, SkipSpecial::Yes),
                         c["decoded_skip_special"].get<std::string>());
            }
        }
        QVERIFY(!all.empty());
    }

    void questionsArePutAsTheFoldersTemplatePutsThem() {
        int compared = 0;
        const auto all = cases("tokenizer_cases");
        for (const auto& [model, one] : all.items()) {
            const auto seen = lookAtTemplate(folder("models/" + model));
            QVERIFY(!seen.foreign);
            const auto tokenizer = Tokenizer::open(folder("models/" + model));
            for (const auto& c : one["chat"]) {
                const auto& messages = c["messages"];
                const bool hasSystem = messages[0]["role"] == "system";
                if (messages.size() != (hasSystem ? 2U : 1U)) continue;  // one turn is asked here
                const auto question = textOf(messages.back()["content"]);
                const std::vector<PatchGrid> grids(
                    QString::fromStdString(question).count("<image>"), PatchGrid{1, 1});
                QCOMPARE(chatPrompt(tokenizer, grids, question,
                                    hasSystem ? textOf(messages[0]["content"]) : "", seen.style),
                         tokenizer.encode(c["text"].get<std::string>()));
                ++compared;
            }
        }
        QVERIFY(compared > 0);
    }

    void sizesEqualTransformers() {
        for (const auto* list : {"smart_resize", "cases"})
            for (const auto& row : preprocess_[list]) {
                const auto wh = row.value("rgb_size_wh", Json());
                const Size size =
                    wh.is_array() ? Size{wh[1], wh[0]} : Size{row["hw"][0], row["hw"][1]};
                if (!row.contains("resized_hw")) {  // too long
                    QVERIFY_EXCEPTION_THROWN(smartResize(size, limited(row)), Error);
                    continue;
                }
                const Size wanted{row["resized_hw"][0], row["resized_hw"][1]};
                QVERIFY2(smartResize(size, limited(row)) == wanted, row.dump().c_str());
            }
    }

    void pixelValuesEqualTransformers() {
        int compared = 0;
        for (const auto& row : preprocess_["cases"]) {
            const auto image = readImage(golden::path(kSet + row["rgb"].get<std::string>()));
            QCOMPARE(hashOf(image), row["rgb_sha256"].get<std::string>());
            const auto config = limited(row);
            const Size size{row["resized_hw"][0], row["resized_hw"][1]};
            QVERIFY2(hashOf(resizeBicubic(image, size)) == row["resized_sha256"],
                     row.dump().c_str());
            if (!row["tensor"].is_string()) continue;
            const auto pixels = preprocess({image}, config);
            const auto expected = images_[row["tensor"]];
            QVERIFY(pixels.gridThw.front() == (row["grid_thw"].get<std::array<std::int64_t, 3>>()));
            QCOMPARE(golden::difference(torch::from_blob(const_cast<float*>(pixels.values.data()),
                                                         expected.sizes()),
                                        expected),
                     0.0);
            ++compared;
        }
        QVERIFY(compared > 0);
    }

    void forwardEqualsTransformers_data() {
        QTest::addColumn<QString>("model");
        for (const auto& model : models())
            QTest::newRow(model.c_str()) << QString::fromStdString(model);
    }
    void forwardEqualsTransformers() {
        QFETCH(QString, model);
        const torch::NoGradGuard off;
        const auto name = model.toStdString();
        const auto checkpoint = LvrCheckpoint::open(folder("models/" + name));
        QCOMPARE(checkpoint.model.config().backbone, &qwen3Vl());
        const auto all = cases("forward_" + name);
        const auto expected = tensors("forward_" + name);
        QVERIFY(!all["cases"].empty());
        Worst worst;
        for (const auto& c : all["cases"]) checkCase(checkpoint, c, expected, worst);
        for (const auto& [what, value] : worst.values)
            qInfo("%s: %s within %.1e", name.c_str(), what.c_str(), value);
        const std::set<std::string> onTheWay{"layers", "vision blocks"};  // larger numbers
        for (const auto& [what, value] : worst.values)
            QVERIFY2(value <= (what == "logits"          ? 1e-4
                               : onTheWay.contains(what) ? 5e-5
                                                         : 2e-5),
                     what.c_str());
    }

    void plainDecodingEqualsTransformers() {
        const auto all = cases("decode_plain");
        QVERIFY(!all["cases"].empty());
        for (const auto& c : all["cases"]) {
            auto checkpoint = LvrCheckpoint::open(folder(c["model"]));
            DecodeOptions options{.exit = NoLatents{}, .maxNewTokens = c["max_new_tokens"]};
            options.sampling.repetitionPenalty = c["repetition_penalty"];
            checkpoint.rules.stopIds = c["eos"].get<std::vector<std::int64_t>>();
            const auto prompt =
                decoding::makePrompt(checkpoint, c["prompt"], pixelsOf(c["pixel_values"]));
            const auto row =
                decodeRows(checkpoint.model, {prompt}, checkpoint.rules, options).front();
            QVERIFY2(row.ids == c["new_ids"].get<std::vector<std::int64_t>>(),
                     c["key"].get<std::string>().c_str());
        }
    }

    void latentDecodingEqualsTheReference() {
        const auto all = cases("decode_latent");
        const auto expected = tensors("decode_latent");
        QVERIFY(!all["cases"].empty());
        for (const auto& c : all["cases"]) checkLatents(c, expected);
    }

private:
    void checkCase(const LvrCheckpoint& checkpoint, const Json& c, const golden::Tensors& expected,
                   Worst& worst) const {
        const auto key = c["case"].get<std::string>() + "/";
        const auto& model = checkpoint.model;
        const auto pixels = pixelsOf(c["pixel_values"]);
        const auto prompt = rawPrompt(checkpoint.tokenizer, pixels.grids, c["prompt"]);
        QVERIFY(torch::equal(asTensor(prompt), expected[key + "input_ids"]));
        const auto positions = ropeIndex(prompt, pixels.grids, model.config());
        QVERIFY(torch::equal(positions.ids, expected[key + "position_ids"]));
        QCOMPARE(positions.next,
                 std::ssize(prompt) + expected[key + "rope_deltas"].item<std::int64_t>());

        VisualTokens visual;
        VisionProbe probe;
        if (!pixels.grids.empty()) {
            visual = model.visualTokens(pixels, &probe);
            worst.see("visual tokens", visual.tokens, expected[key + "visual_tokens"]);
            const auto features = visual.deepstack.defined() ? visual.deepstack.size(0) : 0;
            QVERIFY(!expected.has(key + "deepstack" + std::to_string(features)));
            for (std::int64_t k = 0; k < features; ++k)
                worst.see("DeepStack", visual.deepstack[k],
                          expected[key + "deepstack" + std::to_string(k)]);
        }
        if (expected.has(key + "vision_patch_embed")) checkVision(key, probe, expected, worst);
        const auto sequence = model.sequence(prompt, visual, positions.ids);
        if (expected.has(key + "embeds"))
            worst.see("embeddings", sequence.embeddings[0], expected[key + "embeds"]);
        std::vector<torch::Tensor> layers;
        const auto hidden = model.hidden(sequence, {.layerOutputs = &layers})[0];
        worst.see("final hidden", hidden, expected[key + "final_hidden"]);
        for (std::size_t i = 0; i < layers.size(); ++i) {
            const auto layer = key + "layer" + std::to_string(i);
            if (expected.has(layer))
                worst.see("layers", layers[i][0],
                          expected[expected.has(layer + "_plus") ? layer + "_plus" : layer]);
        }
        checkLogits(key, model.logits(hidden), c, expected, worst);
    }

    static void checkVision(const std::string& key, const VisionProbe& probe,
                            const golden::Tensors& expected, Worst& worst) {
        worst.see("patch embedding", probe.patchEmbed, expected[key + "vision_patch_embed"]);
        worst.see("positions", probe.positions, expected[key + "vision_pos_embed"]);
        QVERIFY(!probe.blocks.empty());
        for (std::size_t i = 0; i < probe.blocks.size(); ++i)
            worst.see("vision blocks", probe.blocks[i],
                      expected[key + "vision_block" + std::to_string(i)]);
    }

    static void checkLogits(const std::string& key, const torch::Tensor& logits, const Json& c,
                            const golden::Tensors& expected, Worst& worst) {
        if (expected.has(key + "logits")) worst.see("logits", logits, expected[key + "logits"]);
        if (expected.has(key + "logits_last4"))
            worst.see("logits", logits.narrow(0, logits.size(0) - 4, 4),
                      expected[key + "logits_last4"]);
        worst.see("logits", logits.gather(1, expected[key + "top5_ids"]),
                  expected[key + "top5_logits"]);
        QCOMPARE(logits[-1].argmax().item<std::int64_t>(), c["argmax_last"].get<std::int64_t>());
    }

    void checkLatents(const Json& c, const golden::Tensors& expected) const {
        const auto key = c["key"].get<std::string>();
        auto checkpoint = decoding::writableFrom(folder(c["model"]), c);
        const torch::NoGradGuard off;
        const bool tied = checkpoint.model.config().text.tieWordEmbeddings;
        for (const auto& row : c.value("replaced_rows", Json::array()))
            decoding::parameter(checkpoint.model,
                                tied ? "model.embed_tokens.weight"
                                     : "lm_head.weight")[row["row"].get<std::int64_t>()]
                .copy_(expected[row["values"]]);
        checkpoint.rules.tokens.start = c["start_id"];
        checkpoint.rules.stopIds = c["eos"].get<std::vector<std::int64_t>>();
        const DecodeOptions options{.exit = FixedSteps{c["latent_steps"].get<int>()},
                                    .maxNewTokens = c["max_passes"]};
        const auto prompt =
            decoding::makePrompt(checkpoint, c["prompt"], pixelsOf(c["pixel_values"]));
        const auto row = decodeRows(checkpoint.model, {prompt}, checkpoint.rules, options).front();
        const auto ids = c["new_ids"].get<std::vector<std::int64_t>>();
        const std::size_t count = c["first_fragile"].is_null()
                                      ? ids.size()
                                      : std::min<std::size_t>(ids.size(), c["first_fragile"]);
        QVERIFY2(row.ids.size() >= count, key.c_str());
        for (std::size_t i = 0; i < count; ++i) {
            QVERIFY2(row.ids[i] == ids[i], (key + " at " + std::to_string(i)).c_str());
            const bool isFed = i + 1 < c["steps"].size() && c["steps"][i + 1]["fed"] == "latent";
            if (i + 1 < c["steps"].size())
                QVERIFY2(row.isLatent[i] == isFed, (key + " at " + std::to_string(i)).c_str());
        }
        const auto latents = expected[key + "/latents"];
        QVERIFY2(row.latents.size(0) >= latents.size(0), key.c_str());
        const double difference =
            golden::difference(row.latents.narrow(0, 0, latents.size(0)), latents);
        const double allowed = std::max(10 * c["eager_vs_sdpa_max"].get<double>(), 2e-5);
        QVERIFY2(difference <= allowed, (key + ": " + std::to_string(difference)).c_str());
    }
};

QTEST_GUILESS_MAIN(Qwen3VlTest)
#include "qwen3vl_test.moc"
