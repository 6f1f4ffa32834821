#include "app/runs/store_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <stop_token>
#include <utility>

#include "core/error.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

constexpr int kOftenMs = 200;    // while something runs, or the file is still to come
constexpr int kSeldomMs = 1000;  // otherwise
constexpr int kPiece = 20000;    // rows of a look; a window takes a millisecond for them

using FileIdentity = std::pair<std::uint64_t, std::uint64_t>;  // device, inode

// Nothing when there is no such file.
FileIdentity identityOf(const std::filesystem::path& file) {
    struct stat status {};
    if (stat(file.c_str(), &status) != 0) return {};
    return {status.st_dev, status.st_ino};
}

int rowsIn(const std::vector<MetricColumn>& columns) {
    std::size_t rows = 0;
    for (const auto& column : columns) rows += column.steps.size();
    return static_cast<int>(rows);
}

// What a step's groups are judged by over time.
bool isGroupHealth(const MetricColumn& column) {
    static constexpr std::array kNames = {"groups/zero_variance", "reward/mean",
                                          "span/trigger_rate", "span/unclosed_rate"};
    return std::ranges::find(kNames, column.name) != kNames.end();
}

// Empty when the model of this step is not kept.
std::string folderOf(const std::vector<CheckpointRow>& checkpoints, int step) {
    for (const auto& checkpoint : checkpoints)
        if (checkpoint.step == step && checkpoint.kept) return checkpoint.folder;
    return {};
}

}  // namespace

struct StoreReader::Look {
    Wanted wanted;
    bool isOtherFile = false, isMissing = false, isAnyAlive = false;
    bool hasMore = false;  // another look would find more at once
    QString trouble;       // new
    std::optional<std::vector<RunSummary>> runs;
    std::map<std::int64_t, std::vector<MetricColumn>> metrics;
    std::optional<std::vector<int>> steps;
    std::vector<MetricColumn> health;
    std::optional<std::vector<ProbeStep>> probes;
};

// The reading thread's, but for what is marked.
class StoreReader::Store {
public:
    Look look(const Wanted& wanted);
    // Null: another step is wanted by now, or there is no store, which was said.
    SharedRollouts readStep(quint64 id, std::int64_t run, int& step);
    // A change makes no store, and is not for the run that has the same number in another one.
    void change(const Run& run, const std::function<void(RunStore&)>& act);

    std::stop_source stop;                // any thread
    std::atomic<quint64> newestStep = 0;  // any thread

private:
    struct Cursor {
        quint64 ticket = 0;
        std::int64_t seq = 0;
        std::int64_t version = -1;  // of the store when the rest was read
    };
    void begin(const Wanted& wanted);
    bool findFile(Look& look);
    void complain(const QString& sentence, bool isMissing, Look& look);
    void lookInside(Look& look);
    void listRuns(Look& look);
    RunSummary summarize(Run run);
    void readMetrics(Look& look);
    void readRollouts(Look& look, std::int64_t version);
    void readProbes(Look& look, std::int64_t version);
    bool isAnyAlive() const;

    quint64 id_ = 0;
    std::filesystem::path file_;
    FileIdentity identity_;
    std::unique_ptr<RunStore> store_;
    std::int64_t version_ = -1;                 // when it was listed; -1: never
    std::map<std::int64_t, RunSummary> known_;  // as told
    std::map<std::int64_t, Cursor> cursors_;    // of the subscribed runs
    Cursor rollouts_, probes_;
    std::vector<int> probedSteps_;
    std::vector<CheckpointRow> probedCheckpoints_;
    QString complaint_;  // as told; empty when all is well
};

void StoreReader::Store::begin(const Wanted& wanted) {
    if (wanted.store == id_) return;
    id_ = wanted.store;
    file_ = wanted.file;
    store_.reset();
    identity_ = {};
    known_.clear();
    complaint_.clear();
}

