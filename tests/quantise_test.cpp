// Weights as integers: what they stand for, the folder they lie in, what it answers, and where it
// is refused.

#include <QTemporaryDir>
#include <filesystem>
#include <numeric>
#include <random>
#include <span>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/kernels/targets.h"
#include "core/model/linear.h"
#include "core/model/lvr_checkpoint.h"
#include "core/model/placement.h"
#include "core/model/quantise_checkpoint.h"
#include "core/model/quantised_weight.h"
#include "core/model/random_model.h"
#include "core/torch.h"
#include "tests/support/program.h"

using namespace lvr;
using program::compareFailure;
namespace fs = std::filesystem;

namespace {

const QString kTiny = QString(LVR_RESOURCES) + "/models/tiny";
const std::string kQuery = "model.layers.0.self_attn.q_proj.weight";
const std::string kShared = "model.embed_tokens.weight";

torch::Tensor someWeights(std::int64_t out, std::int64_t in) {
    auto random = at::make_generator<at::CPUGeneratorImpl>(7);
    auto weights = torch::randn({out, in}, random) * 0.02;
    weights[0].fill_(0);
    weights[1][3] = 1.5;  // far from the others of its group
    return weights;
}

// As core/kernels/weight_matrix.h says it, number by number.
torch::Tensor readSlowly(const Weight& weight) {
    const auto out = weight.out(), in = weight.in(), group = in / weight.scales.size(1);
    auto wide = torch::empty({out, in});
    for (std::int64_t o = 0; o < out; ++o)
        for (std::int64_t i = 0; i < in; ++i) {
            const auto block = i / 32, at = i % 32;
            int q = 0;
            if (weight.values.scalar_type() == torch::kInt8) {
                q = weight.values[o][i].item<int>();
            } else {
                const int byte = weight.values[o][block * 16 + at % 16].item<int>();
                q = (at < 16 ? byte & 15 : byte >> 4) - 8;
            }
            wide[o][i] = static_cast<float>(q) * weight.scales[o][i / group].item<float>();
        }
    return wide;
}

double squared(const torch::Tensor& x) { return x.square().sum().item<double>(); }

// What is nearest to each weight at a scale for the group's largest: 7 levels to each side.
torch::Tensor byTheLargest(const torch::Tensor& weights, std::int64_t group) {
    const auto groups = weights.view({weights.size(0), -1, group});
    const auto scale = groups.abs().amax(-1, true).clamp_min(1e-20) / 7;
    return ((groups / scale).round().clamp(-8, 7) * scale).view(weights.sizes());
}

float plainLevel(float weight, float scale) {
    return scale == 0 ? 0 : std::clamp(std::nearbyint(weight * (1 / scale)), -8.0F, 7.0F);
}

float plainError(std::span<const float> weights, float scale) {
    float sums[8] = {};
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const float off = weights[i] - scale * plainLevel(weights[i], scale);
        sums[i % 8] += off * off;
    }
    return std::accumulate(std::begin(sums), std::end(sums), 0.0F);
}

float inBfloat16(float scale) {
    const auto stored = static_cast<float>(c10::BFloat16(scale));
    return std::abs(stored) < 1e-35F ? 0 : stored;
}

// The best of some fractions of the largest weight, either sign, and of what fits the integers of
// that one best.
float plainScale(std::span<const float> weights, int bits) {
    float largest = 0;
    for (const float weight : weights) largest = std::max(largest, std::abs(weight));
    if (bits == 8) return inBfloat16(largest / 127);
    float best = 0, least = plainError(weights, 0);
    const auto tryOut = [&](float scale) {
        const float error = plainError(weights, inBfloat16(scale));
        if (error < least) best = inBfloat16(scale), least = error;
    };
    for (const float levels : {8.0F, 7.5F, 7.0F, 6.5F, 6.0F})
        for (const float sign : {1.0F, -1.0F}) tryOut(sign * largest / levels);
    float product = 0, square = 0;
    for (const float weight : weights) {
        product += weight * plainLevel(weight, best);
        square += plainLevel(weight, best) * plainLevel(weight, best);
    }
    tryOut(square == 0 ? 0 : product / square);
    return best;
}

