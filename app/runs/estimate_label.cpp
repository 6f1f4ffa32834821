#include "app/runs/estimate_label.h"

#include <QDateTime>
#include <QFileInfo>
#include <QProcess>
#include <QTemporaryDir>
#include <algorithm>
#include <array>

#include "app/runs/run_estimate.h"
#include "core/error.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

constexpr int kTimed = 4;  // steps; the first, which also prepares the others, is not counted

// The same training, but short, and without what is done between steps.
NewRun shortened(NewRun run, const QString& out) {
    std::erase_if(run.options, [](const auto& option) {
        constexpr std::array kLengths = {"steps", "max-steps", "epochs", "cool-down"};
        return std::ranges::find(kLengths, option.first) != kLengths.end();
    });
    const auto steps = QString::number(kTimed);
    if (run.kind == "grpo")
        run.options.emplace_back("max-steps", steps);
    else
        run.options.insert(run.options.end(), {{"steps", steps}, {"cool-down", "0"}});
    run.out = out;
    run.saveEvery = 0;
    run.validationData.clear();
    return run;
}

// Of the steps after the first; 0: there are none.
double secondsPerStepIn(const QString& store) {
    try {
        const RunStore runs(store.toStdString(), RunStore::Access::Read);
        const auto elapsed = runs.metrics(runs.runs().at(0).id, "time/elapsed");
        if (elapsed.size() < 2) return 0;
        return (elapsed.back().value - elapsed.front().value) /
               static_cast<double>(elapsed.size() - 1);
    } catch (const std::exception&) {
        return 0;  // what is wrong is said when the run is started
    }
}

constexpr int kSoonMs = 250;          // after the last letter
constexpr int kTimeSoonMs = 1000;     // a training is not begun for every letter
constexpr double kSmallModel = 50e6;  // parameters; a few steps take seconds

// What the number of records depends on, as far as the form knows.
QString dataOf(const NewRun& run) {
    auto text = run.imageRoot;
    for (const auto& path : pathsIn(run.data)) {
        const QFileInfo file(path);
        text += '\n' + path + QString::number(file.size()) +
                file.lastModified().toString(Qt::ISODateWithMs);
    }
    return text;
}

}  // namespace

TimedSteps::TimedSteps(const QString& program, QObject* parent)
    : QObject(parent), program_(program) {}

TimedSteps::~TimedSteps() { stop(); }

QString TimedSteps::keyOf(const NewRun& run) {
    return argumentsOf(shortened(run, {}), {}).join('\n');
}

bool TimedSteps::mayTime(const NewRun& run) {
    return std::ranges::none_of(run.options, [](const auto& option) {
        return option.first == "reward-command" && !option.second.isEmpty();
    });
}

void TimedSteps::time(const NewRun& run) {
    stop();
    scratch_ = std::make_shared<QTemporaryDir>();
    process_ = new QProcess(this);
    process_->setStandardInputFile(QProcess::nullDevice());
    process_->setStandardOutputFile(QProcess::nullDevice());
    process_->setStandardErrorFile(QProcess::nullDevice());
    const auto key = keyOf(run);
    const auto end = [this, key] { readResult(key); };
    connect(process_, &QProcess::finished, this, end);
    connect(process_, &QProcess::errorOccurred, this, [end](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart) end();
    });
    process_->start(program_, argumentsOf(shortened(run, scratch_->filePath("out")),
                                          scratch_->filePath("runs.db")));
}

void TimedSteps::stop() {
    if (!process_) return;
    process_->disconnect(this);
    process_->kill();  // nothing it did is wanted
    process_->waitForFinished();
    delete std::exchange(process_, nullptr);
    scratch_.reset();
}

void TimedSteps::readResult(const QString& key) {
    std::exchange(process_, nullptr)->deleteLater();
    reads_.add([scratch = std::exchange(
                    scratch_, nullptr)] { return secondsPerStepIn(scratch->filePath("runs.db")); },
               [this, key](double seconds) { Q_EMIT timed(key, seconds); },
               [this, key](const QString&) { Q_EMIT timed(key, 0); });
}

