#include "app/runs/store_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <exception>

#include "core/error.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

constexpr int kOftenMs = 200;    // while something runs, or the file is still to come
constexpr int kPiece = 20000;    // rows told at once; a window takes a millisecond for them
constexpr int kSeldomMs = 1000;  // otherwise

bool anyRuns(const std::map<std::int64_t, RunSummary>& runs) {
    return std::any_of(runs.begin(), runs.end(),
                       [](const auto& entry) { return isAlive(entry.second.run.status); });
}

}  // namespace

StoreWatch::StoreWatch(QObject* parent) : QObject(parent), timer_(this) {
    timer_.setSingleShot(true);
    connect(&timer_, &QTimer::timeout, this, &StoreWatch::look);
}

StoreWatch::~StoreWatch() = default;

void StoreWatch::open(quint64 id, const std::filesystem::path& file) {
    id_ = id;
    file_ = file;
    store_.reset();
    identity_ = {};
    cursors_.clear();
    complaint_.clear();
    look();
}

void StoreWatch::subscribe(quint64 subscription, const std::vector<std::int64_t>& runs) {
    subscription_ = subscription;
    std::map<std::int64_t, std::int64_t> cursors;
    for (const auto run : runs) cursors[run] = cursors_.contains(run) ? cursors_[run] : 0;
    cursors_ = std::move(cursors);
    if (!isOvertaken()) look();
}

bool StoreWatch::isOvertaken() const {
    return stop_.stop_requested() || subscription_ != expected_;
}

void StoreWatch::remove(const Run& run) {
    const auto why = change(run, [id = run.id](RunStore& store) { store.remove(id); });
    if (!why.isEmpty()) Q_EMIT changeFailed(id_, why);
}

void StoreWatch::setNotes(const Run& run, const QString& notes) {
    const auto why = change(run, [id = run.id, text = notes.toStdString()](RunStore& store) {
        store.setNotes(id, text);
    });
    Q_EMIT notesTold(id_, run.id, notes, why);
}

// Returns why it was not done. A change makes no store, and is not for the run that has the same
// number in another one.
QString StoreWatch::change(const Run& run, const std::function<void(RunStore&)>& act) {
    QString why;
    try {
        demandSameFile();
        RunStore store(file_);
        store.hurryWhen(stop_.get_token());
        const auto known = store.find(run.id);
        if (!known || known->started != run.started)
            throw Error("run " + std::to_string(run.id) + " is not in " + file_.string() +
                        " any more");
        act(store);
    } catch (const std::exception& error) {
        why = QString::fromUtf8(error.what());
    }
    look();
    return why;
}

void StoreWatch::demandSameFile() const {
    struct stat status {};
    if (stat(file_.c_str(), &status) != 0)
        throw Error("the run store " + file_.string() + " is gone");
    if (FileIdentity(status.st_dev, status.st_ino) != identity_)
        throw Error("another run store took the place of " + file_.string());
}

void StoreWatch::look() {
    if (file_.empty() || stop_.stop_requested()) return;
    try {
        if (findFile()) lookInside();
    } catch (const std::exception& error) {
        store_.reset();
        if (isThere())
            complain(QString::fromUtf8(error.what()), false);
        else
            complainOfNoFile();  // it went away between two looks
    }
    Q_EMIT upToDate(id_, subscription_);
    timer_.start(identity_ == FileIdentity() || anyRuns(known_) ? kOftenMs : kSeldomMs);
}

bool StoreWatch::isThere() const {
    std::error_code ignored;
    return std::filesystem::exists(file_, ignored);
}

void StoreWatch::complainOfNoFile() {
    store_.reset();
    identity_ = {};
    complain(tr("There is no run store %1 yet; the first training makes it.")
                 .arg(QString::fromStdU16String(file_.u16string())),
             true);
}

// False when there is no file. A file that took the place of the one that was read is another
// store.
bool StoreWatch::findFile() {
    struct stat status {};
    if (stat(file_.c_str(), &status) != 0) {
        complainOfNoFile();
        return false;
    }
    const FileIdentity identity(status.st_dev, status.st_ino);
    if (store_ && identity == identity_) return true;
    store_ = std::make_unique<RunStore>(file_, RunStore::Access::Read);
    version_ = -1;
    if (identity != identity_) {
        identity_ = identity;
        known_.clear();
        for (auto& [run, cursor] : cursors_) cursor = 0;
        Q_EMIT opened(id_);
    }
    return true;
}

void StoreWatch::lookInside() {
    const auto version = store_->version();
    // A process that died writes nothing: what runs is looked at in any case.
    if (version != version_ || anyRuns(known_) || !complaint_.isEmpty()) listRuns();
    version_ = version;
    complaint_.clear();
    readMetrics();
}

void StoreWatch::listRuns() {
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
    if (changed) Q_EMIT runsChanged(id_, list);
}

RunSummary StoreWatch::summarize(Run run) {
    const auto id = run.id;
    const bool mayHave = run.info.kind == "grpo";
    return {.run = std::move(run),
            .newest = store_->newestMetrics(id),
            .alerts = store_->alerts(id),
            .hasRollouts = mayHave && !store_->rolloutSteps(id).empty()};
}

void StoreWatch::readMetrics() {
    for (auto& [run, cursor] : cursors_) {
        for (;;) {
            const auto columns = store_->readNewColumns(run, cursor, kPiece);
            if (columns.empty()) break;
            Q_EMIT metricsAdded(id_, run, columns);
            if (isOvertaken()) return;  // another is waited for
        }
    }
}

void StoreWatch::complain(const QString& sentence, bool isMissing) {
    known_.clear();
    if (sentence == complaint_) return;
    complaint_ = sentence;
    if (isMissing)
        Q_EMIT missing(id_, sentence);
    else
        Q_EMIT failed(id_, sentence);
}

}  // namespace lvr
