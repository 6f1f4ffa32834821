#include <QTemporaryDir>
#include <QtTest>

#include "core/machine/gpu_meter.h"
#include "core/machine/resource_meter.h"

using namespace lvr;

class MachineTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aProcessKnowsWhatItTakes() {
        const QTemporaryDir folder;
        ResourceMeter meter(folder.filePath("not/there/yet").toStdString());
        std::map<std::string, double> metrics;
        const std::vector<char> memory(100 << 20, 'x');  // 100 MB that are touched
        QElapsedTimer timer;
        timer.start();
        double sum = 0;
        while (timer.elapsed() < 150)
            sum += std::sqrt(static_cast<double>(memory[timer.elapsed()]));
        meter.addTo(metrics);
        QVERIFY(sum > 0);
        QVERIFY(metrics.at("system/rss_mb") > 100);
        QVERIFY(metrics.at("system/cpu_percent") > 1);
        QVERIFY(metrics.at("system/cpu_percent") < 6400);
        QVERIFY(metrics.at("system/disk_free_gb") > 0);
        QVERIFY(!metrics.contains("system/gpu_percent"));
    }

    void itMeasuresSeldomSoThatItCostsNothing() {
        ResourceMeter meter("/");
        std::map<std::string, double> metrics;
        QTRY_VERIFY([&] {
            meter.addTo(metrics);
            return !metrics.empty();
        }());
        metrics.clear();
        meter.addTo(metrics);
        QVERIFY(metrics.empty());
    }

    void theGpuIsTheOneThatCudaMeans_data() {
        QTest::addColumn<QByteArray>("visible");
        QTest::addColumn<int>("index");
        QTest::addColumn<double>("percent");  // 0: there is none
        QTest::newRow("the first") << QByteArray() << 0 << 37.0;
        QTest::newRow("the second") << QByteArray() << 1 << 64.0;
        QTest::newRow("only the second is visible") << QByteArray("1") << 0 << 64.0;
        QTest::newRow("in another order") << QByteArray("1,0") << 1 << 37.0;
        QTest::newRow("by its name") << QByteArray("GPU-5ec0") << 0 << 64.0;
        QTest::newRow("of another name") << QByteArray("GPU-0000") << 0 << 0.0;
        QTest::newRow("not visible") << QByteArray("1") << 1 << 0.0;
    }
    void theGpuIsTheOneThatCudaMeans() {
        QFETCH(const QByteArray, visible);
        QFETCH(const int, index);
        QFETCH(const double, percent);
        if (!visible.isEmpty()) qputenv("CUDA_VISIBLE_DEVICES", visible);
        const auto gpu = GpuMeter::open(index);
        qunsetenv("CUDA_VISIBLE_DEVICES");
        QCOMPARE(gpu != nullptr, percent > 0);
        if (!gpu) return;
        QCOMPARE(gpu->load()->percent, percent);
        QCOMPARE(gpu->load()->memoryMb, 5 * 1024.0);
    }

    void aRunOnAGpuTellsItsLoad() {
        ResourceMeter meter("/");
        meter.meterGpu(0);
        std::map<std::string, double> metrics;
        QTRY_VERIFY([&] {
            meter.addTo(metrics);
            return !metrics.empty();
        }());
        QCOMPARE(metrics.at("system/gpu_percent"), 37.0);
    }

    void aMachineWithoutAGpuHasNothingToSayOfIt() {
        ResourceMeter meter("/");
        meter.meterGpu(4711);
        std::map<std::string, double> metrics;
        QTRY_VERIFY([&] {
            meter.addTo(metrics);
            return !metrics.empty();
        }());
        QVERIFY(!metrics.contains("system/gpu_percent"));
        QVERIFY(!GpuMeter::open(4711));
    }
};

QTEST_GUILESS_MAIN(MachineTest)
#include "machine_test.moc"
