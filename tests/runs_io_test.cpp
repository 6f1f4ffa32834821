// Runs as files of other programs: TensorBoard, transformers, TRL.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <fstream>
#include <limits>
#include <set>

#include "core/error.h"
#include "core/runs_io/completions.h"
#include "core/runs_io/event_records.h"
#include "core/runs_io/imported_run.h"
#include "core/runs_io/metrics_text.h"
#include "core/runs_io/tensorboard.h"
#include "core/store/run_store.h"
#include "tests/support/cpu_time.h"

using namespace lvr;
namespace fs = std::filesystem;

namespace {

const fs::path kGolden = LVR_GOLDENS "/tensorboard.tfevents";
const fs::path kFixtures = LVR_RESOURCES "/../tests/fixtures";

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string bytesOf(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// One metric a row, "2 loss/total 0.5"; what differs shows in a failed comparison.
QStringList rowsOf(const std::vector<Metric>& metrics) {
    QStringList rows;
    for (const auto& metric : metrics)
        rows.append(QString("%1 %2 %3")
                        .arg(metric.step)
                        .arg(QString::fromStdString(metric.name))
                        .arg(metric.value, 0, 'g', 17));
    return rows;
}

QString errorOf(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

const std::string kTrainerState = R"({
  "best_metric": null, "epoch": 0.5, "global_step": 30, "is_local_process_zero": true,
  "log_history": [
    {"epoch": 0.1, "grad_norm": NaN, "loss": 2.5, "step": 10},
    {"epoch": 0.2, "loss": 1.25, "step": 20, "note": "text", "nested": {"loss": 9, "step": 1}},
    {"epoch": 0.2, "eval_loss": 2, "step": 20},
    {"epoch": 0.2, "loss": 1.5, "step": 20},
    {"loss": 7},
    {"learning_rate": 1e-05, "loss": -Infinity, "step": 30}
  ],
  "max_steps": 300, "stateful_callbacks": {"log_history": [{"step": 1, "loss": 1}]}
})";

}  // namespace

class RunsIoTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    fs::path path(const char* name) const { return folder_.filePath(name).toStdString(); }
    fs::path write(const std::string& bytes, const char* name = "given") const {
        std::ofstream(path(name), std::ios::binary) << bytes;
        return path(name);
    }

    // A cut or damaged file gives a beginning of what the whole one gives and says so, or an Error.
    void compareBeginning(const std::string& bytes, const QStringList& whole) const {
        const auto file = write(bytes);
        ImportedRun read;
        const auto error = errorOf([&] { read = readRunFile(file); });
        if (!error.isEmpty()) return;
        QVERIFY(!read.run.message.empty());
        QVERIFY(read.metrics.size() <= static_cast<std::size_t>(whole.size()));
        for (const auto& row : rowsOf(read.metrics)) QVERIFY2(whole.contains(row), qPrintable(row));
    }

