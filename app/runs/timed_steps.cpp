#include "app/runs/timed_steps.h"

#include <QProcess>
#include <QTemporaryDir>
#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/store/run_store.h"
#include "widgets/background.h"

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
    inBackground(
        this,
        [scratch = std::exchange(scratch_, nullptr)] {
            return secondsPerStepIn(scratch->filePath("runs.db"));
        },
        [this, key](double seconds) { Q_EMIT timed(key, seconds); });
}

}  // namespace lvr
