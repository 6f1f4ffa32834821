// lvr-ui-bench: measures the window for `lvr bench ui`, which makes the store and reads what is
// printed here, one JSON object.

#include <QCommandLineParser>
#include <QJsonDocument>
#include <clocale>
#include <cstdio>

#include "tests/ui_bench/timed_application.h"
#include "tests/ui_bench/ui_bench.h"

namespace {

constexpr int kFailed = 1;

}  // namespace

int main(int argc, char** argv) {
    lvr::TimedApplication application(argc, argv);
    std::setlocale(LC_NUMERIC, "C");
    QApplication::setStyle("Fusion");
    QCommandLineParser parser;
    parser.addOptions({{"store", "", "FILE"},
                       {"runs", "", "N"},
                       {"steps", "Of each run.", "N"},
                       {"seconds", "Of frames; without it opening is measured.", "N"}});
    parser.process(application);
    const auto number = [&](const char* name) { return parser.value(name).toInt(); };
    lvr::UiBench bench(application, parser.value("store"));
    int code = kFailed;
    QObject::connect(&bench, &lvr::UiBench::finished, &application, [&](const QJsonObject& found) {
        std::puts(QJsonDocument(found).toJson(QJsonDocument::Compact).constData());
        code = found.isEmpty() ? kFailed : 0;
        QApplication::quit();
    });
    if (parser.isSet("seconds"))
        bench.measureFrames(number("runs"), number("steps"), number("seconds"));
    else
        bench.measureOpening(number("runs"), number("steps"));
    QApplication::exec();
    return code;
}