void rewrite(const fs::path& folder,
             const std::function<void(std::vector<TensorBytes>& tensors)>& change) {
    const auto file = folder / "model.safetensors";
    const auto opened = SafetensorsFile::open(file);
    std::vector<TensorBytes> tensors;
    for (const auto& [name, view] : opened.tensors())
        tensors.push_back({name, view.dtype, view.shape, view.data});
    change(tensors);
    writeSafetensors(file, tensors);
}

TensorBytes& named(std::vector<TensorBytes>& tensors, const std::string& name) {
    return *std::find_if(tensors.begin(), tensors.end(),
                         [&](const auto& tensor) { return tensor.name == name; });
}

void changeQuantisation(const QString& folder, const QString& field, const QJsonValue& value) {
    QFile file(folder + "/config.json");
    QVERIFY(file.open(QIODevice::ReadWrite));
    auto config = QJsonDocument::fromJson(file.readAll()).object();
    auto said = config["quantization_config"].toObject();
    said[field] = value;
    config["quantization_config"] = said;
    file.resize(0);
    file.write(QJsonDocument(config).toJson());
}

}  // namespace

class QuantiseTest : public QObject {
    Q_OBJECT

    const QTemporaryDir dir_;
    QString made(int bits) const { return dir_.filePath(QString("int%1").arg(bits)); }
    QString copyOfMade() const {
        static int count = 0;
        const auto copy = dir_.filePath(QString("copy%1").arg(++count));
        fs::copy(made(4).toStdString(), copy.toStdString());
        return copy;
    }

private Q_SLOTS:
    void initTestCase() {
        torch::manual_seed(1);
        for (const int bits : {8, 4})
            quantiseCheckpoint(kTiny.toStdString(), {bits, 32}, made(bits).toStdString(),
                               {.command = "lvr test"});
    }

    void integersStandForTheWeights_data() {
        QTest::addColumn<int>("bits");
        QTest::addColumn<int>("group");
        for (const int bits : {8, 4})
            for (const int group : {32, 64, 128})
                QTest::addRow("int%d, groups of %d", bits, group) << bits << group;
    }
    void integersStandForTheWeights() {
        QFETCH(int, bits);
        QFETCH(int, group);
        const auto weights = someWeights(6, 256);
        const auto made = quantise(weights, bits, group);
        QCOMPARE(made.in(), 256);
        QCOMPARE(made.scales.sizes(), (at::IntArrayRef{6, 256 / group}));
        const auto wide = dequantised(made);
        QVERIFY(torch::equal(wide, readSlowly(made)));
        QVERIFY(torch::equal(wide[0], torch::zeros(256)));
        const auto off = squared(weights - wide);
        if (bits == 4) {
            QVERIFY2(off < squared(weights - byTheLargest(weights, group)),
                     qPrintable(QString::number(off)));
        } else {
            const auto steps = made.scales.to(torch::kFloat32).repeat_interleave(group, 1);
            const auto most = ((weights - wide).abs() / steps.clamp_min(1e-20)).max();
            QVERIFY2(most.item<double>() <= 0.76, qPrintable(QString::number(most.item<double>())));
            QVERIFY(off < 1e-3 * squared(weights));  // most of it beside the one far weight
        }
    }

    // What kernels search for many groups at once, one group after the other and number by number;
    // sums have the same order, so that the bits are the same.
    void scalesAreThoseOfAPlainSearch_data() { integersStandForTheWeights_data(); }
    void scalesAreThoseOfAPlainSearch() {
        QFETCH(int, bits);
        QFETCH(int, group);
        auto weights = torch::cat({someWeights(6, 11 * group), 1e-37 * someWeights(2, 11 * group),
                                   1e30 * someWeights(2, 11 * group)});
        const auto made = quantise(weights, bits, group);
        const auto groups = weights.view({-1, group});
        const auto scales = made.scales.view({-1});
        for (std::int64_t g = 0; g < groups.size(0); ++g) {
            const std::span row(groups[g].const_data_ptr<float>(), static_cast<std::size_t>(group));
            QVERIFY(scales[g].item<float>() == plainScale(row, bits));
        }
    }

