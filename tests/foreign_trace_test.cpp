// Traces that a loop of somebody's own recorded: what may be left out, what is refused, what their
// versions mean, and that the recorder in resources/python writes them.

#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "core/error.h"
#include "core/eval/answer.h"
#include "core/files/safetensors.h"
#include "core/trace/heat.h"
#include "core/trace/step_curves.h"
#include "core/trace/trace_csv.h"
#include "core/trace/trace_file.h"
#include "core/trace/trace_json.h"
#include "core/values/liveness.h"
#include "tests/support/text_files.h"

using namespace lvr;
namespace fs = std::filesystem;
using Json = nlohmann::json;
using Shape = std::vector<std::int64_t>;

namespace {

struct NamedFloats {
    std::string name;
    Shape shape;
    std::vector<float> values;
};
NamedFloats filled(const std::string& name, const Shape& shape, float value) {
    std::size_t count = 1;
    for (const auto side : shape) count *= static_cast<std::size_t>(side);
    return {name, shape, std::vector<float>(count, value)};
}

// A file in the making, from its parts.
struct Parts {
    Json description;
    std::vector<NamedFloats> floats;
    bool hasPicture = false;  // image_0
    std::map<std::string, std::string> metadata{{"format", "lvrtrace"}, {"version", "3.0"}};

    void write(const fs::path& file) const {
        std::vector<TensorBytes> tensors;
        for (const auto& one : floats)
            tensors.push_back({one.name, DType::F32, one.shape, one.values.data()});
        static const std::vector<std::uint8_t> kPicture(2 * 3 * 3, 200);
        if (hasPicture) tensors.push_back({"image_0", DType::U8, {2, 3, 3}, kPicture.data()});
        auto all = metadata;
        all["trace"] = description.dump();
        writeSafetensors(file, tensors, all);
    }
    NamedFloats& operator[](const std::string& name) {
        for (auto& one : floats)
            if (one.name == name) return one;
        return floats.emplace_back(NamedFloats{name, {}, {}});
    }
    void leaveOut(const std::string& name) {
        hasPicture = hasPicture && name != "image_0";
        std::erase_if(floats, [&](const NamedFloats& one) { return one.name == name; });
    }
};

// As FORMAT.md has it.
Parts least() {
    return {
        .description = Json::parse(
            R"({"method": "mine", "hidden_size": 4, "steps": [{"token": 1}, {"latent_index": 0}]})"),
        .floats = {filled("latents", {1, 4}, 0.5f), filled("norm", {1}, 1)}};
}

// One picture of 1 x 2 visual tokens.
Parts withPicture() {
    auto parts = least();
    parts.description["grids"] = Json::parse(R"([{"rows": 1, "cols": 2}])");
    parts.hasPicture = true;
    for (const char* name : {"cosine", "l2"}) parts.floats.push_back(filled(name, {1, 2}, 0.25f));
    parts.floats.push_back(filled("image_tokens", {2, 4}, 1));
    return parts;
}

}  // namespace

class ForeignTraceTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    fs::path file_;

    Trace readBack(const Parts& parts) {
        parts.write(file_);
        return readTrace(file_);
    }
    QString refusalOf(const Parts& parts) {
        parts.write(file_);
        return errorOf([&] { readTrace(file_); });
    }

