// What is trained from a model of some method stays that method's, and is counted and fed as it is
// decoded.

#include <QTemporaryDir>
#include <QtTest>

#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/files/json_file.h"
#include "core/model/save_checkpoint.h"
#include "core/sft/batch.h"
#include "core/sft/lvr_parts.h"
#include "core/vision/preprocess.h"
#include "datasets/record_length.h"
#include "tests/support/dialects.h"

using namespace lvr;
using dialects::Cases;
using dialects::Json;
namespace fs = std::filesystem;

namespace {

const TrainingRecord kRecord{.name = "r",
                             .images = {golden::own("images/landscape.png")},
                             .question = "<image>\nWhere?",
                             .response = "<lvr>\n<answer> A </answer>",
                             .boxes = {{0, 0, 0.5, 0.5}}};

SftRow rowOf(const LvrCheckpoint& checkpoint, const std::vector<PatchGrid>& grids,
             SftOptions options = {}) {
    const TrainingSet set({kRecord});
    options.positionGap = 0, options.extraSlots = 0;
    return planRow(checkpoint, set, 0, grids, options, 1);
}

std::vector<PatchGrid> gridsFor(const LvrCheckpoint& checkpoint) {
    return preprocess({readImage(kRecord.images.front())}, checkpoint.preprocess).grids;
}

// A copy whose generation_config.json has these fields too.
fs::path copyOf(const fs::path& folder, const fs::path& to, const Json& generation) {
    fs::copy(folder, to, fs::copy_options::recursive);
    const auto file = to / "generation_config.json";
    auto json = parseJson(readTextFile(file), file.string());
    json.update(generation);
    fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
    writeFileAtomically(file, json.dump());
    return to;
}

// As a training with this exit rule saves it.
LvrCheckpoint trainedFrom(const fs::path& folder, const std::string& exit, const fs::path& out) {
    const auto checkpoint = LvrCheckpoint::open(folder.string());
    auto provenance = madeFrom(checkpoint.provenance, "lvr test");
    provenance.defaultExit = exit;
    saveCheckpoint(checkpoint, folder, provenance, out);
    return LvrCheckpoint::open(out.string());
}

}  // namespace

class DialectTrainingTest : public QObject {
    Q_OBJECT

    QTemporaryDir dir_;

private Q_SLOTS:
    void whatWasTrainedOpensAsTheMethodItWasOf_data() {
        QTest::addColumn<QString>("dialect");
        QTest::addColumn<QString>("generation");
        QTest::addColumn<QString>("exit");
        for (const auto& name : dialects::names())
            for (const auto* exit : {"fixed:4", "end-token:5"})
                QTest::addRow("%s, %s", name.c_str(), exit)
                    << QString::fromStdString(name) << QStringLiteral("{}") << exit;
        const auto row = [](const char* what, const char* generation, const char* exit) {
            QTest::newRow(what) << QStringLiteral("lvr") << generation << exit;
        };
        row("latent end to steps", R"({"decoding_strategy": "latent", "lvr_steps": 16})",
            "fixed:8");
        row("steps", R"({"decoding_strategy": "steps", "lvr_steps": [8]})", "fixed:4");
        row("steps to an end", R"({"decoding_strategy": "steps", "lvr_steps": [8]})",
            "end-token:5");
        row("forced start", R"({"decoding_strategy": "latent", "force_lvr_start": true})",
            "end-token:5");
    }
    void whatWasTrainedOpensAsTheMethodItWasOf() {
        QFETCH(QString, dialect);
        QFETCH(QString, generation);
        QFETCH(QString, exit);
        const fs::path tag = dir_.filePath(QTest::currentDataTag()).toStdString();
        const auto from = copyOf(Cases(dialect.toStdString()).folder(), tag.string() + " from",
                                 Json::parse(generation.toStdString()));
        const auto before = LvrCheckpoint::open(from.string());
        const auto again = trainedFrom(from, exit.toStdString(), tag);
        QCOMPARE(again.rules.dialect.name, before.rules.dialect.name);
        QCOMPARE(toText(again.defaultExit()), exit.toStdString());
    }

