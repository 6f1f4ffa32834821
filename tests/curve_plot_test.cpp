#include "widgets/runs/curve_plot.h"

#include <qcustomplot.h>

#include <QLineEdit>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QSlider>
#include <QTemporaryDir>
#include <QToolButton>
#include <QXmlStreamReader>
#include <QtTest>
#include <cmath>
#include <limits>

#include "widgets/colours.h"
#include "widgets/runs/curve_grid.h"

using namespace lvr;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

MetricColumn columnOf(const std::string& name, const std::vector<double>& values, int first = 1) {
    MetricColumn column{.name = name, .values = values};
    for (std::size_t i = 0; i < values.size(); ++i)
        column.steps.push_back(first + static_cast<int>(i));
    return column;
}

// Two runs and a plot of their loss.
struct World {
    World() {
        runs[1].append({columnOf("loss/total", {4, 3, 2, 1}), columnOf("lr", {1, 1, 1, 1}),
                        columnOf("time/elapsed", {10, 20, 30, 40})});
        runs[2].append({columnOf("loss/total", {8, 7, 6})});
        plot.setRuns(plotted());
        plot.resize(500, 300);
        plot.show();
        (void)QTest::qWaitForWindowExposed(&plot);
    }
    std::vector<PlottedRun> plotted() const {
        return {{1, "run 1", 0, &runs.at(1)}, {2, "run 2", 1, &runs.at(2)}};
    }
    QCustomPlot* canvas() { return plot.findChild<QCustomPlot*>(); }
    QCPRange x() { return canvas()->xAxis->range(); }
    QCPRange y() { return canvas()->yAxis->range(); }
    void drawNow() { canvas()->replot(QCustomPlot::rpImmediateRefresh); }
    void drag(QPoint by, Qt::KeyboardModifiers keys = {}) {
        const auto from = canvas()->axisRect()->rect().center();
        QTest::mousePress(canvas(), Qt::LeftButton, keys, from);
        QMouseEvent move(QEvent::MouseMove, from + by, canvas()->mapToGlobal(from + by),
                         Qt::NoButton, Qt::LeftButton, keys);
        QApplication::sendEvent(canvas(), &move);
        QTest::mouseRelease(canvas(), Qt::LeftButton, keys, from + by);
    }
    void pan(int pixels) { drag({pixels, 0}, Qt::ShiftModifier); }
    QToolButton* button(const QString& text) {
        for (auto* button : plot.findChildren<QToolButton*>())
            if (button->text() == text) return button;
        return nullptr;
    }
    std::map<std::int64_t, RunCurves> runs;
    CurvePlot plot{"loss/total"};
};

QByteArray bytesOf(const QString& file) {
    QFile input(file);
    return input.open(QIODevice::ReadOnly) ? input.readAll() : QByteArray();
}

}  // namespace

class CurvePlotTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