private Q_SLOTS:
    void whatTensorBoardWroteIsRead() {
        const auto read = readRunFile(kGolden);
        QCOMPARE(rowsOf(read.metrics),
                 (QStringList{"1 loss/total 4", "1 reward/mean 0.25", "2 loss/total 2",
                              "2 reward/mean 0.5", "3 loss/total 1.3333333730697632",
                              "3 lr 9.9999999999999995e-07", "3 reward/mean 0.75",
                              "5 grad_norm nan", "5 loss/total 0.5", "5 lr 1.9999999999999999e-06",
                              "5 reward/mean 1.25", "5 zero 0"}));
        QCOMPARE(read.run.info.kind, std::string("import"));
        QCOMPARE(read.run.info.data, kGolden.string());
        QVERIFY(read.run.status == RunStatus::Finished);
        QCOMPARE(read.run.step, 5);
        QCOMPARE(read.run.ended, 1700000051.0);
        QVERIFY(QString::fromStdString(read.run.message).contains("no scalar"));
    }

    void anEventFileReadsBack() {
        const Run run{.id = 7, .step = 4, .started = 1700000000.5, .heartbeat = 1700000040.5};
        const std::vector<Metric> metrics{{.step = 0, .name = "loss/ä", .value = 0.1F},
                                          {.step = 0, .name = "reward", .value = 0},
                                          {.step = 2, .name = "loss/ä", .value = kInfinity},
                                          {.step = 4, .name = "loss/ä", .value = -1e30F}};
        const auto read = readRunFile(write(toEventFile(run, metrics), "väl.tfevents"));
        QCOMPARE(rowsOf(read.metrics), rowsOf(metrics));
        QCOMPARE(read.run.started, run.started);
        QCOMPARE(read.run.ended, run.heartbeat);
        QCOMPARE(eventFileName(run), std::string("events.out.tfevents.1700000000.lvr.run-7"));
    }

    void aFolderStandsForItsOnlyRunFile() {
        QTemporaryDir folder;
        const fs::path logs = folder.path().toStdString();
        const auto refused = [&] { return errorOf([&] { readRunFile(logs); }); };
        std::ofstream(logs / "notes.txt") << "hello";
        QVERIFY(refused().contains("holds no files of a run"));
        fs::copy_file(kGolden, logs / "events.out.tfevents.1.host");
        const auto read = readRunFile(logs);
        QCOMPARE(rowsOf(read.metrics), rowsOf(readRunFile(kGolden).metrics));
        QCOMPARE(read.run.info.data, (logs / "events.out.tfevents.1.host").string());
        std::ofstream(logs / "trainer_state.json") << kTrainerState;
        QVERIFY(refused().contains("holds event files and a trainer_state.json; name one"));
    }

    void theEventFilesOfAResumedRunAreOneRun() {
        const auto read = readRunFile(kFixtures / "tb-resumed");
        QCOMPARE(rowsOf(read.metrics),
                 (QStringList{"0 train/loss 0", "1 train/loss 1", "2 train/loss 2",
                              "3 train/loss 3", "4 train/loss 14", "5 train/loss 15",
                              "6 train/loss 16", "7 train/loss 17", "8 train/loss 18"}));
        QCOMPARE(fs::path(read.run.info.data).filename().string(), std::string("tb-resumed"));
        QVERIFY(read.run.started > 0 && read.run.ended >= read.run.started);
        QVERIFY(read.run.message.empty());
    }

    // Steps that were done again are the later file's, and none of the earlier one's outlive them.
    void aResumedRunGoesOnWhereTheLaterFileBegins() {
        QTemporaryDir folder;
        const fs::path logs = folder.path().toStdString();
        const auto write = [&](const char* name, double started, const std::vector<Metric>& rows) {
            std::ofstream(logs / name, std::ios::binary)
                << toEventFile({.step = 9, .started = started, .heartbeat = started + 9}, rows);
        };
        // By their names the other way round.
        write("b.tfevents.1", 1000,
              {{.step = 1, .name = "loss", .value = 1},
               {.step = 1, .name = "eval", .value = 10},
               {.step = 2, .name = "loss", .value = 2},
               {.step = 4, .name = "loss", .value = 4}});
        write("a.tfevents.2", 2000,
              {{.step = 2, .name = "loss", .value = 20}, {.step = 3, .name = "loss", .value = 30}});
        const auto read = readRunFile(logs);
        QCOMPARE(rowsOf(read.metrics),
                 (QStringList{"1 eval 10", "1 loss 1", "2 loss 20", "3 loss 30"}));
        QCOMPARE(read.run.step, 3);
    }

    void aTrainerStateMayBeginWithAByteOrderMark() {
        const auto read = readRunFile(kFixtures / "trainer-state-bom");
        QVERIFY(!read.metrics.empty());
        QCOMPARE(rowsOf(readRunFile(write("\xef\xbb\xbf" + kTrainerState)).metrics),
                 rowsOf(readRunFile(write(kTrainerState)).metrics));
    }

    // As the format's description has it: CRC32C of "123456789" is e3069283.
    void recordsHoldMaskedChecksums() {
        std::string file;
        appendRecord(file, "123456789");
        QCOMPARE(file.size(), std::size_t{12 + 9 + 4});
        const std::uint32_t mask = (0xe3069283U >> 15 | 0xe3069283U << 17) + 0xa282ead8U;
        QCOMPARE(file.substr(21), std::string(reinterpret_cast<const char*>(&mask), 4));
    }

    void aFileCutAnywhereGivesItsBeginning() {
        const auto events = bytesOf(kGolden);
        auto whole = rowsOf(readRunFile(kGolden).metrics);
        whole.append("5 loss/total 0.80000001192092896");  // the last record takes its place
        std::set<std::size_t> ends{0};  // of records: nothing shows that more of them followed
        EventRecordReader reader(kGolden);
        for (std::string record; reader.next(record);)
            ends.insert(*ends.rbegin() + record.size() + 16);
        QCOMPARE(*ends.rbegin(), events.size());
        for (std::size_t length = 0; length < events.size(); ++length)
            if (!ends.contains(length)) compareBeginning(events.substr(0, length), whole);
        auto states = rowsOf(readRunFile(write(kTrainerState)).metrics);
        states.append("20 loss 1.25");
        for (std::size_t length = 0; length < kTrainerState.size() - 1; ++length)
            compareBeginning(kTrainerState.substr(0, length), states);
    }

    void aBitThatFlippedIsNoticed() {
        const auto events = bytesOf(kGolden);
        auto whole = rowsOf(readRunFile(kGolden).metrics);
        whole.append("5 loss/total 0.80000001192092896");
        for (std::size_t at = 0; at < events.size(); at += 7) {
            auto damaged = events;
            damaged[at] = static_cast<char>(damaged[at] ^ 1 << at % 8);
            compareBeginning(damaged, whole);
        }
        const auto read = [&] {
            auto damaged = events;
            damaged[events.size() / 2] ^= 1;
            return readRunFile(write(damaged)).run.message;
        }();
        QVERIFY2(QString::fromStdString(read).contains("checksum"), read.c_str());
    }

    void whatIsNoEventEndsTheReading() {
        auto file = toEventFile({.id = 1, .step = 1}, {{.step = 1, .name = "loss", .value = 2}});
        appendRecord(file, "\x09\x01");  // a double of which one byte is there
        const auto read = readRunFile(write(file));
        QCOMPARE(rowsOf(read.metrics), QStringList{"1 loss 2"});
        QVERIFY(QString::fromStdString(read.run.message).contains("record 3 holds no event"));
    }

    void aTrainerStateIsRead() {
        const auto file = write(kTrainerState, "trainer_state.json");
        const auto read = readRunFile(file);
        QCOMPARE(rowsOf(read.metrics),
                 (QStringList{"10 epoch 0.10000000000000001", "10 grad_norm nan", "10 loss 2.5",
                              "20 epoch 0.20000000000000001", "20 eval_loss 2", "20 loss 1.5",
                              "30 learning_rate 1.0000000000000001e-05", "30 loss -inf"}));
        QCOMPARE(read.run.info.steps, 300);
        QCOMPARE(read.run.step, 30);
        QVERIFY(std::abs(read.run.started - static_cast<double>(time(nullptr))) < 600);
        QCOMPARE(read.run.message, std::string("1 entries of log_history without a step were left "
                                               "out"));
    }

    void otherFilesAreRefused_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("why");
        QTest::newRow("empty") << QByteArray() << "neither";
        QTest::newRow("text") << QByteArray("step,loss\n1,2\n") << "neither";
        QTest::newRow("another JSON") << QByteArray("{\"model_type\": \"qwen\"}") << "log_history";
        QTest::newRow("no numbers")
            << QByteArray("{\"log_history\": [{\"step\": 1}]}") << "log_history";
        QTest::newRow("half a JSON")
            << QByteArray("{\"log_history\": [{\"st") << "stops being JSON";
        QTest::newRow("a deep one") << QByteArray(1 << 20, '[').prepend('{') << "stops being JSON";
        std::string file;
        appendRecord(file, {});
        QTest::newRow("no scalars") << QByteArray::fromStdString(file) << "holds no scalars";
        file = file.substr(0, 11);
        QTest::newRow("half a header") << QByteArray::fromStdString(file) << "neither";
    }
    void otherFilesAreRefused() {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, why);
        const auto file = write(bytes.toStdString());
        const auto error = errorOf([&] { readRunFile(file); });
        QVERIFY2(error.contains(why), qPrintable(error));
        QVERIFY2(error.contains(QString::fromStdString(file.string())), qPrintable(error));
    }

    void whatIsNoFileIsRefused() {
        QVERIFY(errorOf([&] { readRunFile(path("none")); }).contains("there is no file"));
        QVERIFY(errorOf([] { readRunFile("/dev/null"); }).contains("not a regular file"));
    }

    void anImportedRunIsAFinishedRunOfTheStore() {
        RunStore store(path("löcal.db"));
        auto read = readRunFile(kGolden);
        read.run.message = "only its beginning could be read";
        const auto id = store.add(read.run, read.metrics);
        const auto run = *store.find(id);
        QVERIFY(run.info == read.run.info);
        QVERIFY(run.status == RunStatus::Finished);
        QCOMPARE(run.message, read.run.message);
        QCOMPARE(run.started, read.run.started);
        QCOMPARE(run.ended, 1700000051.0);
        QCOMPARE(run.step, 5);
        QCOMPARE(rowsOf(store.metrics(id)), rowsOf(read.metrics));
    }

    void csvKeepsNumbersAndQuotesNames() {
        QCOMPARE(toCsv({{.step = 1, .name = "lr", .value = 0.1},
                        {.step = 2, .name = "a,\"b\"\n", .value = 1e-7},
                        {.step = 3, .name = std::string(300, 'x'), .value = -std::nan("")},
                        {.step = 4, .name = "loss", .value = -kInfinity}}),
                 "1,lr,0.1\n2,\"a,\"\"b\"\"\n\",1e-07\n3," + std::string(300, 'x') +
                     ",nan\n4,loss,-inf\n");
    }

    void jsonHoldsTheRunAndItsMetrics() {
        const Run run{.id = 3, .info = {.kind = "sft", .options = "{\"lr\": 0.5}"}};
        const auto json = nlohmann::json::parse(
            toJsonText(run, {{.step = 1, .name = "a\"\xff", .value = 0.1},
                             {.step = 2, .name = "b", .value = std::nan("")}}));
        QCOMPARE(json["options"]["lr"].get<double>(), 0.5);
        QCOMPARE(json["metrics"].size(), std::size_t{2});
        QCOMPARE(json["metrics"][0]["name"].get<std::string>(), std::string("a\"\ufffd"));
        QCOMPARE(json["metrics"][0]["value"].get<double>(), 0.1);
        QCOMPARE(json["metrics"][1]["value"].get<std::string>(), std::string("nan"));
        QVERIFY(nlohmann::json::parse(toJsonText(run, {}))["metrics"].empty());
    }

    void completionsAreReadableAsTextToo() {
        RunStore store(path("text.db"));
        const auto run = store.start({.kind = "grpo"});
        Rollout one{.prompt = "what, \"this\"?",
                    .completion = "two\nlines",
                    .rewards = {{"format", 1}},
                    .reward = 0.5,
                    .advantage = -0.25};
        Rollout two = one;
        two.rewards = {{"accuracy", 0.5}, {"format", 1}};
        store.append(run, 3, {}, {one, two});
        const auto written = [&](const char* name) {
            writeCompletions(store, run, path(name));
            QFile file(QString::fromStdString(path(name).string()));
            return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
        };
        QCOMPARE(written("c.csv"),
                 QByteArray("step,prompt,completion,accuracy,format,advantage,reward,image,group,"
                            "expected,stopped\n"
                            "3,\"what, \"\"this\"\"?\",\"two\nlines\",,1.0,-0.25,0.5,,0,,\n"
                            "3,\"what, \"\"this\"\"?\",\"two\nlines\",0.5,1.0,-0.25,0.5,,0,,\n"));
        const auto lines = written("c.jsonl").trimmed().split('\n');
        QCOMPARE(lines.size(), 2);
        const auto first = nlohmann::json::parse(lines[0].toStdString());
        QVERIFY(first["accuracy"].is_null());
        QCOMPARE(first["completion"].get<std::string>(), one.completion);
        const auto all = nlohmann::json::parse(written("c.json").toStdString());
        QCOMPARE(all.size(), std::size_t{2});
        QCOMPARE(all[0], first);
        QVERIFY_THROWS_EXCEPTION(Error, written("c.txt"));
        QVERIFY(!std::filesystem::exists(path("c.txt")));
    }

    void completionsAreATableAsTrlWritesThem() {
        RunStore store(path("rollouts.db"));
        const auto run = store.start({.kind = "grpo"});
        Rollout one{.group = 0,
                    .image = "ä.png",
                    .prompt = "what?",
                    .expected = "red",
                    .completion = "<answer> réd </answer>",
                    .rewards = {{"format", 1}},
                    .reward = 0.5,
                    .advantage = -0.25,
                    .stopped = "end_of_text"};
        Rollout two = one;
        two.group = 1;
        two.rewards = {{"accuracy", 0}, {"format", 1}};
        store.append(run, 3, {}, {one, two});
        store.append(run, 12, {}, {one});
        writeCompletions(store, run, path("täble.parquet"));

        const auto in = *arrow::io::ReadableFile::Open(path("täble.parquet").string());
        const auto reader = *parquet::arrow::OpenFile(in, arrow::default_memory_pool());
        const auto table = *reader->ReadTable();
        QVERIFY(table->schema()->field_names() ==
                (std::vector<std::string>{"step", "prompt", "completion", "accuracy", "format",
                                          "advantage", "reward", "image", "group", "expected",
                                          "stopped"}));
        QCOMPARE(table->num_rows(), std::int64_t{3});
        const auto cell = [&](const char* column, int row) {
            const auto value = *table->GetColumnByName(column)->GetScalar(row);
            return value->is_valid ? value->ToString() : "null";
        };
        QCOMPARE(cell("step", 1), std::string("3"));
        QCOMPARE(cell("step", 2), std::string("12"));
        QCOMPARE(cell("completion", 0), one.completion);
        QCOMPARE(cell("accuracy", 0), std::string("null"));
        QCOMPARE(cell("accuracy", 1), std::string("0"));
        QCOMPARE(cell("accuracy", 2), std::string("null"));
        QCOMPARE(cell("group", 1), std::string("1"));
        QCOMPARE(cell("advantage", 2), std::string("-0.25"));
        QCOMPARE(cell("image", 2), one.image);
    }

    void withoutRolloutsThereIsNoTable() {
        RunStore store(path("none.db"));
        const auto run = store.start({.kind = "sft"});
        QVERIFY(errorOf([&] {
                    writeCompletions(store, run, path("none.parquet"));
                }).contains("no rollouts"));
        QVERIFY(!fs::exists(path("none.parquet")));
    }

    void aHundredThousandMetricsTakeNoTime() {
        std::vector<Metric> metrics;
        for (int i = 0; i < 100'000; ++i)
            metrics.push_back({.step = i / 10,
                               .name = "metric/" + std::to_string(i % 10),
                               .value = std::sin(i) * 1e-3F});
        const Run run{.id = 1, .step = 9999, .started = 1, .heartbeat = 2};
        const CpuTimer timer;
        const auto csv = toCsv(metrics);
        const auto json = toJsonText(run, metrics);
        const auto read = readRunFile(write(toEventFile(run, metrics)));
        RunStore store(path("large.db"));
        QCOMPARE(store.metrics(store.add(read.run, read.metrics)).size(), metrics.size());
        QVERIFY2(timer.milliseconds() < 10'000, qPrintable(QString::number(timer.milliseconds())));
        QCOMPARE(std::count(csv.begin(), csv.end(), '\n'), std::ptrdiff_t{100'000});
        QVERIFY(json.size() < 10'000'000);
    }
};

QTEST_GUILESS_MAIN(RunsIoTest)
#include "runs_io_test.moc"
