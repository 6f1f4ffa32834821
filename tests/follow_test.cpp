// A training of another program, read along with as its files grow.

#include <SQLiteCpp/SQLiteCpp.h>
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>

#include <QTemporaryDir>
#include <QtTest>
#include <chrono>
#include <fstream>
#include <map>
#include <random>
#include <stop_token>

#include "app/training/followed_training.h"
#include "core/runs_io/event_records.h"
#include "core/runs_io/tensorboard.h"
#include "core/store/run_store.h"

using namespace lvr;
namespace fs = std::filesystem;

namespace {

QStringList rowsOf(const std::vector<Metric>& metrics) {
    QStringList rows;
    for (const auto& metric : metrics)
        rows.append(QString("%1 %2 %3")
                        .arg(metric.step)
                        .arg(QString::fromStdString(metric.name))
                        .arg(metric.value));
    return rows;
}

void write(const fs::path& file, const std::string& bytes) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes;
}
void append(const fs::path& file, const std::string& bytes) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary | std::ios::app) << bytes;
}

// One event file; its first scalar's time is `started`.
std::string eventsOf(const std::vector<Metric>& metrics, double started = 1000) {
    const int last = metrics.empty() ? 0 : metrics.back().step;
    return toEventFile({.step = last, .started = started, .heartbeat = started + last}, metrics);
}

std::vector<Metric> losses(int from, int to, double first = 1) {
    std::vector<Metric> metrics;
    for (int step = from; step <= to; ++step)
        metrics.push_back({.step = step, .name = "train/loss", .value = first / step});
    return metrics;
}

std::string stateOf(int from, int to, int planned, double first = 1) {
    std::string entries;
    for (int step = from; step <= to; step += 10)
        entries +=
            (entries.empty() ? "" : ", ") + QString(R"({"step": %1, "loss": %2, "epoch": 0.5})")
                                                .arg(step)
                                                .arg(first / step)
                                                .toStdString();
    return QString(R"({"global_step": %1, "max_steps": %2, "log_history": [)")
               .arg(to)
               .arg(planned)
               .toStdString() +
           entries + "]}";
}

// s since 1970
double now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// As TRL writes it: one file a logged step.
void writeTrlCompletions(const fs::path& file, int step, const std::string& said) {
    arrow::Int64Builder steps;
    arrow::StringBuilder prompts, completions;
    arrow::DoubleBuilder rewards, advantages;
    for (int i = 0; i < 4; ++i) {
        QVERIFY(steps.Append(step).ok() && prompts.Append(i < 2 ? "one?" : "two?").ok() &&
                completions.Append(said + std::to_string(i)).ok() && rewards.Append(i % 2).ok() &&
                advantages.Append(i % 2 - 0.5).ok());
    }
    const auto table = arrow::Table::Make(
        arrow::schema({arrow::field("step", arrow::int64()), arrow::field("prompt", arrow::utf8()),
                       arrow::field("completion", arrow::utf8()),
                       arrow::field("accuracy_reward", arrow::float64()),
                       arrow::field("advantage", arrow::float64())}),
        arrow::ArrayVector{*steps.Finish(), *prompts.Finish(), *completions.Finish(),
                           *rewards.Finish(), *advantages.Finish()});
    fs::create_directories(file.parent_path());
    auto out = *arrow::io::FileOutputStream::Open(file.string());
    QVERIFY(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, 1024).ok());
    QVERIFY(out->Close().ok());
}

}  // namespace

class FollowTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> temporary_;
    fs::path folder_;
    std::unique_ptr<RunStore> store_;
    std::int64_t run_ = 0;
    std::unique_ptr<FollowedTraining> training_;

    fs::path in(const char* name) const { return folder_ / name; }
    QStringList stored() const { return rowsOf(store_->metrics(run_)); }
    void followAnew() { training_ = std::make_unique<FollowedTraining>(folder_, *store_, run_); }

