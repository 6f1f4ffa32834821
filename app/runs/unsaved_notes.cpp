#include "app/runs/unsaved_notes.h"

#include <QCryptographicHash>
#include <QSettings>
#include <algorithm>

#include "app/runs/store_reader.h"

namespace lvr {
namespace {

constexpr int kAgainMs = 3000;

}  // namespace

UnsavedNotes::UnsavedNotes(const QString& store, StoreReader* reader, QObject* parent)
    : QObject(parent), reader_(reader) {
    const auto hash = QCryptographicHash::hash(store.toUtf8(), QCryptographicHash::Sha1).toHex();
    group_ = "train/unsaved-notes/" + QString(hash.left(16));
    again_.setInterval(kAgainMs);
    connect(&again_, &QTimer::timeout, this, &UnsavedNotes::tryAgain);
    connect(reader_, &StoreReader::notesTold, this, &UnsavedNotes::take);
    read();
}

// Runs of different stores have the same numbers, but did not start at the same moment.
UnsavedNotes::Key UnsavedNotes::keyOf(const Run& run) {
    return QString("%1@%2").arg(run.id).arg(run.started, 0, 'f', 6);
}

void UnsavedNotes::read() {
    QSettings settings;
    settings.beginGroup(group_);
    for (const auto& key : settings.childKeys()) {
        Run run;
        run.id = key.section('@', 0, 0).toLongLong();
        waiting_[key] = {run, settings.value(key).toString(), tr("they were not saved last time")};
    }
}

void UnsavedNotes::write(const Run& run, const QString& notes) {
    waiting_[keyOf(run)] = {run, notes, {}};
    QSettings settings;
    settings.beginGroup(group_);
    settings.setValue(keyOf(run), notes);
    reader_->setNotes(run, notes);
}

void UnsavedNotes::setRuns(const std::vector<RunSummary>& runs) {
    listed_.clear();
    for (const auto& summary : runs) {
        const auto key = keyOf(summary.run);
        listed_.insert(key);
        if (const auto kept = waiting_.find(key); kept != waiting_.end())
            kept->second.run = summary.run;  // that of the settings knows its number only
    }
    const bool any = std::any_of(waiting_.begin(), waiting_.end(),
                                 [](const auto& entry) { return !entry.second.problem.isEmpty(); });
    if (any && !again_.isActive()) tryAgain();
}

std::optional<QString> UnsavedNotes::of(const Run& run) const {
    const auto kept = waiting_.find(keyOf(run));
    return kept == waiting_.end() ? std::nullopt : std::optional(kept->second.text);
}

QString UnsavedNotes::problemOf(const Run& run) const {
    const auto kept = waiting_.find(keyOf(run));
    return kept == waiting_.end() ? QString() : kept->second.problem;
}

void UnsavedNotes::take(std::int64_t run, const QString& notes, const QString& why) {
    const auto told = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& entry) {
        return entry.second.run.id == run && entry.second.text == notes &&
               listed_.contains(entry.first);
    });
    if (told == waiting_.end()) return;  // others were written since
    if (why.isEmpty()) {
        QSettings settings;
        settings.beginGroup(group_);
        settings.remove(told->first);
        waiting_.erase(told);
    } else {
        told->second.problem = why;
        again_.start();
    }
    Q_EMIT changed();
}

void UnsavedNotes::tryAgain() {
    bool any = false;
    for (const auto& [key, notes] : waiting_) {
        if (notes.problem.isEmpty() || !listed_.contains(key)) continue;
        any = true;
        reader_->setNotes(notes.run, notes.text);
    }
    if (any)
        again_.start();
    else
        again_.stop();
}

}  // namespace lvr
