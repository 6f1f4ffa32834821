#pragma once

#include <QByteArray>
#include <QString>
#include <cstdint>

namespace lvr {

inline constexpr auto kSessionFile = "session.json";  // in its slot

// Where a person was: all but the picture and its answer, which are a trace file beside it.
struct Session {
    QString workspace = "ask";
    QString title;     // of what is asked about
    QString question;  // in the line, asked or not
    QString options;   // of that question, as a list of one strategy; empty: as the model offers
    QString trace;     // file name; empty: none
    QString model;     // folder or repo id; empty: the tiny model
    QString dtype = "auto", device = "auto";  // of it, as ModelPlace has them
    QString store;
    std::int64_t run = 0;  // chosen in Train; 0: none
    std::int64_t rolloutsRun = 0;
    int rolloutsStep = -1;
    QByteArray layout;
    QByteArray compare;   // what was chosen there
    bool closed = false;  // by the person; otherwise the window died
    bool operator==(const Session&) const = default;
};

QByteArray toJson(const Session& session);
Session sessionFromJson(const QByteArray& json);  // throws Error

}  // namespace lvr