    // Its embedding ends where its tokenizer does.
    void aModelWithoutRowsForATokenIsPlainAndSaysSoOnlyWhenItIsToThink() {
        const auto from = Cases("ilvr").folder();
        const fs::path folder = dir_.filePath("tight").toStdString();
        const auto wide = LvrCheckpoint::open(from.string(), {}, "plain");
        auto config = wide.model.config();
        const auto rows = Tokenizer::open(from).size();
        config.text.vocabSize = static_cast<int>(rows);
        std::map<std::string, torch::Tensor> tensors;
        for (const auto& [name, tensor] : wide.model.parameters()) tensors[name] = tensor;
        const LvrModel tight(config,
                             Parameters([&](const std::string& name, at::IntArrayRef shape) {
                                 return tensors.at(name).narrow(0, 0, shape[0]).clone();
                             }));
        fs::create_directories(folder);
        tight.save(folder);
        for (const auto& entry : fs::directory_iterator(from))
            if (!fs::exists(folder / entry.path().filename()))
                fs::copy(entry.path(), folder / entry.path().filename());
        auto json = parseJson(readTextFile(from / "config.json"), "config.json");
        json["vocab_size"] = rows;
        fs::permissions(folder / "config.json", fs::perms::owner_write, fs::perm_options::add);
        writeFileAtomically(folder / "config.json", json.dump());

        const auto plain = LvrCheckpoint::open(folder.string(), {}, "plain");
        QVERIFY(!plain.rules.tokens.areThere());
        const Question question{.text = "Why?"};
        auto options = plain.decoding().options;
        options.maxNewTokens = 6;
        QCOMPARE(decode(plain, question, options).steps.size(), std::size_t{6});
        const auto refusal = [&](auto&& work) -> QString {
            try {
                work();
            } catch (const Error& error) {
                return error.what();
            }
            return {};
        };
        options.spanStart = SpanStart::Forced;
        const auto forced = refusal([&] { decode(plain, question, options); });
        QVERIFY2(forced.contains("vocab_size 581"), qPrintable(forced));
        const auto grids = gridsFor(plain);
        QVERIFY(refusal([&] { rowOf(plain, grids); }).contains("vocab_size 581"));
        QVERIFY(!rowOf(plain, grids, {.twin = Twin::Plain}).ids.empty());
        // It is saved as what it is.
        const fs::path out = dir_.filePath("tight again").toStdString();
        saveCheckpoint(plain, folder, madeFrom(plain.provenance, "lvr test"), out);
        QVERIFY(!LvrCheckpoint::open(out.string()).rules.tokens.areThere());
        // Of a method it has its own tokens.
        QVERIFY(LvrCheckpoint::open(folder.string()).rules.tokens.areThere());
    }

    void recordsAreAsLongAsTheyAreTrained() {
        for (const auto* name : {"monet", "mirage", "ilvr", "swimbird", "lvr"}) {
            const auto folder = Cases(name).folder();
            const std::string asked = std::string(name) == "mirage" ? "mirage" : "";
            const auto checkpoint = LvrCheckpoint::open(folder.string(), {}, asked);
            const auto grids = gridsFor(checkpoint);
            const auto row = rowOf(checkpoint, grids);
            DataRecord record{
                .question = kRecord.question, .response = kRecord.response, .boxes = kRecord.boxes};
            const auto dialect = dialectIn(folder, checkpoint.tokenizer, asked).dialect;
            const auto length = lengthOf(
                record, grids, {checkpoint.tokenizer, chatStyleOf(folder), dialect}, {}, "r");
            QCOMPARE(length.prompt,
                     static_cast<int>(checkpoint.prompt(grids, kRecord.question).size()));
            QCOMPARE(length.all, static_cast<int>(row.prefix.size() + row.ids.size()));
        }
    }

    void fillersStandAtEachLatentsPlace() {
        for (const auto* name : {"monet", "ilvr"}) {
            const auto checkpoint = LvrCheckpoint::open(Cases(name).folder().string());
            const auto row = rowOf(checkpoint, gridsFor(checkpoint), {.twin = Twin::Filler});
            for (const auto& slot : row.slots)
                QCOMPARE(row.ids.at(slot.at), checkpoint.rules.tokens.latent);
            const auto isStart = [&](const SftRow::Label& label) {
                return (label.said >= 0 ? label.said : row.ids.at(label.at)) ==
                       checkpoint.rules.tokens.start;
            };
            QCOMPARE(std::ranges::count_if(row.labels, isStart), 1);
        }
    }

    void aTokenThatAMethodLacksIsNotTrained() {
        auto checkpoint = LvrCheckpoint::open(Cases("monet").folder().string(),
                                              {.use = LoadOptions::Use::Training});
        try {
            addLvrParts(checkpoint, {.latentEnd = LatentEnd::Token});
            QFAIL("it was taken");
        } catch (const Error& error) {
            QVERIFY(QString(error.what()).contains("Monet"));
        }
        addLvrParts(checkpoint, {.latentEnd = LatentEnd::Off});
    }
};

QTEST_GUILESS_MAIN(DialectTrainingTest)
#include "dialect_training_test.moc"