StoreReader::Look StoreReader::Store::look(const Wanted& wanted) {
    Look look{.wanted = wanted};
    if (wanted.file.empty() || stop.stop_requested()) return look;
    begin(wanted);
    try {
        if (findFile(look)) lookInside(look);
    } catch (...) {
        const auto sentence = thrownSentence();
        store_.reset();
        if (std::error_code ignored; std::filesystem::exists(file_, ignored))
            complain(sentence, false, look);
        else
            findFile(look);  // it went away between two looks
    }
    look.isAnyAlive = identity_ == FileIdentity() || isAnyAlive();
    return look;
}

bool StoreReader::Store::findFile(Look& look) {
    const auto identity = identityOf(file_);
    if (identity == FileIdentity()) {
        store_.reset();
        const bool isNews = std::exchange(identity_, {}) != FileIdentity() || complaint_.isEmpty();
        if (isNews)
            complain((known_.empty()
                          ? tr("There is no run store %1 yet; the first training makes it.")
                          : tr("The run store %1 is gone; its runs show again when it is back."))
                         .arg(QString::fromStdU16String(file_.u16string())),
                     true, look);
        return false;
    }
    if (store_ && identity == identity_) return true;
    store_ = std::make_unique<RunStore>(file_, RunStore::Access::Read);
    version_ = -1;
    if (identity == identity_) return true;
    identity_ = identity;
    known_.clear();
    cursors_.clear();
    rollouts_ = probes_ = {};
    look.isOtherFile = true;
    return true;
}

void StoreReader::Store::complain(const QString& sentence, bool isMissing, Look& look) {
    known_.clear();
    if (sentence == complaint_) return;
    look.trouble = complaint_ = sentence;
    look.isMissing = isMissing;
}

bool StoreReader::Store::isAnyAlive() const {
    return std::ranges::any_of(known_,
                               [](const auto& entry) { return isAlive(entry.second.run.status); });
}

void StoreReader::Store::lookInside(Look& look) {
    const auto version = store_->version();
    // A process that died writes nothing: what runs is looked at in any case.
    if (version != version_ || isAnyAlive() || !complaint_.isEmpty()) listRuns(look);
    version_ = version;
    complaint_.clear();
    readMetrics(look);
    readRollouts(look, version);
    readProbes(look, version);
}

void StoreReader::Store::listRuns(Look& look) {
    std::map<std::int64_t, RunSummary> now;
    std::vector<RunSummary> list;
    bool changed = version_ < 0 || !complaint_.isEmpty();
    for (auto& run : store_->runs()) {
        if (run.info.kind == kComparisonKind) continue;  // no training; Compare shows it
        const auto before = known_.find(run.id);
        const bool isSame = before != known_.end() && before->second.run == run;
        changed = changed || !isSame;
        list.push_back(isSame ? before->second : summarize(std::move(run)));
        now.emplace(list.back().run.id, list.back());
    }
    changed = changed || now.size() != known_.size();
    known_ = std::move(now);
    if (changed) look.runs = std::move(list);
}

RunSummary StoreReader::Store::summarize(Run run) {
    const auto id = run.id;
    const bool mayHave = run.info.kind == "grpo";
    return {.run = std::move(run),
            .newest = store_->newestMetrics(id),
            .alerts = store_->alerts(id),
            .hasRollouts = mayHave && !store_->rolloutSteps(id).empty()};
}

// A piece at a time: what else is wanted must not wait for millions of rows.
void StoreReader::Store::readMetrics(Look& look) {
    const auto& wanted = look.wanted.metrics;
    std::erase_if(cursors_, [&](const auto& entry) { return !wanted.contains(entry.first); });
    int room = kPiece;
    for (const auto& [run, ticket] : wanted) {
        auto& cursor = cursors_[run];
        if (cursor.ticket != ticket) cursor = {.ticket = ticket};
        auto columns = store_->readNewColumns(run, cursor.seq, room);
        room -= rowsIn(columns);
        if (!columns.empty()) look.metrics[run] = std::move(columns);
        if (room > 0) continue;
        look.hasMore = true;
        return;
    }
}