    void weightsBecomeTheSameOnEveryCpu_data() { integersStandForTheWeights_data(); }
    void weightsBecomeTheSameOnEveryCpu() {
        QFETCH(int, bits);
        QFETCH(int, group);
        const auto weights = someWeights(6, 11 * group);
        const auto best = quantise(weights, bits, group);
        for (const auto target : hwy::SupportedAndGeneratedTargets()) {
            hwy::SetSupportedTargetsForTest(target);
            hwy::GetChosenTarget().Update(hwy::SupportedTargets());
            const auto here = quantise(weights, bits, group);
            hwy::SetSupportedTargetsForTest(0);
            hwy::GetChosenTarget().Update(hwy::SupportedTargets());
            QVERIFY(torch::equal(here.scales, best.scales));
            QVERIFY(torch::equal(here.values, best.values));
        }
    }

    void exactMultiplesStayExact() {
        auto weights = torch::empty({1, 32});
        for (int i = 0; i < 32; ++i) weights[0][i] = 0.25 * (i % 16 - 8);  // -2 to 1.75
        QVERIFY(torch::equal(dequantised(quantise(weights, 4, 32)), weights));
        QVERIFY(torch::equal(dequantised(quantise(-weights, 4, 32)), -weights));
    }

    void productsAreThoseOfWhatTheIntegersStandFor_data() { integersStandForTheWeights_data(); }
    void productsAreThoseOfWhatTheIntegersStandFor() {
        QFETCH(int, bits);
        QFETCH(int, group);
        const torch::NoGradGuard off;
        const auto weight = quantise(someWeights(40, 256), bits, group);
        for (const int rows : {1, 3, 40}) {
            const auto x = torch::randn({rows, 256});
            const auto wanted = torch::matmul(x, readSlowly(weight).t());
            const auto most = (product(x, weight) - wanted).abs().max().item<double>();
            QVERIFY2(most < 1e-5, qPrintable(QString::number(most)));
        }
    }

    void aWeightThatIsNoNumberIsNamed() {
        const auto folder = dir_.filePath("nan");
        fs::copy(kTiny.toStdString(), folder.toStdString());
        std::vector<float> broken(128 * 128, 1.0F);
        broken[5] = NAN;
        rewrite(folder.toStdString(),
                [&](auto& tensors) { named(tensors, kQuery).data = broken.data(); });
        const auto out = dir_.filePath("nan4");
        compareFailure(program::lvr({"model", "quantize", folder, "--to", "int4", "--out", out}), 1,
                       QString::fromStdString(kQuery) + " can't be quantised");
        QVERIFY(!fs::exists(out.toStdString()));
    }

    void onlyLinearsOfTheLanguageModelBecomeIntegers() {
        const auto before = SafetensorsFile::open(kTiny.toStdString() + "/model.safetensors"),
                   after = SafetensorsFile::open(made(4).toStdString() + "/model.safetensors");
        int integers = 0;
        for (const auto& [name, view] : after.tensors()) {
            const bool isScale = name.ends_with("_scale");
            if (view.dtype == DType::U8 || view.dtype == DType::I8) {
                ++integers;
                QVERIFY(name == kShared || name.starts_with("model.layers."));
                QCOMPARE(view.dtype, name == kShared ? DType::I8 : DType::U8);
                QVERIFY(after.tensors().contains(name + "_scale"));
            } else if (!isScale) {
                const auto& old = before.tensors().at(name);
                QCOMPARE(view.dtype, old.dtype);
                QVERIFY(std::equal(view.data, view.data + view.size, old.data));
            } else {
                QCOMPARE(view.dtype, DType::BF16);
            }
        }
        QCOMPARE(integers, 4 * 6 + 1);  // down_proj has 344 inputs, which 32 doesn't divide
    }

    void theFolderIsAWholeCheckpoint() {
        const auto before = LvrCheckpoint::open(kTiny.toStdString()),
                   after = LvrCheckpoint::open(made(8).toStdString());
        QVERIFY(after.warnings.empty());
        QCOMPARE(after.model.activations(), torch::kFloat32);
        QCOMPARE(after.rules.tokens, before.rules.tokens);
        QCOMPARE(after.provenance->defaultExit, before.provenance->defaultExit);
        QVERIFY(after.provenance->command.ends_with("\nlvr test"));
        QVERIFY(readQuantisation(made(8).toStdString()) == (Quantisation{8, 32}));
        QVERIFY(!torch::equal(after.model.lmHead(), before.model.lmHead()));
        QVERIFY(torch::allclose(after.model.lmHead(), before.model.lmHead(), 0.01, 0.01));
    }