private Q_SLOTS:
    void init() {
        temporary_ = std::make_unique<QTemporaryDir>();
        folder_ = fs::path(temporary_->path().toStdString()) / "out";
        fs::create_directories(folder_);
        store_ = std::make_unique<RunStore>(folder_.parent_path() / "runs.db");
        run_ = store_->start({.kind = kFollowKind, .out = folder_.string()});
        followAnew();
    }
    void cleanup() {
        training_.reset();
        store_.reset();
    }

    void anEmptyFolderSaysWhatItWaitsFor() {
        QVERIFY(!training_->look());
        QVERIFY(training_->waitsFor().find("trainer_state.json") != std::string::npos);
        fs::remove(folder_);
        QVERIFY(!training_->look());
        QVERIFY(training_->waitsFor().find("gone") != std::string::npos);
        write(in("events.out.tfevents.1.host"), eventsOf(losses(1, 2)));
        QVERIFY(training_->look());
        QVERIFY(training_->waitsFor().empty());
    }

    // A writer's buffer ends anywhere.
    void anEventFileIsFollowedByteByByte() {
        const auto bytes = eventsOf(losses(1, 5));
        const auto file = in("events.out.tfevents.1.host");
        int looks = 0;
        for (const char byte : bytes) {
            append(file, {byte});
            looks += training_->look();
            const auto now = stored();
            QCOMPARE(now, rowsOf(losses(1, static_cast<int>(now.size()))));
        }
        QCOMPARE(looks, 6);  // each step once, and the record before them
        QCOMPARE(stored().size(), 5);
        QCOMPARE(training_->step(), 5);
        QVERIFY(training_->notices().empty());
        append(file, bytes.substr(0, 20));
        training_->look();
        QVERIFY(training_->notices().find("in the middle of record 7") != std::string::npos);
    }

    void aSessionThatWasResumedJoinsWithAFileOfItsOwn() {
        write(in("runs/Nov29_10/events.out.tfevents.1.host"), eventsOf(losses(1, 6)));
        training_->look();
        write(in("runs/Nov29_11/events.out.tfevents.2.host"), eventsOf(losses(5, 5, 7), 2000));
        QVERIFY(training_->look());
        auto whole = losses(1, 4);
        whole.push_back({.step = 5, .name = "train/loss", .value = 7.0 / 5});
        QCOMPARE(stored(), rowsOf(whole));
        fs::remove_all(in("runs/Nov29_10"));  // rotated away
        append(in("runs/Nov29_11/events.out.tfevents.2.host"),
               eventsOf({{.step = 6, .name = "train/loss", .value = 2}}, 2006));
        QVERIFY(training_->look());
        whole.push_back({.step = 6, .name = "train/loss", .value = 2});
        QCOMPARE(stored(), rowsOf(whole));
        // Another process goes on with it.
        followAnew();
        training_->look();
        QCOMPARE(stored(), rowsOf(whole));
    }

    void anEventFileThatIsReplacedIsReadAnew() {
        const auto file = in("events.out.tfevents.1.host");
        write(file, eventsOf(losses(1, 9)));
        training_->look();
        fs::remove(file);
        write(file, eventsOf(losses(1, 3, 5)));
        QVERIFY(training_->look());
        QCOMPARE(stored(), rowsOf(losses(1, 3, 5)));
        QCOMPARE(store_->find(run_)->step, 3);
    }

    // What a new file at an old one's place says first is nothing.
    void anEventFileThatBeginsAnewDoublesNothing() {
        const auto file = in("events.out.tfevents.1.host");
        write(file, eventsOf(losses(1, 9)));
        training_->look();
        fs::remove(file);
        for (const char byte : eventsOf(losses(1, 3, 5))) {
            append(file, {byte});
            training_->look();
            auto rows = stored();
            QCOMPARE(rows.removeDuplicates(), 0);
        }
        QCOMPARE(stored(), rowsOf(losses(1, 3, 5)));
    }

    // Another program keeps the store for itself for a while.
    void whatALockedStoreDidNotTakeIsStoredLater() {
        std::stop_source hurry;
        hurry.request_stop();
        store_->hurryWhen(hurry.get_token());
        SQLite::Database others((folder_.parent_path() / "runs.db").string(),
                                SQLite::OPEN_READWRITE);
        const auto lookWhileLocked = [&] {
            SQLite::Transaction locked(others, SQLite::TransactionBehavior::IMMEDIATE);
            for (int i = 0; i < 2; ++i) QVERIFY_THROWS_EXCEPTION(StoreIsLocked, training_->look());
        };
        writeTrlCompletions(in("completions/completions_00002.parquet"), 2, "said ");
        lookWhileLocked();
        QVERIFY(training_->look());
        QCOMPARE(store_->rollouts(run_, 2).size(), std::size_t{4});
        write(in("events.out.tfevents.1.host"), eventsOf(losses(1, 3)));
        write(in("trainer_state.json"), stateOf(10, 30, 60));
        writeTrlCompletions(in("completions/completions_00003.parquet"), 3, "said ");
        lookWhileLocked();
        QVERIFY(training_->look());
        QCOMPARE(stored(), rowsOf(losses(1, 3)));
        QCOMPARE(store_->find(run_)->info.steps, 60);
        QCOMPARE(store_->rollouts(run_, 3).size(), std::size_t{4});
        QVERIFY(!training_->look());
    }

    void aTrainerStateIsReadWhenItIsWhole() {
        const auto first = stateOf(10, 30, 60), second = stateOf(10, 50, 60);
        const auto file = in("trainer_state.json");
        write(in("checkpoint-30/trainer_state.json"), first);
        QVERIFY(training_->look());
        QCOMPARE(stored().size(), 6);  // loss and epoch
        QCOMPARE(store_->find(run_)->info.steps, 60);
        for (std::size_t length = 0; length < second.size(); length += 9) {
            write(file, second.substr(0, length));
            QVERIFY(!training_->look());
        }
        write(file, second);
        QVERIFY(training_->look());
        QCOMPARE(stored().size(), 10);
        QVERIFY(!training_->look());
        QVERIFY(!training_->isThrough());
        write(file, stateOf(10, 60, 60));
        training_->look();
        QVERIFY(training_->isThrough());
    }

    void aTrainingThatIsResumedWithMoreStepsIsNotThrough() {
        write(in("checkpoint-100/trainer_state.json"), stateOf(10, 100, 100));
        training_->look();
        QVERIFY(training_->isThrough() && !training_->wasThroughBefore());
        const auto file = in("runs/b/events.out.tfevents.2.host");
        write(file, eventsOf({}));  // no step was done yet
        training_->look();
        QVERIFY(!training_->isThrough());
        append(file, eventsOf(losses(101, 103)));
        training_->look();
        QVERIFY(!training_->isThrough());
        write(in("checkpoint-200/trainer_state.json"), stateOf(10, 200, 200));
        training_->look();
        QVERIFY(training_->isThrough());
        QCOMPARE(store_->find(run_)->info.steps, 200);
        append(file, eventsOf({{.step = 200, .name = "eval/loss", .value = 1}}, now() + 10));
        training_->look();
        QVERIFY(training_->isThrough());  // measured at the end
        write(in("runs/c/events.out.tfevents.3.host"), eventsOf(losses(51, 52), now() + 20));
        training_->look();
        QVERIFY(!training_->isThrough());  // gone back to an earlier checkpoint
    }

    void aStateFromLongBeforeMayBeAnEarlierTrainings() {
        const auto file = in("trainer_state.json");
        write(file, stateOf(10, 100, 100));
        fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
        training_->look();
        QVERIFY(training_->isThrough() && training_->wasThroughBefore());
        QVERIFY(training_->waitsFor().find("all 100 steps") != std::string::npos);
    }

    void aTrainingThatGoesBackLosesTheRolloutsBeyond() {
        const auto table = [&](int step) {
            return folder_ / "completions" /
                   ("completions_0000" + std::to_string(step) + ".parquet");
        };
        const auto first = in("runs/a/events.out.tfevents.1.host"),
                   second = in("runs/b/events.out.tfevents.2.host");
        write(first, eventsOf(losses(1, 7)));
        for (const int step : {5, 7, 9}) writeTrlCompletions(table(step), step, "said ");
        training_->look();
        // What is measured late is no step back.
        append(first, eventsOf({{.step = 4, .name = "eval", .value = 1}}, 1008));
        QVERIFY(training_->look());
        QCOMPARE(store_->rolloutSteps(run_), (std::vector{5, 7, 9}));
        QCOMPARE(store_->find(run_)->step, 9);
        write(second, eventsOf(losses(6, 6, 3), now()));
        QVERIFY(training_->look());
        QCOMPARE(store_->rolloutSteps(run_), std::vector{5});
        QCOMPARE(store_->find(run_)->step, 6);
        QCOMPARE(training_->step(), 6);
        QVERIFY(!training_->look());
        followAnew();
        training_->look();
        QCOMPARE(store_->rolloutSteps(run_), std::vector{5});
        writeTrlCompletions(table(7), 7, "anew ");
        fs::last_write_time(table(7), fs::file_time_type::clock::now() + std::chrono::seconds(10));
        QVERIFY(training_->look());
        QCOMPARE(store_->rolloutSteps(run_), (std::vector{5, 7}));
        QCOMPARE(store_->rollouts(run_, 7)[0].completion, std::string("anew 0"));
    }

    void aTrainerThatWentBackDoesItsStepsAgain() {
        const auto file = in("trainer_state.json");
        write(file, stateOf(10, 50, 100));
        training_->look();
        write(file, stateOf(10, 30, 100));
        QVERIFY(training_->look());
        QCOMPARE(stored().size(), 6);
        QCOMPARE(store_->find(run_)->step, 30);
        write(file, stateOf(10, 40, 100, 3));
        QVERIFY(training_->look());
        QCOMPARE(stored().size(), 8);
        QVERIFY(stored().contains("40 loss 0.075"));
    }

    void eventFilesSayMoreThanAStateBesideThem() {
        write(in("trainer_state.json"), stateOf(10, 30, 60));
        write(in("runs/a/events.out.tfevents.1.host"), eventsOf(losses(10, 12)));
        training_->look();
        QCOMPARE(stored(), rowsOf(losses(10, 12)));
        QCOMPARE(store_->find(run_)->info.steps, 60);
    }

    void completionsAreRolloutsOnceTheirFileIsWhole() {
        const auto source = folder_.parent_path() / "whole.parquet";
        writeTrlCompletions(source, 7, "said ");
        std::ifstream stream(source, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
        const auto file = in("completions/completions_00007.parquet");
        for (std::size_t length = 1; length < bytes.size(); length += bytes.size() / 13) {
            write(file, bytes.substr(0, length));
            QVERIFY(!training_->look());
            QVERIFY(training_->notices().find("completions_00007.parquet") != std::string::npos);
        }
        write(file, bytes);
        QVERIFY(training_->look());
        QVERIFY(training_->notices().empty());
        const auto rollouts = store_->rollouts(run_, 7);
        QCOMPARE(rollouts.size(), std::size_t{4});
        QCOMPARE(rollouts[3].completion, std::string("said 3"));
        QCOMPARE(rollouts[3].group, 1);
        QCOMPARE(rollouts[3].index, 1);
        QCOMPARE(rollouts[3].rewards.at("accuracy_reward"), 1.0);
        QCOMPARE(rollouts[3].reward, 1.0);
        QCOMPARE(rollouts[3].advantage, 0.5);
        // Done again after the trainer went back.
        writeTrlCompletions(file, 7, "anew ");
        fs::last_write_time(file, fs::file_time_type::clock::now() + std::chrono::seconds(2));
        QVERIFY(training_->look());
        QCOMPARE(store_->rollouts(run_, 7).size(), std::size_t{4});
        QCOMPARE(store_->rollouts(run_, 7)[0].completion, std::string("anew 0"));
        followAnew();
        QVERIFY(!training_->look());
    }

    void linesOfCompletionsAreReadAsTheyCome() {
        const auto file = in("completions.jsonl");
        const std::string line =
            R"({"step": 3, "prompt": [{"role": "user", "content": "one?"}], )"
            R"("completion": [{"role": "assistant", "content": "yes"}], "length": 3, "advantage": NaN})"
            "\n";
        append(file, line + line.substr(0, 20));
        QVERIFY(training_->look());
        QCOMPARE(store_->rollouts(run_, 3).size(), std::size_t{1});
        QCOMPARE(store_->rollouts(run_, 3)[0].prompt, std::string("one?"));
        append(file, line.substr(20));
        QVERIFY(training_->look());
        QCOMPARE(store_->rollouts(run_, 3).size(), std::size_t{2});
        const std::string odd = R"({"step": 4, "completion": "a", "group": )";
        append(file, odd + "1e300}\n" + odd + "-1}\n" + odd + "2}\n");
        QVERIFY(training_->look());
        QCOMPARE(store_->rollouts(run_, 4).at(0).group, 0);
        QCOMPARE(store_->rollouts(run_, 4).at(1).group, 0);
        QCOMPARE(store_->rollouts(run_, 4).at(2).group, 2);
        // A line that can't be read is said and left out; what follows it counts.
        append(file, "{no json}\n{\"step\": 5}\n" + odd + "3}\n");
        QVERIFY(training_->look());
        QVERIFY(training_->notices().find("isn't JSON in line 6; it and 1 more are left out") !=
                std::string::npos);
        QCOMPARE(store_->rollouts(run_, 4).size(), std::size_t{4});
    }

    // The window takes rows as they come; a step below the last one stands for all that it had from
    // there on. Whatever happens to the files it has what the store has, and that what they say.
    void whoReadsAlongHasTheSame() {
        for (unsigned seed = 0; seed < 8; ++seed) {
            cleanup();
            init();
            const RunStore others(folder_.parent_path() / "runs.db", RunStore::Access::Read);
            std::mt19937 random(seed);
            std::map<std::pair<int, std::string>, double> along;
            std::int64_t cursor = 0;
            int step = 0, session = 1, newest = 0;
            for (int turn = 0; turn < 40; ++turn) {
                const auto file = in(("runs/" + std::to_string(session) + "/a.tfevents.b").c_str());
                switch (random() % 8) {
                    case 0:  // it was killed and resumed from before
                        step = static_cast<int>(random() % (step + 1));
                        ++session;
                        break;
                    case 1:  // measured late
                        append(file,
                               eventsOf({{.step = step / 2, .name = "eval", .value = 1.0 * turn}},
                                        1000.0 * session + turn));
                        break;
                    default: {
                        const int to = step + 1 + static_cast<int>(random() % 5);
                        append(file,
                               eventsOf(losses(step + 1, to, turn + 1), 1000.0 * session + turn));
                        step = to;
                    }
                }
                training_->look();
                for (const auto& row : others.readNew(run_, cursor)) {
                    if (row.step < newest)
                        std::erase_if(along, [&](const auto& entry) {
                            return entry.first.first >= row.step;
                        });
                    newest = row.step;
                    along[{row.step, row.name}] = row.value;
                }
                QStringList rows;
                for (const auto& [place, value] : along)
                    rows.append(QString("%1 %2 %3")
                                    .arg(place.first)
                                    .arg(QString::fromStdString(place.second))
                                    .arg(value));
                QCOMPARE(rows, stored());
            }
            const auto before = stored();
            followAnew();
            training_->look();
            QCOMPARE(stored(), before);
        }
    }
};

QTEST_GUILESS_MAIN(FollowTest)
#include "follow_test.moc"
