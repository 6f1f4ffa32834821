#pragma once

#include <QObject>
#include <QTimer>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/values/run.h"

namespace lvr {

class StoreReader;

// Notes on runs until the store has them. They are kept in the settings as well, so that neither a
// store that can't be written nor the end of the window loses them, and are tried again as long as
// their run is listed.
class UnsavedNotes : public QObject {
    Q_OBJECT
public:
    // store: the file that `reader` has open.
    UnsavedNotes(const QString& store, StoreReader* reader, QObject* parent = nullptr);

    void write(const Run& run, const QString& notes);
    void setRuns(const std::vector<RunSummary>& runs);  // those that are listed
    std::optional<QString> of(const Run& run) const;    // nothing: the store has them
    QString problemOf(const Run& run) const;            // why it does not; empty: not known yet

Q_SIGNALS:
    void changed();

private:
    struct Notes {
        Run run;  // id and start are what counts: another store has another run of this number
        QString text, problem;
    };
    using Key = QString;
    static Key keyOf(const Run& run);
    void read();
    void take(std::int64_t run, const QString& notes, const QString& why);
    void tryAgain();

    QString group_;  // of the settings
    StoreReader* reader_;
    std::map<Key, Notes> waiting_;
    std::set<Key> listed_;
    QTimer again_;
};

}  // namespace lvr
