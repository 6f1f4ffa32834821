#include "app/ask/history.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/trace/trace_file.h"
#include "widgets/qt_image.h"

namespace lvr {
namespace {

constexpr int kThumbnail = 112;  // pixels of its longer side, for dense screens too

PastAnswer pastAnswer(const HistoryFolder::Place& place, Trace outline) {
    return {.picture = place.picture,
            .exchange = {place.id, HistoryFolder::whenAsked(place), std::move(outline)},
            .thumbnail = {},
            .file = QString::fromStdString(place.file.string())};
}

QImage thumbnailOf(const std::filesystem::path& file) {
    const QImage whole = toQImage(shrunkTo(glanceAtTrace(file).picture, 4 * kThumbnail));
    return whole.isNull() ? whole
                          : whole.scaled(kThumbnail, kThumbnail, Qt::KeepAspectRatio,
                                         Qt::SmoothTransformation);
}

}  // namespace

// An answer's file is never written again, so what was read of it once stays so.
class History::PastReader {
public:
    // What can't be read, perhaps because it is just being deleted, is left out.
    std::vector<PastAnswer> read(const HistoryFolder& folder, const std::stop_token& stop) {
        std::vector<PastAnswer> all;
        for (const auto& place : folder.all()) {
            if (stop.stop_requested()) break;
            try {
                auto known = known_.find(place.file.string());
                if (known == known_.end())
                    known = known_
                                .emplace(place.file.string(),
                                         pastAnswer(place, readTraceOutline(place.file)))
                                .first;
                all.push_back(known->second);
                all.back().thumbnail = thumbnail(place);
            } catch (const std::exception&) {
                continue;
            }
        }
        return all;
    }

private:
    QImage thumbnail(const HistoryFolder::Place& place) {
        const auto known = thumbnails_.find(place.picture);
        if (known != thumbnails_.end()) return known->second;
        return thumbnails_[place.picture] = thumbnailOf(place.file);
    }

    std::map<std::string, PastAnswer> known_;   // by file
    std::map<std::string, QImage> thumbnails_;  // by picture
};

History::History(HistoryFolder folder, QObject* parent)
    : QObject(parent), folder_(std::move(folder)), reader_(std::make_shared<PastReader>()) {
    job_.whenIdle = past_.whenIdle = [this] { tellIfIdle(); };
}

void History::tellIfIdle() {
    if (!isBusy()) Q_EMIT idle();
}

void History::readAll() {
    past_.replace([reader = reader_, folder = folder_](
                      const Job::Turn& turn) { return reader->read(folder, turn.stop); },
                  [this](const std::vector<PastAnswer>& answers) { Q_EMIT allRead(answers); },
                  [this](const QString& sentence) {
                      Q_EMIT failed(tr("What was asked before can't be listed: %1").arg(sentence));
                  });
}

void History::readPast(const PastAnswer& answer, std::function<void(const Trace&)> then) {
    run(tr("This answer can't be shown again: %1"), [this, answer, then]() -> Report {
        return [then, trace = folder_.answer(answer.picture, answer.exchange.id)] { then(trace); };
    });
}

void History::run(const QString& what, std::function<Report()> work) {
    job_.add(
        std::move(work), [](const Report& report) { report(); },
        [this, what](const QString& sentence) { Q_EMIT failed(what.arg(sentence)); });
}

History::Report History::whatIsThere(quint64 page, const std::string& picture) {
    return [this, page, conversation = folder_.read(picture)] {
        Q_EMIT conversationRead(page, conversation);
    };
}

void History::read(quint64 page, const std::shared_ptr<const std::vector<Image>>& pictures) {
    const auto what = tr("What was asked of this picture before can't be listed: %1");
    run(what,
        [this, page, pictures] { return whatIsThere(page, HistoryFolder::pictureOf(*pictures)); });
}

void History::add(quint64 page, const Trace& trace, std::int64_t askedAt,
                  const std::string& ticket) {
    const auto what = tr("This answer is kept only until the window closes: %1");
    run(what, [this, page, trace, askedAt, ticket]() -> Report {
        const auto id = folder_.add(trace, askedAt);
        const auto picture = HistoryFolder::pictureOf(trace.question.images);
        auto tell = whatIsThere(page, picture);
        return [this, page, ticket, picture, id, tell] {
            Q_EMIT added(page, ticket, picture, id);
            tell();
            Q_EMIT changed();
        };
    });
}

void History::readAnswer(quint64 page, const std::string& picture, const std::string& id) {
    run(tr("This answer can't be shown again: %1"), [this, page, picture, id]() -> Report {
        return [this, page, id, trace = folder_.answer(picture, id)] {
            Q_EMIT answerRead(page, id, trace);
        };
    });
}

void History::keepRegions(const std::shared_ptr<const std::vector<Image>>& pictures,
                          const std::vector<Box>& boxes, const std::vector<std::string>& names,
                          bool replaces, int ticket) {
    const auto what = tr("The drawn regions are kept only until the window closes: %1");
    run(what, [this, pictures, boxes, names, replaces, ticket]() -> Report {
        const auto picture = HistoryFolder::pictureOf(*pictures);
        auto all = replaces ? std::vector<Box>() : folder_.regions(picture).value_or(boxes);
        for (const Box& box : boxes)
            if (std::ranges::find(all, box) == all.end()) all.push_back(box);
        // Those that were there before are not known here, and neither are their names.
        const bool areAll = all == boxes;
        folder_.keepRegions(picture, all, areAll ? names : folder_.regionNames(picture));
        return [this, ticket] { Q_EMIT regionsKept(ticket); };
    });
}

void History::remove(quint64 page, const std::string& picture, const std::string& id) {
    run(tr("This answer was not deleted: %1"), [this, page, picture, id] {
        folder_.remove(picture, id);
        return afterRemoval(page, picture);
    });
}

void History::removeAll(quint64 page, const std::shared_ptr<const std::vector<Image>>& pictures,
                        Scope scope) {
    run(tr("The history was not cleared: %1"), [this, page, pictures, scope] {
        const auto picture = HistoryFolder::pictureOf(*pictures);
        scope == Scope::AllPictures ? folder_.removeAll() : folder_.removeAll(picture);
        return afterRemoval(page, picture);
    });
}

History::Report History::afterRemoval(quint64 page, const std::string& picture) {
    return [this, tell = whatIsThere(page, picture)] {
        tell();
        Q_EMIT changed();
    };
}

}  // namespace lvr