void StoreReader::Store::readRollouts(Look& look, std::int64_t version) {
    const auto [run, ticket] = look.wanted.rollouts;
    if (run == 0 || look.hasMore) return;
    if (rollouts_.ticket != ticket) rollouts_ = {.ticket = ticket};
    if (rollouts_.version == version) return;
    if (rollouts_.version < 0 || rollouts_.seq == 0) look.steps = store_->rolloutSteps(run);
    look.health = store_->readNewColumns(run, rollouts_.seq, kPiece);
    look.hasMore = rowsIn(look.health) >= kPiece;
    std::erase_if(look.health, [](const MetricColumn& column) { return !isGroupHealth(column); });
    if (look.hasMore) return;
    look.steps = store_->rolloutSteps(run);
    rollouts_.version = version;
}

void StoreReader::Store::readProbes(Look& look, std::int64_t version) {
    const auto [run, ticket] = look.wanted.probes;
    if (run == 0) return;
    const bool isOther = probes_.ticket != ticket;
    if (!isOther && probes_.version == version) return;
    auto steps = store_->sampleSteps(run);
    auto checkpoints = store_->checkpoints(run);
    probes_ = {.ticket = ticket, .version = version};
    if (!isOther && steps == probedSteps_ && checkpoints == probedCheckpoints_) return;
    look.probes.emplace();
    for (const int step : steps)
        look.probes->push_back({step, store_->samples(run, step), folderOf(checkpoints, step)});
    probedSteps_ = std::move(steps);
    probedCheckpoints_ = std::move(checkpoints);
}

SharedRollouts StoreReader::Store::readStep(quint64 id, std::int64_t run, int& step) {
    if (id != newestStep || !store_) return nullptr;
    if (step == kNewest) {
        const auto steps = store_->rolloutSteps(run);
        step = steps.empty() ? 0 : steps.back();
    }
    return std::make_shared<const std::vector<Rollout>>(store_->rollouts(run, step));
}

void StoreReader::Store::change(const Run& run, const std::function<void(RunStore&)>& act) {
    const auto identity = identityOf(file_);
    if (identity == FileIdentity()) throw Error("the run store " + file_.string() + " is gone");
    if (identity != identity_) throw Error("another run store took the place of " + file_.string());
    RunStore store(file_);
    store.hurryWhen(stop.get_token());
    const auto known = store.find(run.id);
    if (!known || known->started != run.started)
        throw Error("run " + std::to_string(run.id) + " is not in " + file_.string() + " any more");
    act(store);
}

// ---- On the GUI thread ----

StoreReader::StoreReader(QObject* parent) : QObject(parent), store_(std::make_unique<Store>()) {
    timer_.setSingleShot(true);
    connect(&timer_, &QTimer::timeout, this, &StoreReader::lookNow);
}

StoreReader::~StoreReader() { finish(); }

void StoreReader::finish() {
    if (std::exchange(isFinished_, true)) return;
    timer_.stop();
    store_->stop.request_stop();
    job_.finish();
}

void StoreReader::open(const std::filesystem::path& file) {
    wanted_.file = file;
    wanted_.store = ++tickets_;
    runs_.clear();
    hasListed_ = false;
    trouble_.clear();
    lookNow();
}

void StoreReader::subscribe(const std::vector<std::int64_t>& runs) {
    std::map<std::int64_t, quint64> metrics;
    for (const auto run : runs) {
        const auto before = wanted_.metrics.find(run);
        metrics[run] = before != wanted_.metrics.end() ? before->second : ++tickets_;
    }
    wanted_.metrics = std::move(metrics);
    wanted_.subscription = ++tickets_;
    lookNow();
}

void StoreReader::follow(Following& following, std::int64_t run) {
    auto& last = &following == &wanted_.rollouts ? lastRollouts_ : lastProbes_;
    // What was read of probes while nobody followed was told to nobody: it is read again.
    const bool resumes = &following == &wanted_.probes && following.run == 0;
    if (run != 0 && (run != last.run || resumes)) last = {run, ++tickets_};
    following = run != 0 ? last : Following();
    if (run != 0) lookNow();
}

