// Where a model is computed and in which numbers, on machines that are only described.
#include "core/model/placement.h"

#include <QtTest>
#include <filesystem>

#include "core/error.h"
#include "core/torch.h"

using namespace lvr;

namespace {

constexpr std::int64_t kGb = 1'000'000'000;

Machine cpu(bool multipliesBfloat16) { return {.multipliesBfloat16 = multipliesBfloat16}; }
Machine withGpus(std::vector<Machine::Gpu> gpus) {
    return {.multipliesBfloat16 = false, .gpus = std::move(gpus)};
}
const ModelSize kThreeB{3'750'000'000, DType::BF16};
const ModelSize kFloat{1'000'000, DType::F32};

}  // namespace

class PlacementTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void autoTakesTheStoredNumbersWhereTheMachineMultipliesThem_data() {
        QTest::addColumn<int>("stored");
        QTest::addColumn<bool>("multiplies");
        QTest::addColumn<int>("computed");
        const auto row = [](const char* name, torch::Dtype stored, bool multiplies,
                            torch::Dtype computed) {
            QTest::newRow(name) << static_cast<int>(stored) << multiplies
                                << static_cast<int>(computed);
        };
        row("bfloat16 with instructions", torch::kBFloat16, true, torch::kBFloat16);
        row("bfloat16 without", torch::kBFloat16, false, torch::kFloat32);
        row("float32", torch::kFloat32, true, torch::kFloat32);
        row("float32, plain CPU", torch::kFloat32, false, torch::kFloat32);
        row("float16", torch::kFloat16, true, torch::kFloat32);
    }
    void autoTakesTheStoredNumbersWhereTheMachineMultipliesThem() {
        QFETCH(int, stored);
        QFETCH(bool, multiplies);
        QFETCH(int, computed);
        const ModelSize model{10, storedType(static_cast<torch::Dtype>(stored))};
        const auto placed =
            place({.device = "cpu", .purpose = Purpose::Training}, model, cpu(multiplies));
        QCOMPARE(static_cast<int>(placed.dtype), computed);
        QVERIFY(placed.device == torch::kCPU);
        const bool asStored = stored == computed;
        QVERIFY2(placed.why.empty() == asStored, placed.why.c_str());
        QVERIFY(placed.weights.empty());
    }

    // To answer, a CPU widens bfloat16 weights as it reads them, with or without instructions.
    void bfloat16WeightsStayWhereTheyAreToAnswer() {
        for (const bool multiplies : {false, true}) {
            const auto placed = place({.device = "cpu"}, kThreeB, cpu(multiplies));
            QVERIFY(placed.dtype == torch::kBFloat16);
            QCOMPARE(toText(placed), "float32 on cpu from bfloat16 weights");
        }
    }

    // One short text that is true: in what is computed, where, from what, why.
    void whatIsComputedIsSaid_data() {
        QTest::addColumn<int>("stored");
        QTest::addColumn<int>("bits");  // 0: no integers
        QTest::addColumn<QString>("dtype");
        QTest::addColumn<int>("purpose");
        QTest::addColumn<bool>("hasGpu");
        QTest::addColumn<QString>("said");
        const auto row = [](const char* name, torch::Dtype stored, int bits, const char* dtype,
                            Purpose purpose, bool hasGpu, const char* said) {
            QTest::newRow(name) << static_cast<int>(stored) << bits << dtype
                                << static_cast<int>(purpose) << hasGpu << said;
        };
        using enum Purpose;
        const auto half = torch::kBFloat16, full = torch::kFloat32;
        row("float32", full, 0, "auto", Answering, false, "float32 on cpu (no GPU here)");
        row("bfloat16", half, 0, "auto", Answering, false,
            "float32 on cpu from bfloat16 weights (no GPU here)");
        row("bfloat16, wished", half, 0, "bfloat16", Answering, false,
            "float32 on cpu from bfloat16 weights (no GPU here)");
        row("float32, wished as bfloat16", full, 0, "bfloat16", Answering, false,
            "float32 on cpu from bfloat16 weights (no GPU here)");
        row("bfloat16, wished as float32", half, 0, "float32", Answering, false,
            "float32 on cpu (no GPU here)");
        row("float16", torch::kFloat16, 0, "auto", Answering, false,
            "float32 on cpu (stored as float16, which float32 holds exactly; no GPU here)");
        row("int4", half, 4, "auto", Answering, false, "float32 on cpu from int4 weights");
        row("int8 beside a GPU", half, 8, "auto", Answering, true,
            "float32 on cpu from int8 weights");
        row("bfloat16, trained", half, 0, "auto", Training, false,
            "float32 on cpu (stored as bfloat16, which this CPU has no instructions for; no GPU "
            "here)");
        row("bfloat16, trained as it is", half, 0, "bfloat16", Training, false,
            "bfloat16 on cpu (no GPU here)");
        row("bfloat16 on a GPU", half, 0, "auto", Answering, true, "bfloat16 on cuda:0");
    }
    void whatIsComputedIsSaid() {
        QFETCH(int, stored);
        QFETCH(int, bits);
        QFETCH(QString, dtype);
        QFETCH(int, purpose);
        QFETCH(bool, hasGpu);
        QFETCH(QString, said);
        ModelSize model{10, storedType(static_cast<torch::Dtype>(stored))};
        if (bits > 0) model.quantised = Quantisation{bits, 32};
        const auto machine = hasGpu ? withGpus({{20 * kGb}}) : cpu(false);
        const auto placed =
            place({.dtype = dtype.toStdString(), .purpose = Purpose(purpose)}, model, machine);
        QCOMPARE(QString::fromStdString(toText(placed)), said);
    }