private Q_SLOTS:
    void initTestCase() { file_ = fs::path(folder_.path().toStdString()) / "a.lvrtrace"; }

    void theLeastOpensWithCurvesAndTokens() {
        const auto trace = readBack(least());
        QCOMPARE(trace.method, std::string("mine"));
        QCOMPARE(trace.steps.size(), std::size_t{2});
        QCOMPARE(trace.steps[1].position, 1);
        QCOMPARE(trace.steps[1].token, -1);
        QVERIFY(std::isnan(std::get<TextStep>(trace.steps[0].what).probability));
        QVERIFY(std::isnan(std::get<LatentStep>(trace.steps[1].what).endProbability));
        std::vector<std::string> curves;
        for (const auto& curve : stepCurves(trace, 0.1f)) curves.push_back(curve.name);
        QCOMPARE(curves, std::vector<std::string>{"norm"});
        QCOMPARE(toText(livenessOf(trace)),
                 std::string("1 latent fed back, not ended, not closed"));
        QVERIFY(toJson(trace).at("latent_steps")[0].at("shadow_token").is_null());
        QVERIFY(toJson(trace).at("exit").is_null());
        QVERIFY(toCsv(trace).find("nan") == std::string::npos);
        QVERIFY(toReadableText(trace).find("nan") == std::string::npos);
        QVERIFY(readTraceOutline(file_).latents.empty());
    }

    void textWithoutAThoughtNeedsNoTensors() {
        auto parts = least();
        parts.description["steps"] =
            Json::parse(R"([{"token": 1, "text": "a"}, {"token": 2, "text": "b"}])");
        parts.floats.clear();
        const auto trace = readBack(parts);
        QCOMPARE(trace.text, std::string("ab"));
        QCOMPARE(trace.answer, std::string("ab"));
        QVERIFY(toText(livenessOf(trace)).find("mine") != std::string::npos);
    }

    void aPictureHasHeatWithItsVisualTokensAndNoneWithout() {
        const auto trace = readBack(withPicture());
        const auto& latent = latentOf(*latentSteps(trace)[0]);
        QCOMPARE(cosineOn(trace, latent, 0).size(), std::size_t{2});
        auto parts = withPicture();
        for (const char* name : {"cosine", "l2", "image_tokens"}) parts.leaveOut(name);
        const auto bare = readBack(parts);
        QCOMPARE(bare.question.images.at(0).width, 3);
        QVERIFY(cosineOn(bare, latentOf(*latentSteps(bare)[0]), 0).empty());
    }

    // The window keeps what it opened by writing it anew.
    void whatWasReadIsWrittenAndReadEqual() {
        for (auto parts : {least(), withPicture()}) {
            parts.floats.push_back(filled("token_probability", {1}, 0.5f));
            parts.floats.push_back(filled("end_probability", {1}, 0.5f));
            const auto trace = readBack(parts);
            writeTrace(trace, file_);
            QVERIFY(readTrace(file_) == trace);
            parts.leaveOut("image_tokens");
        }
        auto parts = withPicture();
        for (const char* name : {"cosine", "l2", "image_tokens"}) parts.leaveOut(name);
        parts.floats.push_back(filled("token_probability", {1}, 0.5f));
        parts.floats.push_back(filled("end_probability", {1}, 0.5f));
        parts.description["dialect"] = "monet";
        const auto trace = readBack(parts);
        QCOMPARE(trace.dialect, std::string("monet"));
        writeTrace(trace, file_);
        QVERIFY(readTrace(file_) == trace);
    }

    void optionsMayBeSaidInPart() {
        auto parts = least();
        parts.description["options"] = {{"exit", "fixed:3"}};
        QVERIFY(readBack(parts).options.exit == ExitRule(FixedSteps{3}));
        parts.description["options"] = {{"exit", "whenever"}};
        QVERIFY(refusalOf(parts).contains("whenever"));
    }

    void whatDoesNotFitIsRefusedByName_data() {
        QTest::addColumn<QString>("patch");   // merged into the description
        QTest::addColumn<QString>("tensor");  // left out, or given another shape
        QTest::addColumn<QString>("shape");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* patch, const char* tensor, const char* shape,
                            const char* says) {
            QTest::addRow("%s%s%s", patch, tensor, shape)
                << QString(patch) << QString(tensor) << QString(shape) << QString(says);
        };
        row("{}", "latents", "", "tensor latents is missing");
        row("{}", "latents", "[1, 3]", "tensor latents is [1, 3]");
        row("{}", "latents", "[2, 4]", "they ask for [1, 4]");
        row("{}", "norm", "", "tensor norm is missing");
        row("{}", "norm", "[1, 1]", "tensor norm is [1, 1]");
        row("{}", "cosine", "", "tensor cosine is missing");
        row("{}", "cosine", "[1, 3]", "tensor cosine is [1, 3]");
        row("{}", "l2", "", "tensor l2 is missing");
        row("{}", "image_tokens", "[2, 3]", "tensor image_tokens is [2, 3]");
        row("{}", "image_tokens", "", "tensor cosine is [1, 2]");
        row("{}", "token_probability", "[2]", "tensor token_probability is [2]");
        row("{}", "text_cosine", "[2, 2]", "tensor text_cosine is [2, 2]");
        row("{}", "end_distance", "[2]", "tensor end_distance is [2]");
        row("{}", "cosines", "[1, 2]", "tensor cosines is not expected");
        row(R"({"hidden_size": null})", "", "", "'hidden_size' is missing");
        row(R"({"steps": null})", "", "", "'steps'");
        row(R"({"steps": [{"text": "a"}]})", "", "", "'steps[0].token' is missing");
        row(R"({"steps": [{"token": -1}]})", "", "", "'steps[0].token'");
        row(R"({"steps": [{"token": 1, "shadow": 2}]})", "", "", "'steps[0].shadow'");
        row(R"({"method": ""})", "", "", "'method' must say");
        row(R"({"method": 3})", "", "", "'method' must be a string");
        row(R"({"method": null})", "", "", "is missing");
        row(R"({"images": 2})", "", "", "one grid per image");
        row(R"({"grids": [{"rows": 1, "cols": 2}, {"rows": 1, "cols": 1}]})", "", "", "[1, 3]");
        row("{}", "image_0", "", "tensor image_0 is missing");
        row(R"({"stopped": "tired"})", "", "", "tired");
        row(R"({"timings_ms": {"all": 3}})", "", "", "'timings_ms.all'");
    }

    void whatDoesNotFitIsRefusedByName() {
        QFETCH(QString, patch);
        QFETCH(QString, tensor);
        QFETCH(QString, shape);
        QFETCH(QString, says);
        auto parts = withPicture();
        parts.description.merge_patch(Json::parse(patch.toStdString()));
        const auto name = tensor.toStdString();
        if (shape.isEmpty())
            parts.leaveOut(name);
        else
            parts[name] = filled(name, Json::parse(shape.toStdString()).get<Shape>(), 0.5f);
        const auto error = refusalOf(parts);
        QVERIFY2(error.contains(says), qPrintable(error));
        QVERIFY2(error.contains("a.lvrtrace"), qPrintable(error));
    }

    void aNewerMinorVersionMayHoldMore() {
        auto parts = least();
        parts.description["mood"] = "curious";
        parts.description["steps"][0]["weight"] = 3;
        parts.floats.push_back(filled("attention", {2, 2}, 1));
        QVERIFY(refusalOf(parts).contains("'mood' is not a known field"));
        parts.metadata["version"] = "3.7";
        QCOMPARE(readBack(parts).steps.size(), std::size_t{2});
        parts.metadata["version"] = "4.0";
        QVERIFY(refusalOf(parts).contains("newer LVR Workbench"));
    }

    void namesOfTheWritersOwnArePassedOver() {
        auto parts = least();
        parts.description["x_mood"] = "curious";
        parts.description["steps"][0]["x_weight"] = 3;
        parts.floats.push_back(filled("x_attention", {2, 2}, 1));
        parts.metadata["made_with"] = "care";
        QCOMPARE(readBack(parts).steps.size(), std::size_t{2});
    }

    void versionsAreNumbers() {
        auto parts = least();
        parts.metadata.erase("version");
        QCOMPARE(readBack(parts).steps.size(), std::size_t{2});
        for (const char* version : {"1", "2", "3", "3.0", "3.00"}) {
            parts.metadata["version"] = version;
            QVERIFY(refusalOf(parts).isEmpty());
        }
        for (const char* version :
             {"three", "3.", "3.x", ".1", "0", "-1", "3.0.0", "99999999999"}) {
            parts.metadata["version"] = version;
            const auto error = refusalOf(parts);
            QVERIFY2(error.contains(QString("version '%1'").arg(version)), qPrintable(error));
        }
    }

    // Each field away or of another kind; each tensor away or of another shape.
    void everyChangeGivesAnErrorOrATrace() {
        std::mt19937 random(7);
        const std::vector<Json> kOthers{
            nullptr, true,           -1,  3,
            1e300,   "text",         "",  Json::array(),
            {1, 2},  Json::object(), 0.5, Json::array({Json::object()})};
        const auto whole = withPicture();
        const auto flat = whole.description.flatten();
        int refused = 0, tried = 0;
        for (const auto& [path, value] : flat.items())
            for (const auto& other : kOthers) {
                auto parts = whole;
                parts.description[Json::json_pointer(path)] = other;
                ++tried;
                refused += !refusalOf(parts).isEmpty();
            }
        for (int i = 0; i < 300; ++i) {
            auto parts = whole;
            auto& one = parts.floats[random() % parts.floats.size()];
            Shape shape(random() % 4);
            for (auto& side : shape) side = random() % 4;
            const auto name = one.name;
            one = filled(name, shape, 1);
            ++tried;
            refused += !refusalOf(parts).isEmpty();
        }
        QVERIFY(refused > tried / 2 && refused < tried);
    }

    // tests/fixtures/recorded.lvrtrace was written by lvrtrace.py.
    void aRecordedFileOpens() {
        const auto trace = readTrace(fs::path(LVR_FIXTURES) / "recorded.lvrtrace");
        QCOMPARE(trace.method, std::string("a loop in Python"));
        QCOMPARE(trace.answer, std::string("blue"));
        QCOMPARE(trace.grids, (std::vector<PatchGrid>{{2, 2}}));
        QCOMPARE(latentSteps(trace).size(), std::size_t{3});
        QCOMPARE(toText(livenessOf(trace)),
                 std::string("3 latents fed back, ended by a loop in Python, closed"));
        checkGeometry(trace);
    }

    void theRecorderWritesWhatIsRead() {
        if (QString(LVR_PYTHON).isEmpty())
            QSKIP("there is no Python with numpy and safetensors; ./dev setup installs them");
        QProcess python;
        python.start(LVR_PYTHON, {LVR_RECORDER_CASES, QString::fromStdString(file_.string())});
        QVERIFY2(python.waitForFinished(60'000), qPrintable(python.errorString()));
        const auto said = python.readAllStandardOutput();
        QVERIFY2(python.exitCode() == 0, python.readAllStandardError().constData());
        QCOMPARE(QString(said).trimmed(), QString("all refused in one sentence"));
        const auto trace = readTrace(file_);
        QCOMPARE(trace.answer, std::string("blue"));
        checkGeometry(trace);
        const auto bare = readTrace(file_.string() + ".least");
        QCOMPARE(latentSteps(bare).size(), std::size_t{2});
        QVERIFY(bare.question.images.empty());
        int answers = 0;
        for (;; ++answers) {
            const fs::path file = file_.string() + ".answer-" + std::to_string(answers);
            if (!fs::exists(file)) break;
            const auto said = readTrace(file);
            QCOMPARE(said.answer, answerIn(said.text));
        }
        QVERIFY(answers > 10);
    }

private:
    // Cosine and distance as they follow from the vectors.
    static void checkGeometry(const Trace& trace) {
        const auto width = static_cast<std::size_t>(trace.hiddenSize);
        const auto steps = latentSteps(trace);
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const auto& latent = latentOf(*steps[i]);
            const float* a = trace.latents.data() + i * width;
            for (std::size_t k = 0; k < latent.cosine.size(); ++k) {
                const float* b = trace.imageTokens.data() + k * width;
                double dot = 0, aa = 0, bb = 0, far = 0;
                for (std::size_t d = 0; d < width; ++d) {
                    dot += a[d] * b[d], aa += a[d] * a[d], bb += b[d] * b[d];
                    far += (a[d] - b[d]) * (a[d] - b[d]);
                }
                QVERIFY(std::abs(dot / std::sqrt(aa * bb) - latent.cosine[k]) < 1e-5);
                QVERIFY(std::abs(std::sqrt(far) - latent.l2[k]) < 1e-4);
            }
            QVERIFY(std::abs(latent.norm - std::sqrt([&] {
                                 double sum = 0;
                                 for (std::size_t d = 0; d < width; ++d) sum += a[d] * a[d];
                                 return sum;
                             }())) < 1e-4);
        }
    }
};

QTEST_GUILESS_MAIN(ForeignTraceTest)
#include "foreign_trace_test.moc"