    // The embeddings of a tied model are its head: one matrix, of whose integers rows are read.
    // Those of another model stay as they are. Both become smaller.
    void aTiedModelKeepsOneMatrix_data() {
        QTest::addColumn<bool>("isTied");
        QTest::newRow("tied") << true;
        QTest::newRow("untied") << false;
    }
    void aTiedModelKeepsOneMatrix() {
        QFETCH(bool, isTied);
        const auto folder = dir_.filePath(isTied ? "tied" : "untied").toStdString();
        const auto out = folder + "8";
        fs::copy(kTiny.toStdString(), folder);
        for (const char* file : {"/model.safetensors", "/config.json"}) fs::remove(folder + file);
        auto config = readModelConfig(kTiny.toStdString());
        config.text.tieWordEmbeddings = isTied;
        writeRandomModel(config, torch::kBFloat16, 1, folder);
        const auto report = quantiseCheckpoint(folder, {8, 32}, out, {});
        QVERIFY2(report.bytesAfter < 0.8 * report.bytesBefore,
                 qPrintable(QString::number(report.bytesAfter / report.bytesBefore)));
        const auto file = SafetensorsFile::open(out + "/model.safetensors");
        QCOMPARE(file.tensors().contains("lm_head.weight"), !isTied);
        QCOMPARE(file.tensors().at(kShared).dtype, isTied ? DType::I8 : DType::BF16);
        const auto before = LvrModel::open(folder), after = LvrModel::open(out);
        const auto ids = torch::tensor({{3, 450}, {0, 3}});
        const auto wanted = isTied ? after.lmHead().index_select(0, ids.flatten()).view({2, 2, -1})
                                   : before.embed(ids);
        QVERIFY(torch::equal(after.embed(ids), wanted));
        QVERIFY(torch::allclose(after.lmHead(), before.lmHead(), 0.01, 0.001));
    }

    void itSaysWhatItIs() {
        const auto info = program::lvr({"model", "info", made(4)});
        QCOMPARE(info.code, 0);
        QVERIFY2(info.out.contains("parameters      1318560 in"), qPrintable(info.out));
        QVERIFY2(info.out.contains("int4, groups of 32"), qPrintable(info.out));
        const auto here = placeHere({}, made(4).toStdString());
        QCOMPARE(here.device, torch::Device(torch::kCPU));
        QCOMPARE(toText(here), std::string("float32 on cpu from int4 weights"));
    }

    void aGpuIsNotChosenForIntegers() {
        const ModelSize model{.parameters = 10, .quantised = Quantisation{4, 32}};
        const Machine machine{.gpus = {{.freeBytes = 1LL << 40}}};
        QCOMPARE(place({}, model, machine).device, torch::Device(torch::kCPU));
        QVERIFY(!lacksRoom({}, model, machine));
    }

    // A bound each for what was measured on the shipped model: 2e-6 and 4e-4 nats.
    void predictionsStayClose_data() {
        QTest::addColumn<int>("bits");
        QTest::addColumn<double>("mostNats");
        QTest::newRow("int8") << 8 << 1e-5;
        QTest::newRow("int4") << 4 << 2e-3;
    }
    void predictionsStayClose() {
        QFETCH(int, bits);
        QFETCH(double, mostNats);
        const auto result = program::lvr({"model", "compare", kTiny, made(bits), "--records", "12",
                                          "--questions", "16", "--json"});
        QCOMPARE(result.code, 0);
        const auto json = program::jsonOf(result).object();
        QVERIFY2(json["kl"].toDouble() > 0 && json["kl"].toDouble() < mostNats,
                 qPrintable(result.out));
        QVERIFY2(json["same_top"].toDouble() >= 0.99, qPrintable(result.out));
        const auto scenes = json["scenes"].toObject();
        QVERIFY(scenes["first_right"].toInt() >= 15);
        QVERIFY2(scenes["second_right"].toInt() >= scenes["first_right"].toInt() - 1,
                 qPrintable(result.out));
    }

