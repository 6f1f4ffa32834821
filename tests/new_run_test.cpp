#include "app/runs/new_run.h"

#include <unistd.h>

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPointer>
#include <QProcess>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QToolButton>
#include <QtTest>
#include <iostream>

#include "app/runs/new_run_dialog.h"
#include "core/error.h"
#include "core/values/option_field.h"
#include "widgets/runs/options_form.h"

using namespace lvr;

namespace {

const QString kTiny = LVR_RESOURCES "/models/tiny";

using Values = std::vector<std::pair<QString, QString>>;

QPushButton* button(const QWidget& parent, const QString& text) {
    for (auto* button : parent.findChildren<QPushButton*>())
        if (button->text().remove('&') == text) return button;
    return nullptr;
}

QLineEdit* line(const QWidget& parent, const QString& accessibleName) {
    for (auto* line : parent.findChildren<QLineEdit*>())
        if (line->accessibleName() == accessibleName) return line;
    return nullptr;
}

bool saysInSight(const QWidget& parent, const QString& text) {
    for (auto* label : parent.findChildren<QLabel*>())
        if (label->isVisible() && label->text().contains(text)) return true;
    return false;
}

// What this program does as `lvr make-data scenes`: the folder it writes to says which. Those that
// go on do until SIGTERM.
int makeData(const QString& out) {
    std::cout << "records 240/4800\nrecords 480/4800" << std::endl;
    if (out.contains("fails")) {
        std::cerr << "lvr: " << out.toStdString() << " holds something else" << std::endl;
        return 1;
    }
    while (out.contains("goes")) pause();
    QDir().mkpath(out);
    return 0;
}

}  // namespace

class NewRunTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::unique_ptr<NewRunDialog> dialog(const QString& runs = "runs") const {
        auto dialog = std::make_unique<NewRunDialog>(
            TrainPlaces{.store = "/tmp/a store/runs.db",
                        .program = QCoreApplication::applicationFilePath(),
                        .tinyModel = folder_.path(),
                        .runsFolder = folder_.filePath(runs)});
        static_cast<QWidget&>(*dialog).show();
        return dialog;
    }

    QTemporaryDir settings_;

