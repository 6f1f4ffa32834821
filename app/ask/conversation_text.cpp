#include "app/ask/conversation_text.h"

#include <QDateTime>
#include <QString>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/files/decoding_json.h"
#include "core/values/liveness.h"
#include "widgets/conversation/exchange_text.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

// What Markdown would take for its own marks is meant as it stands.
QString escaped(const QString& text) {
    QString out;
    for (const QChar c : text) {
        if (QStringLiteral("\\`*_#<>[]|").contains(c)) out += '\\';
        out += c;
    }
    return out;
}

QString verdictText(const Trace& trace) {
    const auto right = isRight(trace);
    if (!right) return {};
    return *right ? QStringLiteral(" ✓")
                  : QStringLiteral(" ✗ (right: %1)")
                        .arg(escaped(QString::fromStdString(*trace.expectedAnswer)));
}

QString markdownOf(const Exchange& exchange) {
    const Trace& trace = exchange.outline;
    const auto when = QDateTime::fromMSecsSinceEpoch(exchange.askedAt);
    return QStringLiteral("**%1**%2\n\n- %3\n- %4\n- %5\n- %6\n\n")
        .arg(escaped(answerText(trace)), verdictText(trace),
             escaped(QString::fromStdString(toText(livenessOf(trace)))), escaped(howText(trace)),
             speedText(trace), when.toString("yyyy-MM-dd HH:mm:ss"));
}

OrderedJson stepJson(const DecodeStep& step) {
    OrderedJson json{{"position", step.position}, {"text", step.text}};
    if (const auto* latent = std::get_if<LatentStep>(&step.what)) {
        json["latent"] = latent->index;
        json["norm"] = latent->norm;
        json["end_probability"] = latent->endProbability;
        if (latent->endDistance) json["end_distance"] = *latent->endDistance;
    } else {
        json["probability"] = std::get<TextStep>(step.what).probability;
    }
    return json;
}

OrderedJson boxesJson(const std::vector<Box>& boxes) {
    OrderedJson json = OrderedJson::array();
    for (const auto& box : boxes) {
        json.push_back({box.x0, box.y0, box.x1, box.y1});
        if (box.image != 0) json.back().push_back(box.image);
    }
    return json;
}

// "force_start"
std::string flagKey(const DecodeField& field) {
    auto key = field.name;
    std::replace(key.begin(), key.end(), '-', '_');
    return key;
}

// What flags switch stands there as true or false, by their names.
OrderedJson optionsJson(const DecodeOptions& options) {
    OrderedJson json = toJson(options);
    auto copy = options;
    forEachField(copy,
                 [&](const DecodeField& field, const auto& value, const auto& rule, const char*) {
                     if constexpr (std::is_same_v<std::decay_t<decltype(rule)>, FlagNames>) {
                         json.erase(field.key);
                         json[flagKey(field)] = static_cast<int>(value) == 1;
                     }
                 });
    json["latents_from"] = options.borrowed.from;
    json["system"] = options.system;
    json["thought_boxes"] = boxesJson(options.thought.boxes);
    return json;
}

OrderedJson exchangeJson(const Exchange& exchange) {
    const Trace& trace = exchange.outline;
    const auto when = QDateTime::fromMSecsSinceEpoch(exchange.askedAt).toUTC();
    const auto rate = tokensPerSecond(trace);
    const auto right = isRight(trace);
    OrderedJson steps = OrderedJson::array();
    for (const auto& step : trace.steps) steps.push_back(stepJson(step));
    return {{"asked_at", when.toString(Qt::ISODateWithMs).toStdString()},
            {"question", trace.question.text},
            {"answer", trace.answer},
            {"text", trace.text},
            {"expected_answer",
             trace.expectedAnswer ? OrderedJson(*trace.expectedAnswer) : OrderedJson()},
            {"right", right ? OrderedJson(*right) : OrderedJson()},
            {"stopped", toText(trace.stopped)},
            {"thinking", toText(livenessOf(trace))},
            {"model", trace.model},
            {"options", optionsJson(trace.options)},
            {"first_token_ms", timeToFirstToken(trace.timings)},
            {"tokens_per_second", rate ? OrderedJson(*rate) : OrderedJson()},
            {"steps", steps}};
}

}  // namespace

std::string toMarkdown(const std::vector<Exchange>& exchanges, const std::string& about) {
    QString text = QStringLiteral("# %1\n\n").arg(escaped(QString::fromStdString(about)));
    std::string question;
    for (const auto& exchange : exchanges) {
        const auto& asked = exchange.outline.question.text;
        if (asked != question)
            text += QStringLiteral("## %1\n\n")
                        .arg(escaped(QString::fromStdString(asked).simplified()));
        question = asked;
        text += markdownOf(exchange);
    }
    return text.trimmed().toStdString() + "\n";
}

std::string toJson(const std::vector<Exchange>& exchanges, const std::string& about) {
    OrderedJson list = OrderedJson::array();
    for (const auto& exchange : exchanges) list.push_back(exchangeJson(exchange));
    return OrderedJson{{"about", about}, {"exchanges", list}}.dump(
               2, ' ', false, OrderedJson::error_handler_t::replace) +
           "\n";
}

}  // namespace lvr
