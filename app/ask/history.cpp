#include "app/ask/history.h"

#include <QMetaObject>
#include <algorithm>
#include <exception>
#include <utility>

namespace lvr {

History::History(HistoryFolder folder, QObject* parent)
    : QObject(parent), folder_(std::move(folder)) {
    pool_.setMaxThreadCount(1);
}

History::~History() { pool_.waitForDone(); }

void History::run(const QString& what, std::function<Report()> job) {
    ++pending_;
    pool_.start([this, what, job = std::move(job)] {
        Report report;
        try {
            report = job();
        } catch (const std::exception& error) {
            report = [this, sentence = what.arg(QString::fromUtf8(error.what()))] {
                Q_EMIT failed(sentence);
            };
        }
        QMetaObject::invokeMethod(this, [this, report = std::move(report)] { finish(report); });
    });
}

void History::finish(const Report& report) {
    report();
    if (--pending_ == 0) Q_EMIT idle();
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
                          const std::vector<Box>& boxes, bool replaces, int ticket) {
    const auto what = tr("The drawn regions are kept only until the window closes: %1");
    run(what, [this, pictures, boxes, replaces, ticket]() -> Report {
        const auto picture = HistoryFolder::pictureOf(*pictures);
        auto all = replaces ? std::vector<Box>() : folder_.regions(picture).value_or(boxes);
        for (const Box& box : boxes)
            if (std::ranges::find(all, box) == all.end()) all.push_back(box);
        folder_.keepRegions(picture, all);
        return [this, ticket] { Q_EMIT regionsKept(ticket); };
    });
}

void History::remove(quint64 page, const std::string& picture, const std::string& id) {
    run(tr("This answer was not deleted: %1"), [this, page, picture, id] {
        folder_.remove(picture, id);
        return whatIsThere(page, picture);
    });
}

void History::removeAll(quint64 page, const std::shared_ptr<const std::vector<Image>>& pictures,
                        Scope scope) {
    run(tr("The history was not cleared: %1"), [this, page, pictures, scope] {
        const auto picture = HistoryFolder::pictureOf(*pictures);
        scope == Scope::AllPictures ? folder_.removeAll() : folder_.removeAll(picture);
        return whatIsThere(page, picture);
    });
}

}  // namespace lvr