void StoreReader::followRollouts(std::int64_t run) { follow(wanted_.rollouts, run); }
void StoreReader::followProbes(std::int64_t run) { follow(wanted_.probes, run); }

void StoreReader::lookNow() {
    if (isFinished_ || wanted_.file.empty()) return;
    looksAgain_ = isLooking_;
    if (!isLooking_) startLook();
}

void StoreReader::startLook() {
    isLooking_ = true;
    timer_.stop();
    job_.add([store = store_.get(), wanted = wanted_] { return store->look(wanted); },
             [this](const Look& look) { take(look); },
             [this](const QString& sentence) { take({.wanted = wanted_, .trouble = sentence}); });
}

void StoreReader::take(const Look& look) {
    isLooking_ = false;
    if (look.wanted.store == wanted_.store) tell(look);
    if (isFinished_ || isLooking_) return;
    if (look.hasMore || std::exchange(looksAgain_, false)) return startLook();
    timer_.start(look.isAnyAlive ? kOftenMs : kSeldomMs);
}

void StoreReader::tell(const Look& look) {
    if (look.isOtherFile) {
        lastRollouts_ = lastProbes_ = {};
        Q_EMIT opened();
    }
    if (!look.trouble.isEmpty()) {
        trouble_ = look.trouble;
        if (look.isMissing)
            Q_EMIT missing(trouble_);
        else
            Q_EMIT failed(trouble_);
    }
    if (look.runs) {
        trouble_.clear();
        hasListed_ = true;
        runs_ = *look.runs;
        Q_EMIT runsChanged(*look.runs);
    }
    for (const auto& [run, columns] : look.metrics)
        if (const auto now = wanted_.metrics.find(run);
            now != wanted_.metrics.end() && now->second == look.wanted.metrics.at(run))
            Q_EMIT metricsAdded(run, columns);
    tellFollowed(look);
    if (!look.hasMore && look.wanted.subscription == wanted_.subscription) Q_EMIT upToDate();
}

void StoreReader::tellFollowed(const Look& look) {
    const auto [run, ticket] = look.wanted.rollouts;
    if (run != 0 && ticket == wanted_.rollouts.ticket) {
        if (look.steps) Q_EMIT stepsRead(run, *look.steps);
        if (!look.health.empty()) Q_EMIT healthRead(run, look.health);
        if (!look.hasMore) Q_EMIT rolloutsFollowed(run);
    }
    if (look.probes && look.wanted.probes.ticket == wanted_.probes.ticket)
        Q_EMIT probesRead(look.wanted.probes.run, *look.probes);
}

void StoreReader::readStep(std::int64_t run, int step) {
    const auto id = store_->newestStep = ++newestStep_;
    const auto work = [store = store_.get(), id, run, step]() mutable {
        auto rollouts = store->readStep(id, run, step);
        return std::pair(step, std::move(rollouts));
    };
    job_.add(
        work,
        [this, id, run](const std::pair<int, SharedRollouts>& read) {
            if (read.second && id == newestStep_) Q_EMIT stepRead(run, read.first, read.second);
        },
        [this, id](const QString& sentence) {
            if (id == newestStep_) Q_EMIT stepFailed(sentence);
        });
}

void StoreReader::change(const Run& run, const std::function<void(RunStore&)>& act,
                         const std::function<void(const QString& why)>& then) {
    if (isFinished_) return;
    const auto done = [this, then](const QString& why) {
        then(why);
        lookNow();
    };
    job_.add([store = store_.get(), run, act] { store->change(run, act); }, [done] { done({}); },
             done);
}

void StoreReader::remove(const Run& run) {
    change(
        run, [id = run.id](RunStore& store) { store.remove(id); },
        [this](const QString& why) {
            if (!why.isEmpty()) Q_EMIT changeFailed(why);
        });
}

void StoreReader::setNotes(const Run& run, const QString& notes) {
    change(
        run,
        [id = run.id, text = notes.toStdString()](RunStore& store) { store.setNotes(id, text); },
        [this, id = run.id, notes](const QString& why) { Q_EMIT notesTold(id, notes, why); });
}

}  // namespace lvr