struct EstimateLabel::Seen {
    NewRun run;
    ModelFacts model;
    std::optional<EarlierRun> earlier;
    QString counted;
    double records = 0;
};

EstimateLabel::EstimateLabel(const QString& program, QWidget* parent)
    : QLabel(parent), timed_(new TimedSteps(program, this)), looks_(new Job) {
    setWordWrap(true);
    setAccessibleName(tr("Estimate of memory and time"));
    setForegroundRole(QPalette::PlaceholderText);
    for (auto* timer : {&soon_, &timeSoon_}) timer->setSingleShot(true);
    soon_.setInterval(kSoonMs);
    timeSoon_.setInterval(kTimeSoonMs);
    connect(&soon_, &QTimer::timeout, this, &EstimateLabel::look);
    connect(&timeSoon_, &QTimer::timeout, this, &EstimateLabel::timeSteps);
    connect(timed_, &TimedSteps::timed, this, [this](const QString& key, double seconds) {
        times_[key] = seconds;
        if (seen_ && TimedSteps::keyOf(seen_->run) == key) show(*seen_, seconds);
    });
}

EstimateLabel::~EstimateLabel() { Job::letEnd(looks_); }

void EstimateLabel::setEarlierRuns(std::vector<RunSummary> runs) { earlier_ = std::move(runs); }

void EstimateLabel::showFor(const NewRun& run) {
    run_ = run;
    looks_->drop();
    timeSoon_.stop();
    soon_.start();
}

void EstimateLabel::look() {
    const auto work = [run = run_, runs = earlier_, counted = counted_,
                       before = records_]() -> std::shared_ptr<const Seen> {
        const auto model = readModelFacts(run.model);
        if (!model) return nullptr;
        const auto data = dataOf(run);
        const double records = data == counted ? before : recordsIn(run);
        return std::make_shared<Seen>(Seen{run, *model, earlierRun(run, runs), data, records});
    };
    looks_->replace(
        work,
        [this](const std::shared_ptr<const Seen>& seen) {
            seen_ = seen;
            if (!seen) return showNothing();
            counted_ = seen->counted;
            records_ = seen->records;
            take(*seen);
        },
        [this](const QString&) { showNothing(); });  // the form says what is wrong when it starts
}

void EstimateLabel::showNothing() {
    timed_->stop();
    setText({});
    setToolTip({});
}

// Only a training that is still the one that was asked for is timed to its end.
void EstimateLabel::take(const Seen& seen) {
    const auto key = TimedSteps::keyOf(seen.run);
    const auto known = times_.find(key);
    show(seen, known == times_.end() ? 0 : known->second);
    Q_EMIT modelSized(static_cast<std::int64_t>(seen.model.parameters));
    const bool isToBeTimed = !seen.earlier && known == times_.end() && seen.records > 0 &&
                             seen.model.parameters <= kSmallModel && TimedSteps::mayTime(seen.run);
    if (timing_ != key) timed_->stop();
    if (isToBeTimed && (timing_ != key || !timed_->isRunning())) timeSoon_.start();
}

void EstimateLabel::timeSteps() {
    if (!seen_) return;
    timing_ = TimedSteps::keyOf(seen_->run);
    timed_->time(seen_->run);
}

void EstimateLabel::show(const Seen& seen, double secondsPerStep) {
    auto steps = seen.earlier;
    if (!steps && secondsPerStep > 0)
        steps = {.secondsPerStep = secondsPerStep, .rowsPerStep = rowsPerStep(seen.run)};
    const auto estimate = estimateRun(seen.run, seen.model, steps, seen.records);
    setText(toText(estimate));
    setToolTip(explain(estimate));
}

}  // namespace lvr
