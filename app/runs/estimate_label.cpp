#include "app/runs/estimate_label.h"

#include <QDateTime>
#include <QFileInfo>

#include "app/runs/run_estimate.h"
#include "app/runs/timed_steps.h"
#include "widgets/background.h"

namespace lvr {
namespace {

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

struct EstimateLabel::Seen {
    NewRun run;
    ModelFacts model;
    std::optional<EarlierRun> earlier;
    QString counted;
    double records = 0;
};

EstimateLabel::EstimateLabel(const QString& store, const QString& program, QWidget* parent)
    : QLabel(parent), store_(store), timed_(new TimedSteps(program, this)) {
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

void EstimateLabel::showFor(const NewRun& run) {
    run_ = run;
    ++newest_;
    timeSoon_.stop();
    soon_.start();
}

void EstimateLabel::look() {
    const auto work = [run = run_, store = store_, counted = counted_,
                       before = records_]() -> std::shared_ptr<const Seen> {
        const auto model = readModelFacts(run.model);
        if (!model) return nullptr;
        const auto data = dataOf(run);
        const double records = data == counted ? before : recordsIn(run);
        return std::make_shared<Seen>(Seen{run, *model, earlierRun(run, store), data, records});
    };
    inBackground(this, work, [this, asked = newest_](const std::shared_ptr<const Seen>& seen) {
        if (seen) {
            counted_ = seen->counted;
            records_ = seen->records;
        }
        if (asked != newest_) return;
        seen_ = seen;
        if (seen) return take(*seen);
        timed_->stop();
        setText({});
        setToolTip({});
    });
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
