#include "app/runs/store_look.h"

#include <sys/stat.h>

#include <QObject>
#include <algorithm>
#include <array>
#include <set>

#include "core/error.h"
#include "core/store/run_store.h"
#include "core/values/causal_report.h"
#include "core/values/evaluation.h"
#include "widgets/job.h"

namespace lvr {
namespace {

constexpr int kPiece = 20000;  // rows of a look; a window takes a millisecond for them

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

// The others are shown by Compare, by Causal, and by lvr runs show.
bool isTraining(const std::string& kind) {
    return kind != kComparisonKind && kind != kEvaluationKind && kind != kCausalKind;
}

}  // namespace

StoreLooker::FileIdentity StoreLooker::identityOf(const std::filesystem::path& file) {
    struct stat status {};
    if (stat(file.c_str(), &status) != 0) return {};
    return {status.st_dev, status.st_ino};
}

void StoreLooker::begin(const StoreWanted& wanted) {
    if (wanted.store == id_) return;
    id_ = wanted.store;
    file_ = wanted.file;
    store_.reset();
    identity_ = {};
    isMissing_ = false;
    known_.clear();
    complaint_.clear();
}

StoreLook StoreLooker::look(const StoreWanted& wanted) {
    StoreLook look{.wanted = wanted};
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

bool StoreLooker::findFile(StoreLook& look) {
    const auto identity = identityOf(file_);
    if (identity == FileIdentity()) {
        store_.reset();
        identity_ = {};
        if (!std::exchange(isMissing_, true))
            complain(
                (known_.empty()
                     ? QObject::tr("There is no run store %1 yet; the first training makes it.")
                     : QObject::tr(
                           "The run store %1 is gone; its runs show again when it is back."))
                    .arg(QString::fromStdU16String(file_.u16string())),
                true, look);
        return false;
    }
    isMissing_ = false;
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

void StoreLooker::complain(const QString& sentence, bool isMissing, StoreLook& look) {
    known_.clear();
    if (sentence == complaint_) return;
    look.trouble = complaint_ = sentence;
    look.isMissing = isMissing;
}

bool StoreLooker::isAnyAlive() const {
    return std::ranges::any_of(known_,
                               [](const auto& entry) { return isAlive(entry.second.run.status); });
}

void StoreLooker::lookInside(StoreLook& look) {
    const auto version = store_->version();
    // A process that died writes nothing: what runs is looked at in any case.
    if (version != version_ || isAnyAlive() || !complaint_.isEmpty()) listRuns(look);
    version_ = version;
    complaint_.clear();
    readMetrics(look);
    readRollouts(look, version);
    readProbes(look, version);
}

void StoreLooker::listRuns(StoreLook& look) {
    std::map<std::int64_t, RunSummary> now;
    std::vector<RunSummary> list;
    bool changed = version_ < 0 || !complaint_.isEmpty();
    for (auto& run : store_->runs()) {
        if (!isTraining(run.info.kind)) continue;
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

RunSummary StoreLooker::summarize(Run run) {
    const auto id = run.id;
    const bool mayHave = run.info.kind == "grpo" || run.info.kind == kFollowKind;
    RunSummary summary{
        .run = std::move(run), .newest = store_->newestMetrics(id), .alerts = store_->alerts(id)};
    std::set<int> steps;
    if (mayHave)
        for (const int step : store_->rolloutSteps(id)) steps.insert(step);
    summary.hasRollouts = !steps.empty();
    for (const int step : store_->sampleSteps(id)) steps.insert(step);
    for (auto& checkpoint : store_->checkpoints(id)) {
        if (!checkpoint.kept) continue;
        steps.insert(checkpoint.step);
        summary.checkpoints.push_back(std::move(checkpoint));
    }
    summary.steps.assign(steps.begin(), steps.end());
    return summary;
}

// A piece at a time: what else is wanted must not wait for millions of rows.
void StoreLooker::readMetrics(StoreLook& look) {
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

void StoreLooker::readRollouts(StoreLook& look, std::int64_t version) {
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

void StoreLooker::readProbes(StoreLook& look, std::int64_t version) {
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

SharedRollouts StoreLooker::readStep(quint64 id, std::int64_t run, int& step) {
    if (id != newestStep || !store_) return nullptr;
    if (step == kNewestStep) {
        const auto steps = store_->rolloutSteps(run);
        step = steps.empty() ? 0 : steps.back();
    }
    return std::make_shared<const std::vector<Rollout>>(store_->rollouts(run, step));
}

void StoreLooker::change(const Run& run, const std::function<void(RunStore&)>& act) {
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

}  // namespace lvr
