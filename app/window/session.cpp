#include "app/window/session.h"

#include <QJsonDocument>
#include <QJsonObject>

#include "core/error.h"

namespace lvr {
namespace {

constexpr int kVersion = 1;

// Walks all fields, for reading and for writing.
template <class AnySession, class Visit>
void forEachField(AnySession& session, Visit visit) {
    visit("workspace", session.workspace);
    visit("title", session.title);
    visit("question", session.question);
    visit("options", session.options);
    visit("trace", session.trace);
    visit("model", session.model);
    visit("dtype", session.dtype);
    visit("device", session.device);
    visit("store", session.store);
    visit("run", session.run);
    visit("rollouts_run", session.rolloutsRun);
    visit("rollouts_step", session.rolloutsStep);
    visit("layout", session.layout);
    visit("compare", session.compare);
    visit("closed", session.closed);
}

QJsonValue toValue(const QString& text) { return text; }
QJsonValue toValue(const QByteArray& bytes) { return QString::fromLatin1(bytes.toBase64()); }
QJsonValue toValue(std::int64_t number) { return static_cast<qint64>(number); }
QJsonValue toValue(int number) { return number; }
QJsonValue toValue(bool yes) { return yes; }

void fromValue(const QJsonValue& value, QString& text) { text = value.toString(text); }
void fromValue(const QJsonValue& value, QByteArray& bytes) {
    bytes = QByteArray::fromBase64(value.toString().toLatin1());
}
void fromValue(const QJsonValue& value, std::int64_t& number) { number = value.toInteger(number); }
void fromValue(const QJsonValue& value, int& number) { number = value.toInt(number); }
void fromValue(const QJsonValue& value, bool& yes) { yes = value.toBool(yes); }

}  // namespace

QByteArray toJson(const Session& session) {
    QJsonObject object{{"version", kVersion}};
    forEachField(session, [&](const char* name, const auto& value) {
        object[QLatin1String(name)] = toValue(value);
    });
    return QJsonDocument(object).toJson();
}

Session sessionFromJson(const QByteArray& json) {
    const auto document = QJsonDocument::fromJson(json);
    if (!document.isObject()) throw Error("its file is broken");
    const QJsonObject object = document.object();
    if (object["version"].toInt() > kVersion)
        throw Error("a newer version of LVR Workbench wrote it");
    Session session;
    forEachField(session, [&](const char* name, auto& value) {
        fromValue(object[QLatin1String(name)], value);
    });
    return session;
}

}  // namespace lvr