private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setOrganizationName("lvr-new-run-test");
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings_.path());
    }
    void cleanup() { QSettings().clear(); }

    void everyDefaultIsValid() {
        for (const auto* kind : {"sft", "grpo"})
            for (const auto* recipe : {"paper", "tiny"})
                for (const auto& field : fieldsOfKind(kind, recipe)) check(field, field.text);
    }

    void aTextIsRefusedInTheWordsOfTheCommandLine_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("sentence");
        QTest::newRow("number") << "lr"
                                << "-1"
                                << "\"-1\" is not a number from 1e-12 to 1";
        QTest::newRow("comma") << "lr"
                               << "0,5"
                               << "\"0,5\" is not a number from 1e-12 to 1";
        QTest::newRow("empty") << "lr"
                               << ""
                               << "\"\" is not a number from 1e-12 to 1";
        QTest::newRow("fraction") << "steps"
                                  << "2.5"
                                  << "\"2.5\" is not a whole number from 1 to 1e+09";
        QTest::newRow("choice") << "twin"
                                << "lv"
                                << "unknown value \"lv\"; did you mean \"lvr\"?";
        QTest::newRow("text")
            << "roi-tokens"
            << "pool"
            << "\"pool\" is no choice of targets; say all, truncate:N, cycle:N or "
               "pool:N with N from 1 to 4096";
        QTest::newRow("list") << "lora-targets"
                              << "q_proj,w_proj"
                              << "there is no Linear \"w_proj\" in the language model; did you "
                                 "mean \"q_proj\"?";
        QTest::newRow("fine") << "lr"
                              << "1e-4"
                              << "";
        QTest::newRow("fine list") << "lora-targets"
                                   << "q_proj,v_proj"
                                   << "";
        QTest::newRow("fine seed") << "seed"
                                   << "9007199254740992"
                                   << "";
    }
    void aTextIsRefusedInTheWordsOfTheCommandLine() {
        QFETCH(QString, name);
        QFETCH(QString, text);
        QString said;
        for (const auto& field : fieldsOfKind("sft")) {
            if (QString::fromStdString(field.name) != name) continue;
            try {
                check(field, text.toStdString());
            } catch (const Error& error) {
                said = error.what();
            }
        }
        QTEST(said, "sentence");
    }

    void aFormShowsEveryOptionWithItsHelp() {
        OptionsForm form;
        const auto fields = fieldsOfKind("sft");
        form.setFields(fields);
        for (const auto& field : fields) {
            const auto* editor = form.findChild<QWidget*>(QString::fromStdString(field.name));
            QVERIFY2(editor, field.name.c_str());
            QCOMPARE(editor->accessibleDescription(), QString::fromStdString(field.help));
            QVERIFY(!editor->toolTip().isEmpty());
        }
        QVERIFY(form.changedValues().empty());
        QVERIFY(form.problem().isEmpty());
    }

    void whatDiffersIsCountedAndGoesBack() {
        OptionsForm form;
        form.setFields(fieldsOfKind("sft"));
        form.show();
        form.findChild<QLineEdit*>("lr")->setText("1e-4");
        form.findChild<QComboBox*>("twin")->setCurrentText("plain");
        form.findChild<QCheckBox*>("lora-embeddings")->setChecked(true);
        QCOMPARE(form.changedValues(),
                 (Values{{"twin", "plain"}, {"lr", "1e-4"}, {"lora-embeddings", "on"}}));
        QVERIFY(saysInSight(form, "3 differ"));
        for (auto* back : form.findChildren<QToolButton*>())
            if (back->accessibleName() == "Reset lr") QTest::mouseClick(back, Qt::LeftButton);
        QCOMPARE(form.changedValues().size(), 2u);
        QTest::mouseClick(button(form, "Reset all"), Qt::LeftButton);
        QVERIFY(form.changedValues().empty());
        QVERIFY(!button(form, "Reset all")->isEnabled());
    }

    void aWrongTextIsToldBelowItsField() {
        OptionsForm form;
        form.setFields(fieldsOfKind("sft"));
        form.show();
        auto* rate = form.findChild<QLineEdit*>("lr");
        rate->selectAll();
        QTest::keyClicks(rate, "fast");
        QCOMPARE(form.problem(), QString("lr: \"fast\" is not a number from 1e-12 to 1"));
        QVERIFY(saysInSight(form, "\"fast\" is not a number"));
    }

    void optionsAreFoundByNameAndHelp() {
        OptionsForm form;
        form.setFields(fieldsOfKind("sft"));
        form.show();
        QTest::keyClicks(form.findChild<QLineEdit*>(), "lambda");  // of latent-weight's help
        QVERIFY(form.findChild<QWidget*>("latent-weight")->isVisible());
        QVERIFY(!form.findChild<QWidget*>("lr")->isVisible());
    }

    void aWheelDoesNotChangeAChoiceInPassing() {
        OptionsForm form;
        form.setFields(fieldsOfKind("sft"));
        form.show();
        auto* twin = form.findChild<QComboBox*>("twin");
        QWheelEvent wheel(QPointF(5, 5), twin->mapToGlobal(QPointF(5, 5)), {}, {0, -120},
                          Qt::NoButton, {}, Qt::NoScrollPhase, false);
        QApplication::sendEvent(twin, &wheel);
        QVERIFY(form.changedValues().empty());
    }

    void everyPresetIsValid() {
        for (const auto& preset : trainPresets("/models/tiny")) {
            OptionsForm form;
            form.setFields(fieldsOfKind(preset.run.kind, preset.run.recipe));
            form.setValues(preset.run.options);
            QCOMPARE(form.problem(), QString());
            QCOMPARE(form.changedValues().size(), preset.run.options.size());
        }
    }

    void aRunIsCopiedAsCommandLine() {
        const auto made = dialog();
        made->setRun({.kind = "grpo",
                      .model = "/models/tiny",
                      .data = "/data/it's here.json",
                      .out = "/out",
                      .saveEvery = 50,
                      .options = {{"lr", "1e-4"}}});
        QTest::mouseClick(button(*made, "Copy as command line"), Qt::LeftButton);
        QCOMPARE(QApplication::clipboard()->text(),
                 QString("lvr grpo --model /models/tiny --data '/data/it'\\''s here.json' "
                         "--out /out --recipe tiny --device cpu --dtype float32 --save-every 50 "
                         "--lr 1e-4 --store '/tmp/a store/runs.db'"));
        QCOMPARE(made->run().kind, QString("grpo"));
    }

    void aRecipeFillsTheOptionsAndLeavesWhatWasChanged() {
        const auto made = dialog();
        auto* recipe = made->findChild<QComboBox*>("recipe");
        made->setRun({.kind = "sft", .options = {{"seed", "7"}}});
        const auto rate = [&] { return made->findChild<QLineEdit*>("lr")->text(); };
        QTRY_COMPARE(rate(), QString("0.002"));  // once the editors of before are gone
        recipe->setCurrentIndex(recipe->findData("paper"));
        QTRY_COMPARE(rate().toDouble(), 1e-5);
        QCOMPARE(made->run().recipe, QString("paper"));
        QCOMPARE(made->run().options, (Values{{"seed", "7"}}));
        const auto line = argumentsOf(made->run(), {}).join(' ');
        QVERIFY(line.contains("--recipe paper") && line.contains("--seed 7"));
    }

    // Unless a person chose one.
    void theRecipeFollowsTheModelsSize() {
        const auto made = dialog();
        auto* recipe = made->findChild<QComboBox*>("recipe");
        made->findChild<QComboBox*>()->setCurrentIndex(2);  // 3B LoRA SFT
        QCOMPARE(made->run().recipe, QString("paper"));
        line(*made, "Model folder")->setText(kTiny);
        QTRY_COMPARE(made->run().recipe, QString("tiny"));
        recipe->setCurrentIndex(recipe->findData("paper"));
        Q_EMIT recipe->activated(recipe->currentIndex());
        line(*made, "Model folder")->setText(kTiny + "/");
        QTRY_VERIFY(saysInSight(*made, "Estimate"));
        QTest::qWait(600);
        QCOMPARE(made->run().recipe, QString("paper"));
    }

    void aPresetKeepsTheDataThatWasChosen() {
        const auto made = dialog();
        line(*made, "Data")->setText("/my/data.json");
        made->findChild<QComboBox*>()->setCurrentIndex(1);
        QCOMPARE(made->run().kind, QString("grpo"));
        QCOMPARE(made->run().data, QString("/my/data.json"));
        QVERIFY(made->run().out.contains("runs/grpo-"));
    }

    void validationIsSaidToTheCommand() {
        const auto made = dialog();
        made->setRun({.kind = "sft",
                      .validationData = "/data/held out.json",
                      .validateEvery = 50,
                      .probes = 3,
                      .earlyStopping = 4});
        const auto said = argumentsOf(made->run(), {}).join(' ');
        QVERIFY2(said.contains("--validation-data /data/held out.json --validate-every 50 "
                               "--probes 3 --early-stopping 4"),
                 qPrintable(said));
        auto without = made->run();
        without.validationData.clear();
        QVERIFY(!argumentsOf(without, {}).join(' ').contains("early-stopping"));
    }

    void theNextRunBeginsWithWhatTheLastOneHad() {
        QTemporaryDir folder;
        QVERIFY(QDir(folder.path()).mkdir("held-out"));
        auto run = dialog()->run();
        run.model = kTiny;
        run.data = folder.path();
        run.validationData = folder.filePath("held-out");
        run.out = folder.filePath("out");
        {
            const auto made = dialog();
            QCOMPARE(made->run().data, QString());
            made->setRun(run);
            QSignalSpy started(made.get(), &NewRunDialog::startRequested);
            QTest::mouseClick(button(*made, "Start"), Qt::LeftButton);
            QTRY_COMPARE(started.size(), 1);
        }
        const auto next = dialog();
        QCOMPARE(next->run().model, kTiny);
        QCOMPARE(next->run().data, run.data);
        QCOMPARE(next->run().validationData, run.validationData);
        QVERIFY(next->run().out != run.out);
    }

    void aPlaceThatWillNotDoIsToldAtItsField_data() {
        QTest::addColumn<QString>("field");
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("sentence");
        QTest::newRow("model") << "Model folder"
                               << "/not/there"
                               << "no model folder /not/there";
        QTest::newRow("no model") << "Model folder"
                                  << ""
                                  << "Name the model";
        QTest::newRow("data") << "Data"
                              << "/not/there.json"
                              << "There is no /not/there.json";
        QTest::newRow("images") << "Image folder"
                                << "/not/there"
                                << "no folder /not/there";
        QTest::newRow("out") << "Output folder"
                             << "/usr"
                             << "/usr holds something already";
    }
    void aPlaceThatWillNotDoIsToldAtItsField() {
        QFETCH(QString, field);
        QFETCH(QString, path);
        QFETCH(QString, sentence);
        const auto made = dialog();
        QSignalSpy started(made.get(), &NewRunDialog::startRequested);
        line(*made, "Data")->setText(folder_.path());
        line(*made, field)->setText(path);
        QTest::mouseClick(button(*made, "Start"), Qt::LeftButton);
        QTRY_VERIFY(saysInSight(*made, sentence));
        QCOMPARE(started.size(), 0);
        QVERIFY(made->isVisible());
        line(*made, field)->setText("/other");
        QVERIFY(!saysInSight(*made, sentence));
    }

    void aWrongOptionIsRefusedBeforeAnythingStarts() {
        const auto made = dialog();
        QSignalSpy started(made.get(), &NewRunDialog::startRequested);
        line(*made, "Data")->setText(folder_.path());
        made->findChild<QLineEdit*>("lr")->setText("fast");
        QTest::mouseClick(button(*made, "Start"), Qt::LeftButton);
        QVERIFY(saysInSight(*made, "lr: \"fast\""));
        QCOMPARE(started.size(), 0);
    }

    void scenesAreDrawnForThoseWhoHaveNoData() {
        const auto made = dialog();
        QTest::mouseClick(button(*made, "Draw scenes"), Qt::LeftButton);
        QTRY_COMPARE(line(*made, "Data")->text(), folder_.filePath("runs/scenes"));
        QVERIFY(QDir(folder_.filePath("runs/scenes")).exists());
        QVERIFY(button(*made, "Draw scenes"));
    }
    void drawingScenesShowsHowFarAndCanBeStopped() {
        const auto made = dialog("goes");
        QTest::mouseClick(button(*made, "Draw scenes"), Qt::LeftButton);
        QTRY_VERIFY(button(*made, "Stop, at 10 %"));
        QTest::mouseClick(button(*made, "Stop, at 10 %"), Qt::LeftButton);
        QTRY_VERIFY(button(*made, "Draw scenes"));
        QCOMPARE(line(*made, "Data")->text(), QString());
    }
    void drawingScenesSaysWhyItFailed() {
        const auto made = dialog("fails");
        QTest::mouseClick(button(*made, "Draw scenes"), Qt::LeftButton);
        QTRY_VERIFY(saysInSight(*made, "fails/scenes holds something else"));
        QVERIFY(button(*made, "Draw scenes"));
    }
    void aDialogClosedWhileScenesAreDrawnStopsThat() {
        auto made = dialog("goes");
        QTest::mouseClick(button(*made, "Draw scenes"), Qt::LeftButton);
        QTRY_VERIFY(button(*made, "Stop, at 10 %"));
        QPointer<QProcess> process = made->findChild<QProcess*>();
        made.reset();
        QVERIFY(process);
        QTRY_VERIFY(!process);  // it has ended
    }

    void savingMemoryIsSaidToTheCommandAndCountsInTheEstimate() {
        const auto made = dialog();
        auto* saves = made->findChild<QCheckBox*>();
        QVERIFY(!argumentsOf(made->run(), {}).contains("--activation-checkpointing"));
        QCOMPARE(saves->text().remove('&'), QString("Save memory"));
        saves->click();
        QVERIFY(argumentsOf(made->run(), {}).contains("--activation-checkpointing"));
        made->setRun(NewRun{.kind = "sft"});
        QVERIFY(!saves->isChecked());
    }

    void aGoodRunStarts() {
        const auto made = dialog();
        QSignalSpy started(made.get(), &NewRunDialog::startRequested);
        line(*made, "Data")->setText(folder_.path());
        QTest::mouseClick(button(*made, "Start"), Qt::LeftButton);
        QTRY_COMPARE(started.size(), 1);
        const auto run = started[0][0].value<NewRun>();
        QCOMPARE(run.kind, QString("sft"));
        QCOMPARE(run.model, folder_.path());
        QCOMPARE(run.data, folder_.path());
        QVERIFY(!made->isVisible());
    }
};

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    const auto arguments = application.arguments();
    if (arguments.value(1) == "make-data")
        return makeData(arguments.value(arguments.indexOf("--out") + 1));
    NewRunTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "new_run_test.moc"