    void aGpuThatHoldsTheModelIsTaken() {
        const auto placed = place({}, kThreeB, withGpus({{8 * kGb}, {20 * kGb}}));
        QVERIFY(placed.device == torch::Device(torch::kCUDA, 1));
        QVERIFY(placed.dtype == torch::kBFloat16);
        QCOMPARE(toText(placed), "bfloat16 on cuda:1");
    }

    void aGpuThatIsTooFullIsNot() {
        const auto placed = place({}, kThreeB, withGpus({{8 * kGb}}));
        QVERIFY(placed.device == torch::kCPU);
        QVERIFY(placed.dtype == torch::kBFloat16);
        QVERIFY2(
            placed.why.find("the GPU has 8.0 GB free, the model needs 9.3 GB") != std::string::npos,
            placed.why.c_str());
    }

    void trainingNeedsRoomForWhatItKeepsBesideTheWeights() {
        const auto gpu = withGpus({{20 * kGb}});
        QVERIFY(place({.purpose = Purpose::Training}, kThreeB, gpu).device == torch::kCPU);
        QVERIFY(place({.purpose = Purpose::TrainingAdapter}, kThreeB, gpu).device.is_cuda());
        QVERIFY(place({.purpose = Purpose::Training}, kThreeB, withGpus({{80 * kGb}}))
                    .device.is_cuda());
    }

    void eachProcessOfAMachineTakesItsOwnGpu() {
        const auto gpus = withGpus({{40 * kGb}, {20 * kGb}});
        for (int rank = 0; rank < 4; ++rank)
            QCOMPARE(static_cast<int>(place({.gpu = rank}, kFloat, gpus).device.index()), rank % 2);
    }

    void anOldGpuComputesInFloat32() {
        const auto placed = place({}, kThreeB, withGpus({{30 * kGb, false}}));
        QVERIFY(placed.device.is_cuda());
        QVERIFY(placed.dtype == torch::kFloat32);
        QVERIFY2(placed.why.find("this GPU") != std::string::npos, placed.why.c_str());
    }

    void whatIsSaidIsDone() {
        const auto placed = place({.dtype = "bfloat16", .device = "cpu"}, kFloat, cpu(false));
        QCOMPARE(toText(placed), "float32 on cpu from bfloat16 weights");
        QVERIFY_EXCEPTION_THROWN(place({.dtype = "int8"}, kFloat, cpu(false)), Error);
        QVERIFY_EXCEPTION_THROWN(place({.device = "tpu"}, kFloat, cpu(false)), Error);
        QCOMPARE(toText(place({}, kFloat, cpu(true))), "float32 on cpu (no GPU here)");
    }

    void roomIsLookedForWhereTheModelWouldBe_data() {
        QTest::addColumn<std::int64_t>("gpuFree");  // 0: there is no GPU
        QTest::addColumn<std::int64_t>("cpuFree");  // 0: not known
        QTest::addColumn<QString>("device");
        QTest::addColumn<bool>("lacks");
        QTest::newRow("a GPU with room") << 20 * kGb << kGb << "auto" << false;
        QTest::newRow("a full GPU") << 4 * kGb << 90 * kGb << "auto" << true;
        QTest::newRow("a full GPU that nobody wants") << 4 * kGb << 90 * kGb << "cpu" << false;
        QTest::newRow("a machine with room") << 0 * kGb << 20 * kGb << "auto" << false;
        QTest::newRow("a full machine") << 0 * kGb << 9 * kGb << "auto" << true;
        QTest::newRow("a machine that does not say") << 0 * kGb << 0 * kGb << "cpu" << false;
    }
    void roomIsLookedForWhereTheModelWouldBe() {
        QFETCH(std::int64_t, gpuFree);
        QFETCH(std::int64_t, cpuFree);
        QFETCH(QString, device);
        Machine machine{.freeBytes = cpuFree};  // the weights as stored: 8.3 GB and 1 GiB
        if (gpuFree > 0) machine.gpus = {{gpuFree}};
        QTEST(lacksRoom({.device = device.toStdString()}, kThreeB, machine), "lacks");
    }

    void aFolderSaysHowItsNumbersAreStored() {
        const std::filesystem::path models = std::filesystem::path(LVR_GOLDENS) / "models";
        for (const auto* model : {"random-a", "random-b"}) {
            const auto stored = sizeOf(models / model);
            QVERIFY(stored.dtype == DType::F32);
            QVERIFY(stored.parameters > 100'000);
        }
    }
};

QTEST_GUILESS_MAIN(PlacementTest)
#include "placement_test.moc"
