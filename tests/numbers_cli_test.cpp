// Every numeric option of every command, as --help lists them, is given what is no number.
#include <QRegularExpression>
#include <memory>

#include "tests/support/program.h"

namespace {

struct Option {
    QStringList command;
    QString flag, type;  // "--lr", "FLOAT"
};

// Of a command and of those under it.
void collect(const QStringList& command, std::vector<Option>& options) {
    const auto help = program::lvr(command + QStringList{"--help"}).out;
    static const QRegularExpression kOption("^  (?:-\\w,)?(--[\\w-]+)[^ ]* (FLOAT|U?INT)\\b");
    static const QRegularExpression kCommand("^  ([a-z][\\w-]*)  ");
    bool inCommands = false;
    for (const auto& line : help.split('\n')) {
        if (line == "Subcommands:") inCommands = true;
        if (const auto option = kOption.match(line); option.hasMatch())
            options.push_back({command, option.captured(1), option.captured(2)});
        else if (const auto name = kCommand.match(line); inCommands && name.hasMatch())
            collect(command + QStringList{name.captured(1)}, options);
    }
}

// Each wrong text somewhere.
QString wrongFor(const Option& option, std::size_t index) {
    const QStringList wrong = option.type == "FLOAT"
                                  ? QStringList{"nan", "inf", "-nan", "1e999", "0.5x"}
                                  : QStringList{"nan", "true", "1e3", "99999999999999999999"};
    return wrong[static_cast<qsizetype>(index) % wrong.size()];
}

class Attempt {
public:
    Attempt(const Option& option, const QString& text)
        : flag_(option.flag),
          text_(text),
          arguments_(option.command + QStringList{option.flag + "=" + text}) {
        process_.start(LVR_PROGRAM, arguments_);
    }
    bool isRefused() {
        process_.waitForFinished(120000);
        out_ = QString::fromUtf8(process_.readAllStandardOutput());
        err_ = QString::fromUtf8(process_.readAllStandardError());
        return process_.exitCode() == 2 && out_.isEmpty() && err_.contains(flag_) &&
               err_.contains(text_);
    }
    const char* said() {
        text_ = arguments_.join(' ') + ": " + out_ + err_;
        return QTest::toString(text_);
    }

private:
    QString flag_, text_;
    QStringList arguments_;
    QProcess process_;
    QString out_, err_;
};

}  // namespace

class NumbersCliTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyNumericOptionRefusesWhatIsNoNumber() {
        std::vector<Option> options;
        collect({}, options);
        QStringList names;
        for (const auto& option : options) names << option.command.join(' ') + " " + option.flag;
        for (const auto* known : {"ask --temperature", "sft --lr", "grpo --latent-noise",
                                  "score --max-pixels", "eval scenes --count", "align --lr"})
            QVERIFY2(names.contains(known), known);
        constexpr std::size_t kAtOnce = 4;  // most of the time is spent on loading the program
        for (std::size_t from = 0; from < options.size(); from += kAtOnce) {
            std::vector<std::unique_ptr<Attempt>> attempts;
            for (std::size_t i = from; i < std::min(from + kAtOnce, options.size()); ++i)
                attempts.push_back(std::make_unique<Attempt>(options[i], wrongFor(options[i], i)));
            for (const auto& attempt : attempts) QVERIFY2(attempt->isRefused(), attempt->said());
        }
        qInfo("%zu numeric options", options.size());
    }

    void numbersInTextsAreNumbers_data() {
        QTest::addColumn<QStringList>("arguments");
        const QStringList ask{"ask", "--question", "What?"};
        const auto row = [](const char* name, const QStringList& arguments) {
            QTest::newRow(name) << arguments;
        };
        row("exit", ask + QStringList{"--exit", "end-prob:nan"});
        row("exit, infinite", ask + QStringList{"--exit", "latent-end:mse:inf:4"});
        row("thought box", ask + QStringList{"--thought-box", "nan,0.1,0.5,0.5"});
        row("roi tokens", {"sft", "--roi-tokens", "pool:nan"});
        row("hops", {"eval", "scenes", "--hops", "nan:2"});
        row("grpo exit", {"grpo", "--exit", "end-prob:nan"});
    }
    void numbersInTextsAreNumbers() {
        QFETCH(QStringList, arguments);
        const auto result = program::lvr(arguments);
        QVERIFY2(result.code == 1 || result.code == 2, qPrintable(result.out + result.err));
        QVERIFY2(result.err.contains("nan") || result.err.contains("inf"), qPrintable(result.err));
        QVERIFY2(result.out.isEmpty(), qPrintable(result.out));
    }
};

QTEST_GUILESS_MAIN(NumbersCliTest)
#include "numbers_cli_test.moc"