private Q_SLOTS:
    void allPointsOfAllRunsAreInSight() {
        World world;
        world.drawNow();
        QVERIFY(world.x().contains(1) && world.x().contains(4));
        QVERIFY(world.y().contains(1) && world.y().contains(8));
        QVERIFY(world.x().size() < 4 && world.y().size() < 9);
    }

    void whatNeverChangesHasAnAxisOfItsSize() {
        RunCurves zeros, thousands;
        zeros.append({columnOf("own", {0, 0, 0})});
        thousands.append({columnOf("own", {1000, 1000})});
        CurvePlot plot("own");
        plot.show();
        auto* canvas = plot.findChild<QCustomPlot*>();
        const auto rangeOf = [&](const RunCurves& curves) {
            plot.setRuns({{1, "run 1", 0, &curves}});
            canvas->replot(QCustomPlot::rpImmediateRefresh);
            return canvas->yAxis->range();
        };
        QCOMPARE(rangeOf(zeros), QCPRange(-1, 1));
        QCOMPARE(rangeOf(thousands), QCPRange(950, 1050));
    }

    void aRunsFirstStepIsSeenAndThenBecomesALine() {
        World world;
        world.runs[3].append({columnOf("loss/total", {5})});
        const std::vector<PlottedRun> one{{3, "run 3", 0, &world.runs.at(3)}};
        world.plot.setRuns(one);
        world.drawNow();
        const QPoint place(qRound(world.canvas()->xAxis->coordToPixel(1)),
                           qRound(world.canvas()->yAxis->coordToPixel(5)));
        QCOMPARE(world.canvas()->toPixmap().toImage().pixelColor(place), runColour(0, false));
        world.runs[3].append({columnOf("loss/total", {5, 5}, 2)});
        world.plot.setRuns(one);
        world.drawNow();
        QVERIFY(world.canvas()->graph(0)->scatterStyle().isNone());
    }

    void whatComesIsFollowedUntilThePlotIsDragged() {
        World world;
        world.drawNow();
        world.runs[1].append({columnOf("loss/total", {9}, 100)});
        world.plot.refresh();
        QTRY_VERIFY(world.x().contains(100) && world.y().contains(9));
        QVERIFY(world.plot.isFollowing());
        QVERIFY(world.button("Follow")->isHidden());
        world.pan(40);
        QVERIFY(!world.plot.isFollowing());
        const auto held = world.x();
        world.runs[1].append({columnOf("loss/total", {9}, 1000)});
        world.plot.refresh();
        world.drawNow();
        QCOMPARE(world.x(), held);
        QTest::mouseClick(world.button("Follow"), Qt::LeftButton);
        QTRY_VERIFY(world.x().contains(1000));
        QVERIFY(world.button("Follow")->isHidden());
    }

    void keysPanZoomAndFollow() {
        World world;
        world.drawNow();
        const auto all = world.x();
        QTest::keyClick(&world.plot, Qt::Key_Plus);
        QVERIFY(world.x().size() < all.size());
        QVERIFY(!world.plot.isFollowing());
        QTest::keyClick(&world.plot, Qt::Key_Right);
        QVERIFY(world.x().center() > all.center());
        QTest::keyClick(&world.plot, Qt::Key_F);
        QTRY_COMPARE(world.x(), all);
    }

    void aWheelWithoutCtrlIsLeftToWhatScrolls() {
        World world;
        world.drawNow();
        const auto all = world.x();
        const auto turn = [&](Qt::KeyboardModifiers keys) {
            const QPoint at = world.canvas()->rect().center();
            QWheelEvent wheel(at, world.canvas()->mapToGlobal(at), {}, {0, 120}, Qt::NoButton, keys,
                              Qt::NoScrollPhase, false);
            QApplication::sendEvent(world.canvas(), &wheel);
            return wheel.isAccepted();
        };
        QVERIFY(!turn({}));
        QCOMPARE(world.x(), all);
        QVERIFY(turn(Qt::ControlModifier));
        QVERIFY(world.x().size() < all.size());
    }

    void underTheCursorEachRunsNearestStepIsRead() {
        World world;
        world.plot.setView({.smoothing = 0.5});
        world.drawNow();
        auto* canvas = world.canvas();
        const auto over = [&](double step) {
            QTest::mouseMove(canvas, QPoint(qRound(canvas->xAxis->coordToPixel(step)), 100));
            return world.plot.readout();
        };
        QTRY_VERIFY(over(2.1).contains("run 1"));
        // Of 4, 3 with weight 1/2: (4/4 + 3/2) / (3/4).
        const auto text = world.plot.readout().simplified();
        QVERIFY2(text.contains("run 1 step 2: 3 smoothed 3.333"), qPrintable(text));
        QVERIFY2(text.contains("run 2 step 2: 7 smoothed 7.333"), qPrintable(text));
        QTRY_VERIFY(over(3.9).simplified().contains("run 2 step 3: 6"));  // its last
        QEvent leave(QEvent::Leave);
        QApplication::sendEvent(canvas, &leave);
        QVERIFY(world.plot.readout().isEmpty());
    }

    void whatIsNoNumberIsMarked() {
        World world;
        world.runs[1].append({columnOf("loss/total", {kNaN, 1, kInfinity, -kInfinity, kNaN}, 5)});
        world.drawNow();
        std::vector<double> marked;
        for (int i = 0; i < world.canvas()->graphCount(); ++i) {
            const auto* graph = world.canvas()->graph(i);
            if (graph->lineStyle() != QCPGraph::lsNone) continue;
            for (const auto& point : *graph->data()) {
                QVERIFY(std::isfinite(point.value) && world.y().contains(point.value));
                marked.push_back(point.key);
            }
        }
        std::sort(marked.begin(), marked.end());
        QCOMPARE(marked, (std::vector<double>{5, 7, 8, 9}));
        QVERIFY(world.y().upper < 10);  // infinity is not in the range
    }

    // Qt warns of every dot that has no place, on stderr.
    void aFirstStepWithoutAPlaceOnALogAxisIsNoDot() {
        World world;
        world.runs[3].append({columnOf("loss/total", {0})});
        auto runs = world.plotted();
        runs.push_back({3, "run 3", 2, &world.runs.at(3)});
        QTest::failOnWarning(QRegularExpression("QPainterPath"));
        world.plot.setRuns(runs);
        world.plot.setView({.y = AxisScale::Log});
        world.drawNow();
        QVERIFY(world.plot.isVisible());
    }

    void aLogAxisShowsWhatIsPositive() {
        World world;
        world.runs[1].append({columnOf("loss/total", {0, -3, 1e-4}, 5)});
        world.plot.setView({.x = AxisScale::Log, .y = AxisScale::Log});
        world.drawNow();
        QVERIFY(world.y().lower > 0 && world.y().lower <= 1e-4 && world.y().upper >= 8);
        QVERIFY(world.x().lower > 0 && world.x().lower <= 1);
    }

    void theNumbersOfAnAxisAreTold_data() {
        QTest::addColumn<AxisScale>("scale");
        QTest::addColumn<double>("lower");
        QTest::addColumn<double>("upper");
        QTest::newRow("less than a half") << AxisScale::Log << 0.080 << 0.112;
        QTest::newRow("hardly anything") << AxisScale::Log << 1.9731 << 1.9738;
        QTest::newRow("around two") << AxisScale::Log << 1.2 << 2.6;
        QTest::newRow("one decade") << AxisScale::Log << 0.07 << 1.3;
        QTest::newRow("decades") << AxisScale::Log << 3e-6 << 20.0;
        QTest::newRow("very many") << AxisScale::Log << 1e-30 << 1e30;
        QTest::newRow("steps") << AxisScale::Log << 0.98 << 1731.0;
        QTest::newRow("linear") << AxisScale::Linear << 0.1 << 1.9;
        QTest::newRow("linear, hardly anything") << AxisScale::Linear << 1.973122 << 1.973187;
        QTest::newRow("linear, late steps") << AxisScale::Linear << 1234567.0 << 1234667.0;
    }
    // No two places with one number, each where its number says, and enough of them to read.
    void theNumbersOfAnAxisAreTold() {
        QFETCH(const AxisScale, scale);
        QFETCH(const double, lower);
        QFETCH(const double, upper);
        World world;
        world.plot.setView({.x = scale, .y = scale});
        for (const auto* axis : {world.canvas()->xAxis, world.canvas()->yAxis}) {
            QVector<double> ticks;
            QVector<QString> labels;
            axis->ticker()->generate({lower, upper}, QLocale::c(),
                                     axis->numberFormat().at(0).toLatin1(), axis->numberPrecision(),
                                     ticks, nullptr, &labels);
            int inSight = 0;
            QSet<QString> seen;
            for (qsizetype i = 0; i < ticks.size(); ++i) {
                if (ticks[i] < lower || ticks[i] > upper) continue;
                ++inSight;
                QVERIFY2(!seen.contains(labels[i]), qPrintable(labels[i]));
                seen.insert(labels[i]);
                QVERIFY2(std::abs(labels[i].toDouble() / ticks[i] - 1) < 1e-6,
                         qPrintable(labels[i]));
            }
            QVERIFY2(inSight >= 2 && inSight <= 12, qPrintable(QString::number(inSight)));
        }
    }

    void timeIsAnAxisForRunsThatKnowIt() {
        World world;
        world.plot.setView({.axis = CurveAxis::Time});
        world.drawNow();
        QVERIFY(world.x().lower < 10.1 && world.x().upper > 39.9);
        for (int i = 0; i < world.canvas()->graphCount(); ++i)
            if (world.canvas()->graph(i)->name() == "run 2")
                QCOMPARE(world.canvas()->graph(i)->dataCount(), 0);
    }

    void theNumbersAreExportedAsTheyAre() {
        World world;
        world.plot.setView({.smoothing = 0.5});
        const auto file = folder_.filePath("a.csv");
        QSignalSpy exported(&world.plot, &CurvePlot::exported);
        world.plot.exportTo(file);
        QTRY_COMPARE(exported.size(), 1);
        const auto lines = bytesOf(file).split('\n');
        QCOMPARE(lines[0], QByteArray("run,step,value,smoothed"));
        QCOMPARE(lines[1], QByteArray("1,1,4,4"));
        QCOMPARE(lines.size(), 1 + 4 + 3 + 1);
        QCOMPARE(lines[5], QByteArray("2,1,8,8"));
    }

    void thePictureIsExported() {
        World world;
        QSignalSpy exported(&world.plot, &CurvePlot::exported);
        world.plot.exportTo(folder_.filePath("a.png"));
        world.plot.exportTo(folder_.filePath("a.svg"));
        QTRY_COMPARE(exported.size(), 2);
        QCOMPARE(QImage(folder_.filePath("a.png")).size(), world.canvas()->size() * 2);
        QXmlStreamReader xml(bytesOf(folder_.filePath("a.svg")));
        int paths = 0;
        while (!xml.atEnd())
            if (xml.readNext() == QXmlStreamReader::StartElement)
                paths += xml.name() == u"polyline" || xml.name() == u"path";
        QVERIFY(!xml.hasError());
        QVERIFY(paths > 2);
    }

    void anExportThatCannotBeWrittenSaysSo() {
        World world;
        QSignalSpy failed(&world.plot, &CurvePlot::exportFailed);
        world.plot.exportTo(folder_.filePath("not/there/a.csv"));
        QTRY_COMPARE(failed.size(), 1);
        QVERIFY(failed[0][0].toString().contains("a.csv"));
    }

    void eachMetricHasAPlotInItsGroup() {
        World world;
        CurveGrid grid;
        grid.resize(800, 600);
        grid.show();
        QVERIFY(!grid.find("lr"));
        grid.setRuns(world.plotted());
        QVERIFY(grid.find("lr") && grid.find("loss/total") && grid.find("time/elapsed"));
        world.runs[2].append({columnOf("reward/mean", {1}, 4)});
        grid.refresh();
        QVERIFY(grid.find("reward/mean"));
        grid.setRuns({world.plotted()[1]});
        QVERIFY(!grid.find("lr") && grid.find("reward/mean"));
    }

    void plotsAreFoundByName() {
        World world;
        CurveGrid grid;
        grid.resize(800, 600);
        grid.show();
        grid.setRuns(world.plotted());
        QTest::keyClicks(grid.findChild<QLineEdit*>(), "LOSS");
        QVERIFY(grid.find("loss/total")->isVisible());
        QVERIFY(!grid.find("lr")->isVisible());
    }

    void anAxisThatNoRunKnowsForAWhileComesBack() {
        World world;
        CurveControls controls;
        controls.setRuns(world.plotted());
        auto* axis = controls.findChild<QComboBox*>();
        axis->setCurrentIndex(1);
        Q_EMIT axis->activated(1);
        controls.setRuns({world.plotted()[1]});  // knows no time
        QCOMPARE(controls.view().axis, CurveAxis::Step);
        controls.setRuns(world.plotted());
        QCOMPARE(controls.view().axis, CurveAxis::Time);
    }

    // Another store took the place of the one that had them.
    void plotsOfMetricsThatAreGoneGo() {
        World world;
        CurveGrid grid;
        grid.resize(800, 600);
        grid.show();
        grid.setRuns(world.plotted());
        QVERIFY(grid.find("lr"));
        world.runs[1] = {};
        world.runs[2] = {};
        grid.refresh();
        QVERIFY(grid.find("lr"));  // more may come
        world.runs[2].append({columnOf("reward/mean", {1, 2})});
        grid.refresh();
        grid.dropEmpty();
        QVERIFY(!grid.find("lr") && !grid.find("loss/total") && grid.find("reward/mean"));
    }

    void plotsOfAGroupStandInOneOrderHoweverTheyCome() {
        World world;
        world.runs[2].append({columnOf("loss/latent", {1}, 9), columnOf("loss/ce", {1}, 9)});
        const auto order = [&](const std::vector<std::vector<PlottedRun>>& choices) {
            CurveGrid grid;
            grid.resize(1400, 900);
            grid.show();
            for (const auto& runs : choices) grid.setRuns(runs);
            QCoreApplication::processEvents();  // it is laid out
            std::map<std::pair<int, int>, std::string> places;
            for (const auto* metric : {"loss/total", "loss/latent", "loss/ce"}) {
                const auto at = grid.find(metric)->geometry().topLeft();
                places[{at.y(), at.x()}] = metric;
            }
            std::vector<std::string> names;
            for (const auto& [place, name] : places) names.push_back(name);
            return names;
        };
        const std::vector<std::string> expected{"loss/total", "loss/ce", "loss/latent"};
        QTRY_COMPARE(order({world.plotted()}), expected);
        QTRY_COMPARE(order({{world.plotted()[0]}, world.plotted()}), expected);
    }

    void aPlotIsNotDraggedBeforeItsFirstStep() {
        World world;
        world.drawNow();
        world.pan(300);
        QVERIFY(!world.plot.isFollowing());
        QVERIFY(world.x().lower >= 0);
    }

    void aDragZoomsIntoItsRectangleUntilADoubleClick() {
        World world;
        world.drawNow();
        const auto allX = world.x(), allY = world.y();
        const auto from = world.canvas()->axisRect()->rect().center();
        const double left = world.canvas()->xAxis->pixelToCoord(from.x()),
                     top = world.canvas()->yAxis->pixelToCoord(from.y());
        world.drag({60, 50});
        QCOMPARE(world.x().lower, left);
        QVERIFY(world.x().upper > left && world.x().upper < allX.upper);
        QCOMPARE(world.y().upper, top);
        QVERIFY(world.y().lower > allY.lower);
        QVERIFY(!world.plot.isFollowing());
        QTest::mouseDClick(world.canvas(), Qt::LeftButton, {}, from);
        QTRY_COMPARE(world.x(), allX);
        QCOMPARE(world.y(), allY);
        world.drag({60, 0});  // nearly level: steps only
        QVERIFY(world.x().size() < allX.size());
        QCOMPARE(world.y(), allY);
        QTest::keyClick(&world.plot, Qt::Key_Escape);
        QTRY_COMPARE(world.x(), allX);
    }

    void aClickChoosesTheStepOfTheRunThatStandsOut() {
        World world;
        auto runs = world.plotted();
        runs[1].isChosen = true;
        world.plot.setRuns(runs);
        world.drawNow();
        QSignalSpy chosen(&world.plot, &CurvePlot::stepChosen);
        const int x = qRound(world.canvas()->xAxis->coordToPixel(2.2));
        QTest::mouseClick(world.canvas(), Qt::LeftButton, {}, QPoint(x, 100));
        QCOMPARE(chosen.size(), 1);
        QCOMPARE(chosen[0][0].value<std::int64_t>(), 2);
        QCOMPARE(chosen[0][1].toInt(), 2);
        world.drag({60, 50});
        QCOMPARE(chosen.size(), 1);  // no click
    }

    void theStepThatIsLookedAtIsALine() {
        World world;
        world.drawNow();
        auto* line = world.canvas()->findChild<QCPItemStraightLine*>();
        QVERIFY(line && !line->visible());
        world.plot.markStep(1, 3);
        world.drawNow();
        QVERIFY(line->visible());
        QCOMPARE(line->point1->key(), 3.0);
        world.plot.setView({.axis = CurveAxis::Time});
        world.drawNow();
        QCOMPARE(line->point1->key(), 30.0);  // seconds
        world.plot.markStep(0, 0);
        world.drawNow();
        QVERIFY(!line->visible());
    }

    void theCursorOfOnePlotIsShownInAll() {
        World world;
        CurveGrid grid;
        grid.resize(800, 600);
        grid.show();
        QVERIFY(QTest::qWaitForWindowExposed(&grid));
        grid.setRuns(world.plotted());
        auto *loss = grid.find("loss/total"), *rate = grid.find("lr");
        QTRY_VERIFY(!loss->visibleRegion().isEmpty() && !rate->visibleRegion().isEmpty());
        auto* canvas = loss->findChild<QCustomPlot*>();
        canvas->replot(QCustomPlot::rpImmediateRefresh);
        rate->findChild<QCustomPlot*>()->replot(QCustomPlot::rpImmediateRefresh);
        const auto over = [&] {
            QTest::mouseMove(canvas, QPoint(qRound(canvas->xAxis->coordToPixel(3)), 60));
            return loss->readout().contains("step 3");
        };
        QTRY_VERIFY(over());
        QVERIFY2(rate->readout().simplified().contains("run 1 step 3: 1"),
                 qPrintable(rate->readout()));
        QEvent leave(QEvent::Leave);
        QApplication::sendEvent(canvas, &leave);
        QVERIFY(rate->readout().isEmpty());
    }

    void onePlotFillsTheViewUntilEscape() {
        World world;
        CurveGrid grid;
        grid.resize(800, 600);
        grid.show();
        QVERIFY(QTest::qWaitForWindowExposed(&grid));
        grid.setRuns(world.plotted());
        auto *loss = grid.find("loss/total"), *rate = grid.find("lr");
        const int height = loss->height();
        QTest::keyClick(loss, Qt::Key_Return);
        QCOMPARE(grid.large(), loss);
        QVERIFY(loss->isVisible() && !rate->isVisible());
        QTRY_VERIFY(loss->height() > height && loss->width() > grid.width() / 2);
        QTest::keyClick(loss, Qt::Key_Escape);
        QVERIFY(!grid.large() && rate->isVisible());
        QTRY_COMPARE(loss->height(), height);
        for (auto* button : loss->findChildren<QToolButton*>())
            if (button->accessibleName() == "Enlarge loss/total")
                QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(grid.large(), loss);
        grid.setRuns({});  // it has gone
        QVERIFY(!grid.large());
    }

    void anOutlierDoesNotFlattenTheRest() {
        World world;
        std::vector<double> values(200, 1.0);
        for (int i = 0; i < 200; ++i) values[static_cast<std::size_t>(i)] = 1 + 0.001 * i;
        values[100] = 1e6;
        world.runs[1] = {};
        world.runs[2] = {};
        world.runs[1].append({columnOf("loss/total", values)});
        world.plot.setRuns(world.plotted());
        world.drawNow();
        QVERIFY(world.y().upper > 1e6);
        world.plot.setView({.clipsOutliers = true});
        world.drawNow();
        QVERIFY2(world.y().upper < 2, qPrintable(QString::number(world.y().upper)));
        QVERIFY(world.y().contains(1.1));
    }

    void runsOfAGroupAreDrawnAsTheirMean() {
        World world;
        auto runs = world.plotted();
        runs[0].group = runs[1].group = "sft";
        world.plot.setRuns(runs);
        world.plot.setView({.showsGroups = true});
        world.drawNow();
        const QCPGraph* mean = nullptr;
        int visible = 0;
        for (int i = 0; i < world.canvas()->graphCount(); ++i) {
            const auto* graph = world.canvas()->graph(i);
            if (graph->lineStyle() == QCPGraph::lsNone) continue;
            if (graph->visible() && !graph->data()->isEmpty()) ++visible;
            if (graph->name() == "sft (mean of 2)") mean = graph;
        }
        QVERIFY(mean);
        QCOMPARE(visible, 3);  // the mean and the two edges of its band
        const auto at = mean->data()->findBegin(2, false);
        QVERIFY2(std::abs(at->value - 5) < 0.1, qPrintable(QString::number(at->value)));
        world.plot.setView({});
        world.drawNow();
        QVERIFY(world.canvas()->graph(0)->visible());
    }

    void theBaselineIsDashed() {
        World world;
        auto runs = world.plotted();
        runs[1].isBaseline = true;
        world.plot.setRuns(runs);
        world.drawNow();
        for (int i = 0; i < world.canvas()->graphCount(); ++i) {
            const auto* graph = world.canvas()->graph(i);
            if (graph->lineStyle() != QCPGraph::lsNone)
                QCOMPARE(graph->pen().style() == Qt::DashLine, graph->name() == "run 2");
        }
    }

    void howCurvesAreLookedAtIsKept() {
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder_.path());
        World world;
        CurveView chosen;
        {
            CurveControls controls;
            controls.keep();
            controls.setRuns(world.plotted());
            controls.findChild<QSlider*>()->setValue(60);
            for (auto* box : controls.findChildren<QCheckBox*>())
                if (box->text() == "Log y" || box->text() == "No outliers") box->click();
            auto* axis = controls.findChild<QComboBox*>();
            axis->setCurrentIndex(1);
            Q_EMIT axis->activated(1);
            chosen = controls.view();
        }
        QVERIFY(chosen != CurveView());
        CurveControls again;
        again.keep();
        again.setRuns(world.plotted());
        QCOMPARE(again.view(), chosen);
        QSettings().clear();
    }

    // The menu's action, as long as it is offered.
    void rolloutsAreOfferedForRunsThatHaveThem() {
        World world;
        auto runs = world.plotted();
        const auto offered = [&] {
            const auto at = world.canvas()->axisRect()->rect().center();
            Q_EMIT world.canvas()->customContextMenuRequested(at);
            QString text;
            for (const auto* action : world.plot.findChildren<QAction*>())
                if (action->text().contains("rollouts") && action->isVisible())
                    text = action->text();
            world.plot.findChild<QMenu*>()->close();
            return text;
        };
        world.drawNow();
        QCOMPARE(offered(), QString());
        runs[1].hasRollouts = true;
        world.plot.setRuns(runs);
        world.drawNow();
        QVERIFY(offered().contains("run 2"));
    }

    void theControlsTellHowToLook() {
        World world;
        CurveControls controls;
        QSignalSpy changed(&controls, &CurveControls::viewChanged);
        auto* axis = controls.findChild<QComboBox*>();
        QCOMPARE(axis->count(), 1);
        controls.setRuns(world.plotted());
        QCOMPARE(axis->count(), 2);  // and time; nobody counts tokens
        axis->setCurrentIndex(1);
        QCOMPARE(controls.view().axis, CurveAxis::Time);
        auto* smoothing = controls.findChild<QSlider*>();
        smoothing->setValue(smoothing->maximum());
        QCOMPARE(controls.view().smoothing, 0.999);
        QCOMPARE(changed.size(), 2);
    }

    void coloursDifferOnBothGrounds() {
        for (const bool dark : {false, true})
            for (int a = 0; a < kRunColours; ++a)
                for (int b = 0; b < a; ++b) QVERIFY(runColour(a, dark) != runColour(b, dark));
    }
};

QTEST_MAIN(CurvePlotTest)
#include "curve_plot_test.moc"