    void itIsRefusedWhereItCannotServe_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("says");
        const auto out = dir_.filePath("out"), model = made(4);
        QTest::newRow("sft") << QStringList{"sft", "--model", model, "--data", model, "--out", out}
                             << "can't be trained";
        QTest::newRow("lora") << QStringList{"sft", "--model", model, "--lora-rank", "4", "--data",
                                             model, "--out",   out}
                              << "can't be trained";
        QTest::newRow("grpo") << QStringList{"grpo", "--model", model, "--data",
                                             model,  "--out",   out}
                              << "can't be trained";
        QTest::newRow("again") << QStringList{"model", "quantize", model, "--out", out}
                               << "is quantised already (int4, groups of 32)";
        QTest::newRow("in place") << QStringList{"model", "quantize", kTiny, "--out", kTiny}
                                  << "is the checkpoint itself";
        QTest::newRow("over another") << QStringList{"model", "quantize", kTiny, "--out", made(8)}
                                      << "holds a checkpoint already";
        QTest::newRow("dtype") << QStringList{"ask",      "--model",    model, "--dtype",
                                              "bfloat16", "--question", "x"}
                               << "--dtype bfloat16 can't be had";
        QTest::newRow("large groups")
            << QStringList{"model", "quantize", kTiny, "--group", "256", "--out", out}
            << "divide the inputs of no Linear";
    }
    void itIsRefusedWhereItCannotServe() {
        QFETCH(QStringList, arguments);
        QFETCH(QString, says);
        compareFailure(program::lvr(arguments), 1, says);
        QVERIFY(!fs::exists(dir_.filePath("out").toStdString()));
    }

    void anAdapterOfItIsRefused() {
        const auto adapter = dir_.filePath("adapter");
        fs::create_directories(adapter.toStdString());
        QFile config(adapter + "/adapter_config.json");
        QVERIFY(config.open(QIODevice::WriteOnly));
        config.write(QJsonDocument(QJsonObject{{"peft_type", "LORA"},
                                               {"base_model_name_or_path", made(4)},
                                               {"r", 2},
                                               {"lora_alpha", 4},
                                               {"target_modules", QJsonArray{"q_proj"}}})
                         .toJson());
        config.close();
        compareFailure(program::lvr({"model", "merge", adapter, "--out", dir_.filePath("merged")}),
                       1, "whose weights are integers");
    }

    void aBrokenFolderIsNamed_data() {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("says");
        QTest::newRow("no scales") << "no scales"
                                   << "q_proj.weight_scale";
        QTest::newRow("scales of other groups") << "other groups"
                                                << "should be";
        QTest::newRow("no integers") << "floats"
                                     << "is of type F32";
        QTest::newRow("bits") << "bits"
                              << "'quantization_config.bits' is 3";
        QTest::newRow("group") << "group"
                               << "'quantization_config.group_size' is 48";
        QTest::newRow("field") << "field"
                               << "zero_point";
    }
    void aBrokenFolderIsNamed() {
        QFETCH(QString, what);
        QFETCH(QString, says);
        const auto folder = copyOfMade();
        const std::vector<float> zeros(128 * 64);
        rewrite(folder.toStdString(), [&](auto& tensors) {
            if (what == "no scales")
                std::erase_if(tensors, [](auto& t) { return t.name == kQuery + "_scale"; });
            if (what == "other groups") named(tensors, kQuery + "_scale").shape = {64, 8};
            if (what == "floats")
                named(tensors, kQuery) = {kQuery, DType::F32, {128, 64}, zeros.data()};
        });
        if (what == "bits") changeQuantisation(folder, "bits", 3);
        if (what == "group") changeQuantisation(folder, "group_size", 48);
        if (what == "field") changeQuantisation(folder, "zero_point", true);
        compareFailure(program::lvr({"model", "info", folder}), 1, says);
    }
};

QTEST_GUILESS_MAIN(QuantiseTest)
#include "quantise_test.moc"
