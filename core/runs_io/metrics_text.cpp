#include "core/runs_io/metrics_text.h"

#include <charconv>
#include <cmath>

#include "core/store/run_store.h"
#include "core/values/csv_text.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string text(const OrderedJson& json, int indent = -1) {
    return json.dump(indent, ' ', false, OrderedJson::error_handler_t::replace);
}

template <class Number>
void appendDigits(std::string& text, Number number) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    text.append(digits, end);
}

}  // namespace

std::string toCsv(const std::vector<Metric>& metrics) {
    std::string text;
    for (const auto& metric : metrics) {
        appendDigits(text, metric.step);
        text += ',' + csvField(metric.name) + ',';
        if (std::isnan(metric.value))
            text += "nan";  // whatever its sign
        else
            appendDigits(text, metric.value);
        text += '\n';
    }
    return text;
}

OrderedJson toJson(const Run& run) {
    return {{"id", run.id},
            {"kind", run.info.kind},
            {"status", toText(run.status)},
            {"message", run.message},
            {"name", run.name},
            {"tags", run.tags},
            {"notes", run.notes},
            {"step", run.step},
            {"steps", run.info.steps},
            {"out", run.info.out},
            {"parent", run.info.parent},
            {"parent_hash", run.info.parentHash},
            {"data", run.info.data},
            {"data_hash", run.info.dataHash},
            {"seed", run.info.seed},
            {"command", run.info.command},
            {"options",
             run.info.options.empty() ? OrderedJson() : OrderedJson::parse(run.info.options)},
            {"code_version", run.info.codeVersion},
            {"host", run.host},
            {"pid", run.pid},
            {"started", run.started},
            {"heartbeat", run.heartbeat},
            {"ended", run.ended == 0 ? OrderedJson() : OrderedJson(run.ended)}};
}

OrderedJson jsonNumber(double value) {
    if (std::isfinite(value)) return value;
    return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

// The list is written row by row: as one value a million metrics would take hundreds of megabytes.
std::string toJsonText(const Run& run, const std::vector<Metric>& metrics) {
    auto file = text(toJson(run), 1);
    file.erase(file.rfind("\n}"));
    file += ",\n \"metrics\": [";
    for (std::size_t i = 0; i < metrics.size(); ++i)
        file += (i == 0 ? "\n  " : ",\n  ") + text({{"step", metrics[i].step},
                                                    {"name", metrics[i].name},
                                                    {"value", jsonNumber(metrics[i].value)}});
    file += "\n ]\n}\n";
    return file;
}

}  // namespace lvr
