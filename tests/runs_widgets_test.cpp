#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTableView>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <memory>

#include "widgets/runs/config_diff.h"
#include "widgets/runs/run_details.h"
#include "widgets/runs/runs_model.h"
#include "widgets/runs/runs_table.h"
#include "widgets/words.h"

using namespace lvr;

namespace {

RunSummary summaryOf(std::int64_t id, RunStatus status = RunStatus::Finished, int step = 100) {
    RunSummary summary;
    summary.run = {.id = id,
                   .info = {.kind = id % 2 ? "sft" : "grpo",
                            .command = "lvr sft --out /runs/" + std::to_string(id),
                            .options = R"({"lr": 0.002, "twin": "lvr"})",
                            .parent = "/models/tiny",
                            .out = "/runs/" + std::to_string(id),
                            .steps = 100},
                   .status = status,
                   .pid = 1000 + id,
                   .step = step,
                   .started = 1000,
                   .heartbeat = 1000.0 + step};
    summary.newest = {{id % 2 ? "loss/total" : "reward/mean", 0.25}, {"lr", 1e-3}};
    return summary;
}

struct Table {
    Table() {
        widget.resize(1000, 300);
        static_cast<QWidget&>(widget).show();
    }
    QTableView* view() { return widget.findChild<QTableView*>(); }
    QString text(int row, int column) {
        return view()->model()->index(row, column).data().toString();
    }
    QAction* action(const QString& name) {
        for (auto* action : widget.runActions())
            if (action->text().remove('&') == name) return action;
        return nullptr;
    }
    void activate() {
        widget.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&widget));
    }
    bool draws(std::int64_t run) {
        const auto runs = widget.plotted();
        return std::ranges::find(runs, run) != runs.end();
    }
    // As soon as it fits the selection.
    void trigger(const QString& name) {
        QTRY_VERIFY(action(name)->isEnabled());
        action(name)->trigger();
    }
    void click(int row, Qt::KeyboardModifiers keys = {}) {
        QTest::mouseClick(view()->viewport(), Qt::LeftButton, keys,
                          view()->visualRect(view()->model()->index(row, 0)).center());
    }
    RunsTable widget;
};

}  // namespace

class RunsWidgetsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aRowTellsWhatARunIsAndHowFar() {
        Table table;
        auto lost = summaryOf(3, RunStatus::Lost, 40);
        lost.alerts = {{7, "the loss jumped"}};
        lost.run.message = "its process ended without a word";
        table.widget.show({lost});
        QCOMPARE(table.text(0, RunsModel::Id), QString("3"));
        QCOMPARE(table.text(0, RunsModel::Kind), QString("sft"));
        QCOMPARE(table.text(0, RunsModel::Status), QString("Lost"));
        QCOMPARE(table.text(0, RunsModel::Progress), QString("40 / 100"));
        QCOMPARE(table.text(0, RunsModel::Newest), QString("loss/total 0.25"));
        QCOMPARE(table.text(0, RunsModel::Left), QString());
        QCOMPARE(table.text(0, RunsModel::Folder), QString("/runs/3"));
        QCOMPARE(table.text(0, RunsModel::Alerts), QString("⚠ 1"));
        const auto* model = table.view()->model();
        QCOMPARE(model->index(0, RunsModel::Alerts).data(Qt::ToolTipRole).toString(),
                 QString("Step 7: the loss jumped"));
        QCOMPARE(model->index(0, RunsModel::Status).data(Qt::ToolTipRole).toString(),
                 QString("its process ended without a word"));
        QCOMPARE(model->index(0, RunsModel::Progress).data(RunsModel::FractionRole).toDouble(),
                 0.4);
    }

    void theTimeLeftComesFromTheStepsSeenSinceItsProcessBegan() {
        Table table;
        auto run = summaryOf(1, RunStatus::Running, 50);  // half in 50 s
        table.widget.show({run});
        QCOMPARE(table.text(0, RunsModel::Left), QString("50 s"));
        run.run.step = 60;  // and then 10 steps in 100 s
        run.run.heartbeat += 100;
        table.widget.show({run});
        QCOMPARE(table.text(0, RunsModel::Left), QString("6 min 40 s"));
        run.run.pid = 77;  // resumed after a pause of an hour
        run.run.heartbeat += 3600;
        table.widget.show({run});
        run.run.step = 70;
        run.run.heartbeat += 10;
        table.widget.show({run});
        QCOMPARE(table.text(0, RunsModel::Left), QString("30 s"));
    }

    void aSelectionOutlivesNewRunsSortingAndFiltering() {
        Table table;
        table.widget.show({summaryOf(2), summaryOf(1)});
        QSignalSpy selected(&table.widget, &RunsTable::selectionChanged);
        table.click(1);
        QCOMPARE(table.widget.selected(), std::vector<std::int64_t>{1});
        QTRY_COMPARE(selected.size(), 1);
        table.widget.show({summaryOf(4), summaryOf(3), summaryOf(2), summaryOf(1)});
        QCOMPARE(table.widget.selected(), std::vector<std::int64_t>{1});
        table.view()->sortByColumn(RunsModel::Kind, Qt::AscendingOrder);
        QCOMPARE(table.text(0, RunsModel::Kind), QString("grpo"));
        QCOMPARE(table.widget.selected(), std::vector<std::int64_t>{1});
        QTest::keyClicks(table.widget.findChild<QLineEdit*>(), "/runs/1");
        QCOMPARE(table.view()->model()->rowCount(), 1);
        QCOMPARE(table.widget.selected(), std::vector<std::int64_t>{1});
        table.widget.findChild<QLineEdit*>()->clear();
        table.widget.show({summaryOf(4), summaryOf(3), summaryOf(2)});
        QVERIFY(table.widget.selected().empty());
        QCOMPARE(table.view()->model()->rowCount(), 3);
    }

    void runsThatComeWhileAllAreSelectedDisturbNobody() {
        Table table;
        // What is selected is drawn, which changes the rows.
        connect(&table.widget, &RunsTable::selectionChanged, &table.widget, [&](const auto& runs) {
            for (const auto run : runs) table.widget.plot(run);
        });
        table.widget.show({summaryOf(2), summaryOf(1)});
        QSignalSpy selected(&table.widget, &RunsTable::selectionChanged);
        table.view()->selectAll();
        QTRY_COMPARE(selected.size(), 1);
        table.view()->sortByColumn(RunsModel::Kind, Qt::AscendingOrder);  // the new one in between
        table.widget.show({summaryOf(4), summaryOf(3), summaryOf(2), summaryOf(1)});
        QTest::keyClicks(table.widget.findChild<QLineEdit*>(), "runs/2");
        QTRY_COMPARE(selected.size(), 2);  // what is filtered away is not chosen
        QCOMPARE(table.widget.selected(), std::vector<std::int64_t>{2});
    }

    void runsAreSortedByNumberNotByText() {
        Table table;
        table.widget.show({summaryOf(10), summaryOf(9), summaryOf(2)});
        table.view()->sortByColumn(RunsModel::Id, Qt::AscendingOrder);
        QCOMPARE(table.text(0, 0) + table.text(1, 0) + table.text(2, 0), QString("2910"));
    }

    void whatCanBeDoneFitsTheSelection_data() {
        QTest::addColumn<QList<int>>("rows");
        QTest::addColumn<QStringList>("enabled");
        QTest::newRow("none") << QList<int>{} << QStringList{};
        QTest::newRow("running") << QList<int>{0}
                                 << QStringList{"Stop", "Pause", "Open folder", "Copy command line",
                                                "Kill…"};
        QTest::newRow("paused") << QList<int>{3}
                                << QStringList{"Stop", "Resume", "Open folder", "Copy command line",
                                               "Kill…"};
        QTest::newRow("stopped") << QList<int>{1}
                                 << QStringList{"Resume", "Delete…", "Open folder",
                                                "Copy command line"};
        QTest::newRow("finished") << QList<int>{2}
                                  << QStringList{"Delete…", "Open folder", "Copy command line"};
        QTest::newRow("two") << QList<int>{1, 2} << QStringList{"Delete…", "Compare config"};
    }
    void whatCanBeDoneFitsTheSelection() {
        QFETCH(QList<int>, rows);
        Table table;
        table.widget.show({summaryOf(3, RunStatus::Running, 50),
                           summaryOf(2, RunStatus::Stopped, 50), summaryOf(1),
                           summaryOf(0, RunStatus::Paused, 50)});
        QSignalSpy selected(&table.widget, &RunsTable::selectionChanged);
        for (const int row : rows) table.click(row, Qt::ControlModifier);
        if (!rows.isEmpty()) QTRY_VERIFY(!selected.isEmpty());
        QStringList looks{"Draw its curves", "Draw only these curves", "Draw all curves"};
        if (rows.isEmpty()) looks = {"Draw all curves"};
        if (rows.size() == 1)
            looks = QStringList{"Rename…", "Tags…"} + looks + QStringList{"Pin as baseline"};
        QStringList enabled;
        for (auto* action : table.widget.runActions())
            if (action->isEnabled() && !action->isSeparator())
                enabled.append(action->text().remove('&'));
        QCOMPARE(enabled.first(looks.size()), looks);
        enabled.remove(0, looks.size());
        QTEST(enabled, "enabled");
    }

    void aPausedRunGoesOnAndAStoppedOneIsResumed() {
        Table table;
        table.widget.show(
            {summaryOf(2, RunStatus::Paused, 50), summaryOf(1, RunStatus::Stopped, 50)});
        QCOMPARE(table.text(0, RunsModel::Status), QString("Paused"));
        QCOMPARE(table.text(0, RunsModel::Left), QString());
        QSignalSpy unpaused(&table.widget, &RunsTable::unpauseRequested),
            resumed(&table.widget, &RunsTable::resumeRequested);
        for (const int row : {0, 1}) {
            table.click(row);
            QTRY_VERIFY(table.action("Resume")->isEnabled());
            table.action("Resume")->trigger();
        }
        QCOMPARE(unpaused.size(), 1);
        QCOMPARE(unpaused[0][0].value<Run>().id, 2);
        QCOMPARE(resumed.size(), 1);
        QCOMPARE(resumed[0][0].value<Run>().id, 1);
    }

    void runsOfAGroupStayTogetherHoweverTheyAreSorted() {
        Table table;
        table.widget.show({summaryOf(4), summaryOf(3), summaryOf(2), summaryOf(1)});
        QVERIFY(table.view()->isColumnHidden(RunsModel::Group));
        auto* by = table.widget.findChild<QComboBox*>();
        by->setCurrentText("Kind");
        QVERIFY(!table.view()->isColumnHidden(RunsModel::Group));
        const auto ids = [&] {
            QString all;
            for (int row = 0; row < 4; ++row) all += table.text(row, RunsModel::Id);
            return all;
        };
        QCOMPARE(ids(), QString("4231"));  // grpo, sft; each downwards
        QCOMPARE(table.view()->rowSpan(0, RunsModel::Group), 2);
        QCOMPARE(table.view()->rowSpan(2, RunsModel::Group), 2);
        table.view()->sortByColumn(RunsModel::Id, Qt::AscendingOrder);
        QCOMPARE(ids(), QString("2413"));
        table.widget.show({summaryOf(5), summaryOf(4), summaryOf(3), summaryOf(2), summaryOf(1)});
        QCOMPARE(table.view()->rowSpan(2, RunsModel::Group), 3);
        by->setCurrentText("Model");
        QCOMPARE(table.text(0, RunsModel::Group), QString("tiny"));
        QCOMPARE(table.view()->rowSpan(0, RunsModel::Group), 5);
        by->setCurrentText("None");
        QCOMPARE(table.view()->rowSpan(0, RunsModel::Group), 1);
    }

    void aRunIsNamedAndTaggedInTheTable() {
        Table table;
        table.widget.show({summaryOf(2), summaryOf(1)});
        table.activate();
        QSignalSpy named(&table.widget, &RunsTable::nameTyped),
            tagged(&table.widget, &RunsTable::tagsTyped);
        table.click(1);
        table.view()->setFocus();
        QTRY_VERIFY(table.action("Rename…")->isEnabled());
        QTest::keyClick(table.view(), Qt::Key_F2);
        auto* editor = table.view()->findChild<QLineEdit*>();
        QVERIFY(editor && editor->hasFocus());
        QTest::keyClicks(editor, "  the long night ");
        QTest::keyClick(editor, Qt::Key_Return);
        QTRY_COMPARE(named.size(), 1);
        QCOMPARE(named[0][0].value<Run>().id, 1);
        QCOMPARE(named[0][1].toString(), QString("the long night"));
        QTRY_VERIFY(!table.view()->findChild<QLineEdit*>());
        table.trigger("Tags…");
        editor = table.view()->findChild<QLineEdit*>();
        QVERIFY(editor);
        QTest::keyClicks(editor, "paper,good one");
        QTest::keyClick(editor, Qt::Key_Return);
        QTRY_COMPARE(tagged.size(), 1);
        QCOMPARE(tagged[0][1].toStringList(), (QStringList{"paper", "good one"}));
        auto called = summaryOf(1);
        called.run.name = "the long night";
        called.run.tags = {"paper", "good one"};
        table.widget.show({summaryOf(2), called});
        QCOMPARE(table.text(1, RunsModel::Name), QString("the long night"));
        QCOMPARE(table.text(1, RunsModel::Tags), QString("paper, good one"));
        for (const auto* word : {"NIGHT", "good o"}) {
            table.widget.findChild<QLineEdit*>()->setText(word);
            QCOMPARE(table.view()->model()->rowCount(), 1);
        }
    }

    void aTableThatGoesWhileANameIsTypedGoesQuietly() {
        auto table = std::make_unique<Table>();
        table->widget.show({summaryOf(1)});
        table->activate();
        table->click(0);
        table->trigger("Rename…");
        QTest::keyClicks(table->view()->findChild<QLineEdit*>(), "half a na");
        table.reset();
    }

    void curvesAreDrawnApartFromWhatIsSelected() {
        Table table;
        std::vector<RunSummary> runs;
        for (int id = 12; id > 0; --id) runs.push_back(summaryOf(id));
        table.widget.show(runs);
        const auto drawn = [&] { return table.widget.plotted(); };
        const auto draws = [&](std::int64_t run) { return table.draws(run); };
        QCOMPARE(drawn(), (std::vector<std::int64_t>{12, 11, 10, 9, 8, 7, 6, 5}));  // the newest
        runs.insert(runs.begin(), summaryOf(13));
        table.widget.show(runs);
        QCOMPARE(drawn().front(), 13);  // whatever comes
        QSignalSpy changed(&table.widget, &RunsTable::plottedChanged);
        table.activate();
        table.click(1);
        QCOMPARE(changed.size(), 0);
        table.view()->setFocus();
        QTRY_VERIFY(table.action("Draw its curves")->isEnabled());
        QTest::keyClick(table.view(), Qt::Key_Space);
        QCOMPARE(changed.size(), 1);
        QVERIFY(!draws(12));
        table.trigger("Draw only these curves");
        QCOMPARE(drawn(), std::vector<std::int64_t>{12});
        table.trigger("Draw all curves");
        QCOMPARE(drawn().size(), 13u);
        // The box beside the number does the same.
        const auto cell = table.view()->model()->index(0, RunsModel::Id);
        QCOMPARE(cell.data(Qt::CheckStateRole).toInt(), int(Qt::Checked));
        QStyleOptionViewItem option;
        option.initFrom(table.view());
        option.rect = table.view()->visualRect(cell);
        option.features = QStyleOptionViewItem::HasCheckIndicator;
        const auto box = table.view()->style()->subElementRect(
            QStyle::SE_ItemViewItemCheckIndicator, &option, table.view());
        QTest::mouseClick(table.view()->viewport(), Qt::LeftButton, {}, box.center());
        QVERIFY(!draws(13));
    }

    void theBaselineIsWhatNumbersAreComparedWith() {
        Table table;
        auto better = summaryOf(3);
        better.newest["loss/total"] = 0.2;
        table.widget.show({better, summaryOf(2), summaryOf(1)});
        table.click(2);
        table.trigger("Pin as baseline");
        QCOMPARE(table.widget.baseline(), 1);
        QCOMPARE(table.text(0, RunsModel::Newest), QString("loss/total 0.2 (−0.05)"));
        QCOMPARE(table.text(1, RunsModel::Newest), QString("reward/mean 0.25"));  // has none
        QCOMPARE(table.text(2, RunsModel::Newest), QString("loss/total 0.25"));
        QCOMPARE(table.text(2, RunsModel::Id), QString("1 ⚑"));
        table.trigger("Draw its curves");  // the baseline's are, in any case
        QVERIFY(table.draws(1));
        table.trigger("Pin as baseline");
        QCOMPARE(table.widget.baseline(), 0);
        QCOMPARE(table.text(0, RunsModel::Newest), QString("loss/total 0.2"));
    }

    void columnsAreChosenFromTheHeaderAndKept() {
        QTemporaryDir folder;
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder.path());
        const auto choose = [](Table& table, const QString& name) {
            auto* header = table.view()->horizontalHeader();
            Q_EMIT header->customContextMenuRequested({5, 5});
            auto* menu = table.widget.findChild<QMenu*>("columns");
            for (auto* action : menu->findChildren<QAction*>())
                if (action->text().remove('&') == name) action->trigger();
            delete menu;
        };
        {
            Table table;
            table.widget.show({summaryOf(2), summaryOf(1)});
            table.widget.keepFor("/a/store.db");
            choose(table, "Started");
            QVERIFY(table.view()->isColumnHidden(RunsModel::Started));
            choose(table, "twin");
            choose(table, "loss/total");
            QCOMPARE(table.text(1, RunsModel::kColumns), QString("lvr"));
            QCOMPARE(table.text(1, RunsModel::kColumns + 1), QString("0.25"));
            table.view()->sortByColumn(RunsModel::Id, Qt::AscendingOrder);
            auto* header = table.view()->horizontalHeader();
            header->moveSection(header->visualIndex(RunsModel::kColumns), 1);
            table.click(0);
            table.trigger("Draw its curves");
            table.widget.findChild<QComboBox*>()->setCurrentText("Kind");
        }
        Table again;
        again.widget.keepFor("/a/store.db");
        again.widget.show({summaryOf(2), summaryOf(1)});
        QVERIFY(again.view()->isColumnHidden(RunsModel::Started));
        QCOMPARE(again.view()->horizontalHeader()->visualIndex(RunsModel::kColumns), 1);
        QCOMPARE(again.text(0, RunsModel::Id), QString("2"));  // by kind, then upwards
        QCOMPARE(again.text(0, RunsModel::kColumns), QString("lvr"));
        QCOMPARE(again.widget.findChild<QComboBox*>()->currentText(), QString("Kind"));
        QCOMPARE(again.widget.plotted(), std::vector<std::int64_t>{2});
        choose(again, "Reset columns");
        QVERIFY(!again.view()->isColumnHidden(RunsModel::Started));
        QCOMPARE(again.view()->model()->columnCount(), int(RunsModel::kColumns));
        QSettings().clear();
    }

    void notesAreFoundByTheFilter() {
        Table table;
        auto noted = summaryOf(2);
        noted.run.notes = "the good one\nrate as in the paper";
        table.widget.show({noted, summaryOf(1)});
        QCOMPARE(table.text(0, RunsModel::Notes), QString("the good one"));
        QTest::keyClicks(table.widget.findChild<QLineEdit*>(), "good");
        QCOMPARE(table.view()->model()->rowCount(), 1);
    }

    void whatIsTypedAsNotesIsToldBeforeAnotherRunIsShown() {
        RunDetails details;
        details.resize(400, 500);
        static_cast<QWidget&>(details).show();
        auto first = summaryOf(1);
        first.run.notes = "as it was";
        details.show(first);
        auto* editor = details.findChild<NotesEditor*>();
        QCOMPARE(editor->toPlainText(), QString("as it was"));
        QSignalSpy written(&details, &RunDetails::notesWritten);
        editor->selectAll();
        QTest::keyClicks(editor, "better");
        details.show(first);  // a step came in between
        QCOMPARE(editor->toPlainText(), QString("better"));
        details.show(summaryOf(2));
        QCOMPARE(written.size(), 1);
        QCOMPARE(written[0][0].value<std::int64_t>(), 1);
        QCOMPARE(written[0][1].toString(), QString("better"));
        QVERIFY(editor->toPlainText().isEmpty());
        QTest::keyClicks(editor, "soon");
        QTRY_COMPARE(written.size(), 2);  // by itself
        QCOMPARE(written[1][0].value<std::int64_t>(), 2);
        QTest::keyClicks(editor, "er");
        details.hide();
        QCOMPARE(written.size(), 3);
        QCOMPARE(written[2][1].toString(), QString("sooner"));
    }

    void deletingAsksFirst() {
        Table table;
        table.widget.show({summaryOf(1)});
        table.click(0);
        QSignalSpy deleted(&table.widget, &RunsTable::deleteRequested);
        for (const auto& [button, count] : {std::pair("Cancel", 0), std::pair("Forget", 1)}) {
            QTRY_VERIFY(table.action("Delete…")->isEnabled());
            table.action("Delete…")->trigger();
            auto* box = table.widget.findChild<QMessageBox*>();
            QVERIFY(box && box->text().contains("run 1"));
            for (auto* each : box->buttons())
                if (each->text().remove('&') == button) QTest::mouseClick(each, Qt::LeftButton);
            QCOMPARE(deleted.size(), count);
            QTRY_VERIFY(!table.widget.findChild<QMessageBox*>());
        }
    }

    void theCommandLineIsCopied() {
        Table table;
        table.widget.show({summaryOf(1)});
        table.click(0);
        QTRY_VERIFY(table.action("Copy command line")->isEnabled());
        table.action("Copy command line")->trigger();
        QCOMPARE(QApplication::clipboard()->text(), QString("lvr sft --out /runs/1"));
    }

    void configsAreComparedFieldByField() {
        RunInfo left{.kind = "sft",
                     .options = R"({"lr": 0.002, "twin": "lvr", "kinds": {"a": 1}})"};
        RunInfo right = left;
        right.options = R"({"lr": 0.002, "twin": "filler", "goal": 0.5})";
        right.seed = 3;
        std::vector<ConfigField> differing;
        for (const auto& field : compareConfigs(left, right))
            if (field.left != field.right) differing.push_back(field);
        QCOMPARE(differing, (std::vector<ConfigField>{{"goal", "", "0.5"},
                                                      {"kinds/a", "1", ""},
                                                      {"seed", "0", "3"},
                                                      {"twin", "lvr", "filler"}}));
    }

    void equalFieldsAreHiddenUntilAskedFor() {
        auto left = summaryOf(1).run, right = summaryOf(3).run;
        right.info.options = R"({"lr": 0.01, "twin": "lvr"})";
        auto* dialog = new ConfigDiffDialog(left, right);
        const auto* table = dialog->findChild<QTableWidget*>();
        QCOMPARE(table->rowCount(), 1);
        QCOMPARE(table->item(0, 0)->text() + table->item(0, 1)->text() + table->item(0, 2)->text(),
                 QString("lr0.0020.01"));
        dialog->findChild<QCheckBox*>()->setChecked(true);
        QVERIFY(table->rowCount() > 5);
        delete dialog;
    }

    void durationsAreReadable_data() {
        QTest::addColumn<double>("seconds");
        QTest::addColumn<QString>("text");
        QTest::newRow("s") << 42.4 << "42 s";
        QTest::newRow("min") << 185.0 << "3 min 05 s";
        QTest::newRow("h") << 7630.0 << "2 h 07 min";
        QTest::newRow("d") << 273600.0 << "3 d 4 h";
    }
    void durationsAreReadable() {
        QFETCH(double, seconds);
        QTEST(durationText(seconds), "text");
    }
};

QTEST_MAIN(RunsWidgetsTest)
#include "runs_widgets_test.moc"
