// The headless command as its user sees it: what it prints, how it fails, what it leaves behind.

#include <QTemporaryDir>

#include "tests/support/program.h"

using program::compareFailure;
using program::lvr;
using program::Result;

namespace {

const QString kGoldens = LVR_GOLDENS;
const QString kModel = kGoldens + "/models/random-a";
const QString kPicture = kGoldens + "/images/landscape.png";

QJsonObject objectOf(const Result& result) { return program::jsonOf(result).object(); }

void write(const QString& file, const QByteArray& bytes) {
    QFile out(file);
    QVERIFY(out.open(QIODevice::WriteOnly));
    out.write(bytes);
}

QString copyModel(const QTemporaryDir& dir) {
    const auto copy = dir.filePath("model");
    QDir().mkpath(copy);
    for (const auto& name : QDir(kModel).entryList(QDir::Files))
        QFile::copy(kModel + "/" + name, copy + "/" + name);
    for (const auto& name : QDir(copy).entryList(QDir::Files))
        QFile::setPermissions(copy + "/" + name, QFile::ReadOwner | QFile::WriteOwner);
    return copy;
}

// Lines of JSON, whatever else is printed beside them.
QList<QJsonObject> linesOf(const QString& out) {
    QList<QJsonObject> lines;
    for (const auto& line : out.split('\n', Qt::SkipEmptyParts))
        lines << QJsonDocument::fromJson(line.toUtf8()).object();
    return lines;
}

QByteArray lineOf(const QJsonObject& question) {
    return QJsonDocument(question).toJson(QJsonDocument::Compact);
}

QStringList ask(const QStringList& more) { return QStringList{"ask", "--model", kModel} + more; }

}  // namespace

class CliTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aModelOfAnotherMethodIsAskedAsThatMethodDoes() {
        const QString hylar = LVR_GOLDENS "/dialects/hylar/model";
        const QStringList question{"ask",     "--model",       hylar,
                                   "--image", kPicture,        "--question",
                                   "Where?",  "--force-start", "--max-new-tokens",
                                   "24",      "--temperature", "0"};
        const auto json = objectOf(lvr(question + QStringList{"--json"}));
        QCOMPARE(json["dialect"].toString(), QString("hylar"));
        const auto exit = json["decoding"].toObject()["exit"].toObject();
        QCOMPARE(exit["value"].toString(), QString("end-token:4"));
        QCOMPARE(exit["from"].toString(), QString("dialect"));
        const auto told = lvr(question);
        QVERIFY2(told.out.contains("dialect hylar: config.json has canvas_id; exit end-token:4"),
                 qPrintable(told.out));
        QVERIFY2(told.err.contains("it thinks as HyLaR"), qPrintable(told.err));
        const auto other = lvr(question + QStringList{"--dialect", "plain"});
        QVERIFY2(!other.out.contains("dialect hylar"), qPrintable(other.out));
        QVERIFY2(other.out.contains("dialect plain: you said so"), qPrintable(other.out));
        QVERIFY2(other.err.contains("plain model (you said so)"), qPrintable(other.err));
        const auto info = lvr({"model", "info", hylar});
        QVERIFY2(info.out.contains("dialect         hylar: config.json has canvas_id"),
                 qPrintable(info.out));
        QVERIFY2(info.out.contains("published with  greedy"), qPrintable(info.out));
        const auto lacks = lvr(question + QStringList{"--dialect", "laser"});
        QCOMPARE(lacks.code, 1);
        QVERIFY2(lacks.err.contains("<|laser_start|>"), qPrintable(lacks.err));
    }

    void aChosenDialectStaysWithWhatIsTrained() {
        const QTemporaryDir dir;
        QCOMPARE(lvr({"make-data", "scenes", "--out", dir.filePath("data"), "--count", "6"}).code,
                 0);
        const auto trained =
            lvr({"sft", "--model", kGoldens + "/dialects/mirage/model", "--dialect", "mirage",
                 "--data", dir.filePath("data"), "--out", dir.filePath("out"), "--steps", "1",
                 "--recipe", "tiny", "--store", dir.filePath("runs.db")});
        QVERIFY2(trained.code == 0, qPrintable(trained.err));
        const auto info = lvr({"model", "info", dir.filePath("out")});
        QVERIFY2(info.out.contains("mirage: lvr_workbench.json"), qPrintable(info.out));
    }

    // Large models get the paper's recipe, whose latent end only LVR has a token for.
    void aRecipeAsksNoOtherMethodForALatentEnd() {
        const QStringList sft{"sft",
                              "--model",
                              kGoldens + "/dialects/monet/model",
                              "--data",
                              "none",
                              "--out",
                              "none",
                              "--recipe",
                              "paper",
                              "--print-options"};
        const auto said = lvr(sft);
        QVERIFY2(said.code == 0 && said.err.contains("Monet has no token for it"),
                 qPrintable(said.err));
        QCOMPARE(objectOf(said)["latent-end"].toString(), QString("off"));
        const auto asked = lvr(sft + QStringList{"--latent-end", "token"});
        QCOMPARE(objectOf(asked)["latent-end"].toString(), QString("token"));
    }

    void askPrintsOneJsonObjectWithEveryGeneratedId() {
        const auto result =
            lvr(ask({"--image", kPicture, "--question", "Where is it?", "--exit", "fixed:3",
                     "--force-start", "--max-new-tokens", "12", "--json"}));
        QCOMPARE(result.code, 0);
        QVERIFY2(result.err.isEmpty(), qPrintable(result.err));
        const auto json = objectOf(result);
        QCOMPARE(json["token_ids"].toArray().size(), 12);
        const auto latents = json["latent_steps"].toArray();
        QCOMPARE(latents.size(), 3);
        for (int i = 0; i < 3; ++i) {
            const auto step = latents[i].toObject();
            QCOMPARE(step["index"].toInt(), i);
            QCOMPARE(step["shadow_token"].toInt(),
                     json["token_ids"].toArray()[step["position"].toInt()].toInt());
            QVERIFY(step["norm"].toDouble() > 0);
            const auto nearest = step["nearest"].toArray()[0].toObject();
            QVERIFY(nearest["row"].toInt() < json["grid"].toObject()["rows"].toInt());
            QVERIFY(nearest["col"].toInt() < json["grid"].toObject()["cols"].toInt());
        }
        QCOMPARE(json["stopped"].toString(), QString("max_new_tokens"));
        for (const auto* key : {"answer", "text", "timings"}) QVERIFY(json.contains(key));
    }

    void severalQuestionsAreAnsweredAsOneByOne() {
        const QStringList how{"--image",          kPicture, "--exit", "fixed:2",
                              "--max-new-tokens", "8",      "--json"};
        const QStringList questions{"Where is it?", "Where is it not?", "Where is it?"};
        QStringList all = how;
        for (const auto& question : questions) all << "--question" << question;
        const auto together = lvr(ask(all));
        QCOMPARE(together.code, 0);
        const auto lines = linesOf(together.out);
        QCOMPARE(lines.size(), 3);
        for (int i = 0; i < 2; ++i) {
            const auto alone = objectOf(lvr(ask(how + QStringList{"--question", questions[i]})));
            QCOMPARE(lines[i]["question"].toString(), questions[i]);
            QCOMPARE(lines[i]["token_ids"], alone["token_ids"]);
            QCOMPARE(lines[i]["answer"], alone["answer"]);
            QCOMPARE(lines[i]["computation"], alone["computation"]);
        }
        QCOMPARE(lines[2]["token_ids"], lines[0]["token_ids"]);
        QVERIFY(lines[0]["timings"]["encode_images_ms"].toDouble() > 0);
        QCOMPARE(lines[1]["timings"]["encode_images_ms"].toDouble(), 0.0);
        all.removeOne("--json");
        const auto text = lvr(ask(all)).out;
        QCOMPARE(text.count("answer: "), 3);
        QVERIFY2(text.contains("question: Where is it not?\nanswer: "), qPrintable(text));
        // One that can't be asked does not keep the others from it.
        all << "--question" << QString(100 * 1024, 'x') << "--json";
        const auto failed = lvr(ask(all));
        QCOMPARE(failed.code, 1);
        QCOMPARE(linesOf(failed.out).size(), 4);
        QVERIFY(linesOf(failed.out)[3]["error"].toString().contains("tokens"));
        QVERIFY2(failed.err.contains("1 of 4 questions"), qPrintable(failed.err));
    }

    void linesOfJsonAreAnsweredAsTheyCome() {
        QProcess process;
        process.start(LVR_PROGRAM, ask({"--image", kPicture, "--jsonl", "-", "--exit", "fixed:2",
                                        "--force-start", "--max-new-tokens", "6"}));
        const auto answered = [&](const QByteArray& line) {
            process.write(line + "\n");
            while (!process.canReadLine() && process.waitForReadyRead(600000)) continue;
            return QJsonDocument::fromJson(process.readLine()).object();
        };
        const auto first =
            answered(lineOf({{"question", "Where is it?"}, {"id", QJsonObject{{"page", 3}}}}));
        QCOMPARE(first["line"].toInt(), 1);
        QCOMPARE(first["id"].toObject()["page"].toInt(), 3);
        QCOMPARE(first["latent_steps"].toArray().size(), 2);
        QVERIFY(!first.contains("error"));
        const auto refused = [&](const QByteArray& line, const char* why) {
            const auto said = answered(line);
            QVERIFY2(said["error"].toString().contains(why), qPrintable(said["error"].toString()));
            QVERIFY(said["error"].toString().startsWith("standard input, line ") ||
                    said["id"] == "gone");
        };
        refused("{", "line 2");
        refused(lineOf({{"question", "What?"}, {"picture", "x.png"}}), "picture");
        refused(lineOf({{"image", "x.png"}}), "question");
        refused(lineOf({{"question", " "}}), "empty");
        refused(lineOf({{"question", "What?"}, {"image", QJsonArray{3}}}), "image");
        refused("[1]", "object");
        refused(lineOf({{"id", "gone"}, {"question", "What?"}, {"image", "/nowhere/x.png"}}),
                "/nowhere/x.png");
        process.write("\n");  // nothing is asked
        const auto two =
            answered(lineOf({{"question", "Which?"},
                             {"image", QJsonArray{kPicture, kGoldens + "/images/odd.png"}}}));
        QCOMPARE(two["line"].toInt(), 10);
        QCOMPARE(two["images"].toInt(), 2);
        process.closeWriteChannel();
        process.waitForFinished(600000);
        QCOMPARE(process.exitCode(), 1);
        const auto said = QString::fromUtf8(process.readAllStandardError());
        QVERIFY2(said.contains("7 of 9 lines"), qPrintable(said));
        QTemporaryDir dir;
        write(dir.filePath("q.jsonl"), lineOf({{"question", "Where is it?"}}) + "\n");
        const auto file = lvr(ask({"--image", kPicture, "--jsonl", dir.filePath("q.jsonl"),
                                   "--exit", "fixed:2", "--force-start", "--max-new-tokens", "6"}));
        QCOMPARE(file.code, 0);
        QCOMPARE(linesOf(file.out).front()["token_ids"], first["token_ids"]);
    }

    void aGivenThoughtIsFedAndSaid() {
        QTemporaryDir dir;
        const auto result =
            lvr(ask({"--image", kPicture, "--question", "Where is it?", "--thought-box",
                     "0,0,0.02,0.02", "--thought-box", "0.9,0.9,1,1", "--thought-means",
                     "--max-new-tokens", "5", "--json", "--trace", dir.filePath("a.lvrtrace")}));
        QCOMPARE(result.code, 0);
        const auto shown = lvr({"trace", "show", "--json", dir.filePath("a.lvrtrace")});
        for (const auto& json : {objectOf(result), objectOf(shown)}) {
            const auto thought = json["thought"].toObject();
            QVERIFY(thought["given"].toBool());
            QCOMPARE(thought["boxes"].toArray()[1].toArray()[3].toDouble(), 1.0);
            const auto latents = json["latent_steps"].toArray();
            QCOMPARE(latents.size(), 2);
            const auto nearest = latents[0].toObject()["nearest"].toArray()[0].toObject();
            QCOMPARE(nearest["row"].toInt() + nearest["col"].toInt(), 0);
            QVERIFY(nearest["cosine"].toDouble() > 0.9999);
            QVERIFY(json["text"].toString().startsWith("<|lvr_start|>"));
        }
        const auto own = lvr(ask({"--image", kPicture, "--question", "Where is it?",
                                  "--max-new-tokens", "5", "--json"}));
        QVERIFY(!objectOf(own)["thought"].toObject()["given"].toBool());
    }

    void askWritesTraceHeatmapsAndDump() {
        QTemporaryDir dir;
        const auto result = lvr(
            ask({"--image", kPicture, "--question", "Where?", "--exit", "fixed:2", "--force-start",
                 "--max-new-tokens", "5", "--trace", dir.filePath("a.lvrtrace"), "--heatmaps",
                 dir.filePath("heat"), "--dump", dir.filePath("d.safetensors")}));
        QCOMPARE(result.code, 0);
        QCOMPARE(QDir(dir.filePath("heat")).entryList(QDir::Files),
                 (QStringList{"step1.png", "step2.png"}));
        QVERIFY(QFileInfo(dir.filePath("d.safetensors")).size() > 1000);
        const auto shown = lvr({"trace", "show", "--json", dir.filePath("a.lvrtrace")});
        QCOMPARE(shown.code, 0);
        QCOMPARE(objectOf(shown)["latent_steps"].toArray().size(), 2);
    }

    void tracesAreExportedByEnding() {
        QTemporaryDir dir;
        const QString trace = dir.filePath("a.lvrtrace");
        QCOMPARE(lvr(ask({"--image", kPicture, "--question", "Where?", "--exit", "fixed:3",
                          "--force-start", "--max-new-tokens", "5", "--trace", trace}))
                     .code,
                 0);
        const auto exported = [&](const QString& name, const QStringList& more = {}) {
            const QString file = dir.filePath(name);
            const auto result = lvr(QStringList{"trace", "export", trace, "--to", file} + more);
            QFile in(file);
            return result.code == 0 && in.open(QIODevice::ReadOnly) ? in.readAll()
                                                                    : result.err.toUtf8();
        };
        QCOMPARE(exported("steps.csv").count('\n'), 4);
        QVERIFY(exported("all.json") == lvr({"trace", "show", "--json", trace}).out.toUtf8());
        QVERIFY(exported("heat.gif").startsWith("GIF89a"));
        for (const char* heat : {"cosine", "l2", "dot", "softmax", "top", "relative", "mean"})
            QVERIFY(exported("heat.png", {"--heat", heat}).startsWith("\x89PNG"));
        QVERIFY(exported("2x.png", {"--step", "2", "--scale", "2"}).size() >
                exported("1x.png", {"--step", "2"}).size());
        QVERIFY(exported("all.png", {"--all-steps", "--colours", "magma"}).startsWith("\x89PNG"));
        QVERIFY(exported("no.png", {"--step", "4"}).contains("there is no latent step 4"));
        QVERIFY(exported("no.png", {"--image", "2"}).contains("there is no picture 2"));
        QVERIFY(exported("no.bmp").contains(".gif"));
        QVERIFY(exported("no/heat.gif").contains("no/heat.gif"));
        QVERIFY(!QFile::exists(dir.filePath("no.png")));
    }

    void twoPicturesGiveTwoGrids() {
        const auto result = lvr(ask({"--image", kGoldens + "/images/odd.png", "--image2", kPicture,
                                     "--question", "Which?", "--max-new-tokens", "2", "--json"}));
        QCOMPARE(result.code, 0);
        QCOMPARE(objectOf(result)["grid"].toArray().size(), 2);
    }

    void specialTokensInAQuestionArePlainText() {
        const auto result =
            lvr(ask({"--image", kPicture, "--question", "<|image_pad|><|lvr_start|> what?",
                     "--max-new-tokens", "2", "--json"}));
        QCOMPARE(result.code, 0);
    }

    void badInputIsOneSentence_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("names");
        const auto row = [](const char* name, const QStringList& arguments, int code,
                            const QString& names) {
            QTest::newRow(name) << arguments << code << names;
        };
        const QStringList q{"--question", "What?"};
        row("no image file", ask(QStringList{"--image", "/nowhere/x.png"} + q), 1,
            "/nowhere/x.png");
        row("not an image", ask(QStringList{"--image", kGoldens + "/README.md"} + q), 1,
            "README.md");
        row("a folder", ask(QStringList{"--image", kGoldens} + q), 1, kGoldens);
        const auto thought = [&](const QStringList& boxes) {
            QStringList arguments{"--image", kPicture};
            for (const auto& box : boxes) arguments << "--thought-box" << box;
            return ask(arguments + q);
        };
        row("box of three numbers", thought({"0,0,1,1", "0.1,0.2,0.3"}), 2, "thought box 2");
        row("box that is no numbers", thought({"here"}), 2, "x0,y0,x1,y1");
        row("box of pixels", thought({"0,0,1,1", "120,40,380,200"}), 2,
            "thought box 2: \"120,40,380,200\" is outside");
        row("box in the wrong order", thought({"0.5,0.1,0.2,0.3"}), 2, "thought box 1");
        row("box without area", thought({"0.5,0.1,0.5,0.3"}), 2,
            "thought box 1: \"0.5,0.1,0.5,0.3\" is empty");
        row("box that is not a number", thought({"nan,0,1,1"}), 2, "thought box 1");
        row("box without a picture", ask(QStringList{"--thought-box", "0,0,1,1"} + q), 1,
            "needs a picture");
        row("means without a box", ask(QStringList{"--image", kPicture, "--thought-means"} + q), 2,
            "--thought-box");
        row("empty question", ask({"--image", kPicture, "--question", "  "}), 2, "empty");
        row("no question", ask({"--image", kPicture}), 2, "--question is required");
        row("questions in two ways", ask(QStringList{"--jsonl", "-"} + q), 2, "one of the two");
        row("trace of several questions", ask(QStringList{"--trace", "a.lvrtrace"} + q + q), 2,
            "--trace is of one answer");
        row("no file of questions", ask({"--jsonl", "/nowhere/q.jsonl"}), 1, "/nowhere/q.jsonl");
        row("long question", ask({"--image", kPicture, "--question", QString(100 * 1024, 'x')}), 1,
            "tokens");
        row("question file missing", ask({"--image", kPicture, "--question", "@/nowhere/q.txt"}), 1,
            "/nowhere/q.txt");
        row("no model folder",
            {"ask", "--model", "/nowhere/model", "--image", kPicture, "--question", "What?"}, 1,
            "/nowhere/model");
        row("unknown exit rule", ask(QStringList{"--image", kPicture, "--exit", "fixd:8"} + q), 2,
            "fixed");
        row("unknown device", ask(QStringList{"--image", kPicture, "--device", "tpu"} + q), 2,
            "tpu");
        row("unknown dtype", ask(QStringList{"--image", kPicture, "--dtype", "int4"} + q), 2,
            "int4");
        row("trace folder missing",
            ask(QStringList{"--image", kPicture, "--trace", "/nowhere/a.lvrtrace"} + q), 1,
            "/nowhere");
        row("unknown dialect", ask(QStringList{"--image", kPicture, "--dialect", "monett"} + q), 2,
            "\"monet\"");
        row("unknown flag", ask(QStringList{"--image", kPicture, "--exitt", "none"} + q), 2,
            "--exit");
        row("flag of another command", {"runs", "export", "1", "--out", "x"}, 2,
            "has no option \"--out\". (lvr runs export --help");
        row("unknown command", {"aks"}, 2, "no command \"aks\". Did you mean ask?");
        row("no command", {}, 2, "subcommand");
        row("negative count", {"make-data", "scenes", "--out", "/tmp/x", "--count", "-1"}, 2,
            "--count");
        row("unknown kind",
            {"make-data", "scenes", "--out", "/tmp/lvr-never", "--count", "5", "--kinds", "chian"},
            2, "chain");
        row("bad hops",
            {"make-data", "scenes", "--out", "/tmp/lvr-never", "--count", "5", "--hops", "3"}, 2,
            "LO:HI");
        const QStringList clutter{"make-data", "scenes", "--out", "/tmp/lvr-never",
                                  "--count",   "5",      "--set", "clutter"};
        row("unknown kind of clutter", clutter + QStringList{"--kinds", "jigsw"}, 2, "jigsaw");
        row("clutter with hops", clutter + QStringList{"--hops", "0:3"}, 2, "--hops");
        row("unknown set",
            {"make-data", "scenes", "--out", "/tmp/lvr-never", "--count", "5", "--set", "mess"}, 2,
            "--set");
        row("not a trace", {"trace", "show", kPicture}, 1, "landscape.png");
    }
    void badInputIsOneSentence() {
        QFETCH(QStringList, arguments);
        QFETCH(int, code);
        QFETCH(QString, names);
        compareFailure(lvr(arguments), code, names);
    }

    void hugePictureOfAFewBytesIsRefused() {
        QTemporaryDir dir;
        QByteArray png =
            QByteArray::fromHex("89504e470d0a1a0a0000000d494844520000ea600000ea600802000000");
        write(dir.filePath("huge.png"), png + QByteArray(64, '\0'));
        compareFailure(lvr(ask({"--image", dir.filePath("huge.png"), "--question", "What?"})), 1,
                       "huge.png");
    }

    void truncatedPictureIsRefused() {
        QTemporaryDir dir;
        QFile whole(kPicture);
        QVERIFY(whole.open(QIODevice::ReadOnly));
        write(dir.filePath("cut.png"), whole.readAll().left(900));
        compareFailure(lvr(ask({"--image", dir.filePath("cut.png"), "--question", "What?"})), 1,
                       "cut.png");
    }

    void damagedCheckpointsAreRefused_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<int>("damage");  // 0 remove, 1 flip a header byte, 2 cut
        QTest::newRow("no weights") << "model.safetensors" << 0;
        QTest::newRow("flipped header byte") << "model.safetensors" << 1;
        QTest::newRow("cut weights") << "model.safetensors" << 2;
        QTest::newRow("no tokenizer") << "tokenizer.json" << 0;
        QTest::newRow("cut config") << "config.json" << 2;
    }
    void damagedCheckpointsAreRefused() {
        QFETCH(QString, file);
        QFETCH(int, damage);
        QTemporaryDir dir;
        const auto model = copyModel(dir), path = model + "/" + file;
        if (file == "tokenizer.json")
            for (const auto* other : {"vocab.json", "merges.txt"})
                QFile::remove(model + "/" + other);
        QFile old(path);
        QVERIFY(old.open(QIODevice::ReadOnly));
        auto bytes = old.readAll();
        old.close();
        QFile::remove(path);
        if (damage == 1) bytes[9] = static_cast<char>(bytes[9] ^ 0x55);
        if (damage == 2) bytes.chop(bytes.size() / 3);
        if (damage != 0) write(path, bytes);
        const auto result =
            lvr({"ask", "--model", model, "--image", kPicture, "--question", "What?"});
        QCOMPARE(result.code, 1);
        QVERIFY2(result.err.contains(model), qPrintable(result.err));
        QVERIFY(result.out.isEmpty());
    }

    void makeDataIsDeterministicAndRefusesAStrangersFolder() {
        QTemporaryDir dir;
        const auto first = dir.filePath("a"), second = dir.filePath("b");
        for (const auto& folder : {first, second})
            QCOMPARE(
                lvr({"make-data", "scenes", "--out", folder, "--count", "20", "--seed", "3"}).code,
                0);
        QFile a(first + "/data.json"), b(second + "/data.json");
        QVERIFY(a.open(QIODevice::ReadOnly) && b.open(QIODevice::ReadOnly));
        const auto text = a.readAll();
        QCOMPARE(text, b.readAll());
        QCOMPARE(QJsonDocument::fromJson(text).array().size(), 20);
        write(dir.filePath("notes.txt"), "mine");
        compareFailure(lvr({"make-data", "scenes", "--out", dir.path(), "--count", "20"}), 1,
                       dir.path());
    }

    void tokenizeShowsIdsAndTokens() {
        const auto json = objectOf(lvr({"tokenize", "--model", kModel, "--json", "<|lvr_start|>"}));
        QCOMPARE(json["ids"].toArray(), (QJsonArray{1778}));
    }

    void modelInfoCountsWhatItOpened() {
        const auto result = lvr({"model", "info", kModel});
        QCOMPARE(result.code, 0);
        QVERIFY2(result.out.contains("hidden_size 64"), qPrintable(result.out));
    }

    void everyCommandExplainsItself() {
        for (const QStringList command : {QStringList{},
                                          {"ask"},
                                          {"eval", "scenes"},
                                          {"make-data", "scenes"},
                                          {"align"},
                                          {"sft"},
                                          {"pretrain"},
                                          {"score"},
                                          {"runs"},
                                          {"trace", "show"},
                                          {"trace", "export"},
                                          {"tokenize"},
                                          {"model", "info"}}) {
            const auto result = lvr(command + QStringList{"--help"});
            QCOMPARE(result.code, 0);
            QVERIFY2(command.isEmpty() || result.out.contains("Example"),
                     qPrintable(command.join(' ')));
        }
    }

    void aSwapNeedsTwoQuestions() {
        compareFailure(lvr({"eval", "scenes", "--latents", "swap", "--count", "1"}), 2,
                       "a swap needs a question on another picture; ask for --count 2 or more");
        const auto two = lvr(
            {"eval", "scenes", "--latents", "swap", "--count", "2", "--kinds", "color-to-shape"});
        QVERIFY2(two.code == 0, qPrintable(two.err));
    }

    void theShippedModelAnswersAndStopsByItself() {
        const auto result = lvr({"eval", "scenes", "--kinds", "chain,color-to-shape", "--count",
                                 "64", "--seed", "77", "--json"});
        QCOMPARE(result.code, 0);
        const auto rows = objectOf(result)["rows"].toArray();
        for (const auto& row : rows) {
            const auto score = row.toObject();
            if (score["count"].toInt() < 64) continue;
            qInfo("%s: accuracy %.3f, stop exact %.3f", qPrintable(score["kind"].toString()),
                  score["accuracy"].toDouble(), score["stop_exact"].toDouble());
            QVERIFY(score["accuracy"].toDouble() >= 0.85);
            QVERIFY(score["stop_exact"].toDouble() >= 0.85);
        }
    }
};

QTEST_GUILESS_MAIN(CliTest)
#include "cli_test.moc"
