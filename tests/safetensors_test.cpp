#include "core/files/safetensors.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <QTemporaryDir>
#include <QtTest>
#include <bit>
#include <csignal>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "tests/support/text_files.h"

using namespace lvr;
using Json = nlohmann::json;

namespace {

// Header length, header, data, as the format has it.
std::string safetensorsText(const std::string& header, const std::string& data) {
    const auto length = std::bit_cast<std::array<char, 8>>(std::uint64_t{header.size()});
    return std::string(length.begin(), length.end()) + header + data;
}

// Reads every byte, so that a sanitizer sees a view that reaches outside.
unsigned checksum(const SafetensorsFile& file) {
    unsigned sum = 0;
    for (const auto& [name, view] : file.tensors())
        for (std::size_t i = 0; i < view.size; ++i)
            sum = 31 * sum + std::to_integer<int>(view.data[i]);
    return sum;
}

const std::vector<float> kFloats{1.5f, -2, 3, 4, 5, 6};
const std::vector<std::uint8_t> kBytes{7, 8, 9};

std::vector<TensorBytes> sampleTensors() {
    return {{"bytes", DType::U8, {3}, kBytes.data()},
            {"empty", DType::F32, {0, 4}, nullptr},
            {"floats", DType::F32, {2, 3}, kFloats.data()},
            {"scalar", DType::F32, {}, kFloats.data()},
            {"wide", DType::F64, {3}, kFloats.data()}};
}

}  // namespace

class SafetensorsTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> temporary_;
    fs::path dir_;

private Q_SLOTS:
    void init() {
        temporary_ = std::make_unique<QTemporaryDir>();
        dir_ = temporary_->path().toStdString();
    }

    void everyGoldenOpens() {
        int files = 0;
        std::size_t tensors = 0;
        for (const auto& entry : fs::recursive_directory_iterator(LVR_GOLDENS)) {
            if (entry.path().extension() != ".safetensors") continue;
            const auto file = SafetensorsFile::open(entry.path());
            checksum(file);
            ++files;
            tensors += file.tensors().size();
        }
        qInfo("%d files, %zu tensors", files, tensors);
        QVERIFY(files >= 11);
        QVERIFY(tensors >= 867);
    }

    void whatIsWrittenIsReadBack() {
        const auto file = dir_ / "a.safetensors";
        const std::map<std::string, std::string> metadata{{"format", "pt"}, {"ключ", "日本\n\""}};
        writeSafetensors(file, sampleTensors(), metadata);
        const auto read = SafetensorsFile::open(file);
        QCOMPARE(read.metadata(), metadata);
        QCOMPARE(read.tensors().size(), std::size_t{5});
        for (const auto& written : sampleTensors()) {
            const auto& view = read.tensors().at(written.name);
            QCOMPARE(view.dtype, written.dtype);
            QCOMPARE(view.shape, written.shape);
            QVERIFY(view.size == 0 || std::memcmp(view.data, written.data, view.size) == 0);
        }
    }

    void everyDtypeKeepsItsNameAndWidth() {
        const std::vector<std::int64_t> zeros(2);
        for (const auto& [dtype, name, bytes] : {std::tuple(DType::Bool, "BOOL", 1),
                                                 {DType::U8, "U8", 1},
                                                 {DType::I8, "I8", 1},
                                                 {DType::I16, "I16", 2},
                                                 {DType::I32, "I32", 4},
                                                 {DType::I64, "I64", 8},
                                                 {DType::F16, "F16", 2},
                                                 {DType::BF16, "BF16", 2},
                                                 {DType::F32, "F32", 4},
                                                 {DType::F64, "F64", 8}}) {
            writeSafetensors(dir_ / "a", {{"t", dtype, {2}, zeros.data()}});
            const auto file = SafetensorsFile::open(dir_ / "a");
            QCOMPARE(std::string(toText(file.tensors().at("t").dtype)), std::string(name));
            QCOMPARE(file.tensors().at("t").size, std::size_t(2 * bytes));
        }
    }

    void writtenTensorsLieAlignedWideDtypesFirst() {
        writeSafetensors(dir_ / "a", sampleTensors());
        const auto text = readText(dir_ / "a");
        std::uint64_t length = 0;
        std::memcpy(&length, text.data(), 8);
        QCOMPARE(length % 8, std::uint64_t{0});
        const auto header = Json::parse(text.substr(8, length));
        std::uint64_t end = 0;
        for (const auto* name : {"wide", "empty", "floats", "scalar", "bytes"}) {
            QCOMPARE(header[name]["data_offsets"][0].get<std::uint64_t>(), end);
            end = header[name]["data_offsets"][1];
        }
        QCOMPARE(text.size(), 8 + length + end);
    }

    void anUnpaddedFileGivesAlignedCopies() {
        std::string header = R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
        header.resize(header.size() / 4 * 4 + 5, ' ');
        const float values[] = {1, 2};
        writeText(dir_ / "a",
                  safetensorsText(
                      header, std::string(reinterpret_cast<const char*>(values), sizeof values)));
        const auto view = SafetensorsFile::open(dir_ / "a").tensors().at("t");
        QCOMPARE(reinterpret_cast<std::uintptr_t>(view.data) % 4, std::uintptr_t{0});
        QCOMPARE(view.as<float>()[1], 2.0f);
    }

    void viewsOutliveTheFileObject() {
        writeSafetensors(dir_ / "a", sampleTensors());
        const auto view = SafetensorsFile::open(dir_ / "a").tensors().at("floats");
        fs::remove(dir_ / "a");
        QCOMPARE(view.as<float>()[0], 1.5f);
    }

    void aBrokenFileIsRefused_data() {
        QTest::addColumn<QByteArray>("header");
        QTest::addColumn<QByteArray>("data");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* name, const char* header, int bytes, const char* says) {
            QTest::newRow(name) << QByteArray(header) << QByteArray(bytes, 'x') << QString(says);
        };
        const auto one = [&](const char* name, const char* entry, int bytes, const char* says) {
            row(name, QByteArray("{\"t\":").append(entry).append("}").constData(), bytes, says);
        };
        row("empty header", "", 0, "not a JSON object");
        row("array", "[]", 0, "not a JSON object");
        row("blank first", " {}", 0, "not a JSON object");
        row("not JSON", "{\"t\":", 0, "stops being JSON");
        row("text after", "{} x", 0, "stops being JSON");
        row("bad UTF-8", "{\"\xff\":{}}", 0, "stops being JSON");
        row("twice",
            R"({"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
            R"("\u0074":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})",
            0, "\"t\" occurs twice");
        one("key twice", R"({"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]})", 0,
            "\"dtype\" occurs twice");
        row("metadata twice", R"({"__metadata__":{"a":"1","a":"2"}})", 0, "\"a\" occurs twice");
        row("metadata number", R"({"__metadata__":{"a":1}})", 0,
            "'__metadata__.a' must be a string");
        row("metadata list", R"({"__metadata__":[]})", 0, "'__metadata__' must be an object");
        row("deep", std::string(1000, '[').insert(0, "{\"t\":").c_str(), 0, "nested too deeply");
        row("trailing data", "{}", 1, "bytes after its last tensor");
        one("entry null", "null", 0, "'t' must be an object");
        one("no dtype", R"({"shape":[0],"data_offsets":[0,0]})", 0, "'t.dtype' is missing");
        one("unknown dtype", R"({"dtype":"F8","shape":[1],"data_offsets":[0,1]})", 1, "'F8'");
        one("unknown key", R"({"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1})", 1, "'t.x'");
        one("shape text", R"({"dtype":"U8","shape":["1"],"data_offsets":[0,1]})", 1, "'t.shape'");
        one("shape fraction", R"({"dtype":"U8","shape":[1.0],"data_offsets":[0,1]})", 1,
            "'t.shape'");
        one("shape negative", R"({"dtype":"U8","shape":[-1],"data_offsets":[0,1]})", 1,
            "negative or too large");
        one("shape overflows",
            R"({"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]})", 4,
            "negative or too large");
        one("product overflows",
            R"({"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]})", 0,
            "negative or too large");
        one("zero hides overflow",
            R"({"dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0]})", 0,
            "negative or too large");
        one("beyond 64 bits",
            R"({"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,1]})", 1,
            "'t.shape'");
        one("offsets three", R"({"dtype":"U8","shape":[1],"data_offsets":[0,1,1]})", 1,
            "[begin, end]");
        one("offsets reversed", R"({"dtype":"U8","shape":[1],"data_offsets":[1,0]})", 1,
            "[begin, end]");
        one("offsets negative", R"({"dtype":"U8","shape":[1],"data_offsets":[-1,0]})", 1,
            "[begin, end]");
        one("too few bytes", R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})", 4,
            "do not span");
        one("cut off", R"({"dtype":"U8","shape":[9],"data_offsets":[0,9]})", 8, "cut off");
        one("hole in front", R"({"dtype":"U8","shape":[1],"data_offsets":[1,2]})", 2, "hole");
        row("overlap",
            R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
            R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
            3, "overlaps");
        row("hole between",
            R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
            R"("b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
            3, "hole");
    }

    void aBrokenFileIsRefused() {
        QFETCH(QByteArray, header);
        QFETCH(QByteArray, data);
        QFETCH(QString, says);
        const auto file = dir_ / "broken.safetensors";
        writeText(file, safetensorsText(header.toStdString(), data.toStdString()));
        const auto error = errorOf([&] { SafetensorsFile::open(file); });
        QVERIFY2(error.contains(says), qPrintable(error));
        QVERIFY2(error.contains("broken.safetensors"), qPrintable(error));
        QVERIFY(!error.contains('\n'));
    }

    void aNulByteDoesNotEndTheHeader() {
        writeText(dir_ / "a", safetensorsText(std::string("{}\0}", 4), ""));
        QVERIFY(errorOf([&] { SafetensorsFile::open(dir_ / "a"); }).contains("NUL"));
    }

    void aHugeHeaderLengthIsRefusedBeforeUse() {
        for (const auto length :
             {std::uint64_t{100'000'001}, ~std::uint64_t{0}, std::uint64_t{50}}) {
            const auto bytes = std::bit_cast<std::array<char, 8>>(length);
            writeText(dir_ / "a", std::string(bytes.begin(), bytes.end()) + "{}");
            const auto error = errorOf([&] { SafetensorsFile::open(dir_ / "a"); });
            QVERIFY2(error.contains("header"), qPrintable(error));
        }
    }

    void everyTruncationIsRefused() {
        writeSafetensors(dir_ / "a", sampleTensors(), {{"format", "pt"}});
        const auto whole = readText(dir_ / "a");
        for (std::size_t length = 0; length < whole.size(); ++length) {
            writeText(dir_ / "cut", whole.substr(0, length));
            QVERIFY2(!errorOf([&] { SafetensorsFile::open(dir_ / "cut"); }).isEmpty(),
                     qPrintable(QString("length %1").arg(length)));
        }
    }

    void everyFlippedHeaderBitGivesAnErrorOrAValidFile() {
        writeSafetensors(dir_ / "a", sampleTensors(), {{"format", "pt"}});
        const auto whole = readText(dir_ / "a");
        std::uint64_t headerEnd = 0;
        std::memcpy(&headerEnd, whole.data(), 8);
        headerEnd += 8;
        int refused = 0, opened = 0;
        for (std::size_t at = 0; at < headerEnd; ++at)
            for (int bit = 0; bit < 8; ++bit) {
                auto flipped = whole;
                flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
                writeText(dir_ / "flipped", flipped);
                const auto error =
                    errorOf([&] { checksum(SafetensorsFile::open(dir_ / "flipped")); });
                ++(error.isEmpty() ? opened : refused);
            }
        qInfo("%d flips refused, %d still valid (names, metadata)", refused, opened);
        QVERIFY(refused > 4 * opened);
    }

    void whatIsNoFileIsRefused() {
        const auto fifo = dir_ / "fifo";
        QCOMPARE(mkfifo(fifo.c_str(), 0600), 0);
        QVERIFY(errorOf([&] { SafetensorsFile::open(fifo); }).contains("not a regular file"));
        QVERIFY(errorOf([&] { SafetensorsFile::open(dir_); }).contains("not a regular file"));
        QVERIFY(errorOf([&] { SafetensorsFile::open(dir_ / "none"); }).contains("No such file"));
        writeText(dir_ / "empty", "");
        QVERIFY(errorOf([&] { SafetensorsFile::open(dir_ / "empty"); }).contains("shorter than 8"));
    }

    void aFullDiskLeavesTheOldFileAndNothingElse() {
        const std::vector<float> large(100'000);
        const auto file = dir_ / "a.safetensors";
        writeSafetensors(file, sampleTensors());
        const auto before = readText(file);
        // The kernel refuses to write beyond the limit, as it does on a full disk.
        rlimit limit{};
        getrlimit(RLIMIT_FSIZE, &limit);
        const rlimit small{4096, limit.rlim_max};
        const auto previous = std::signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &small);
        const auto error = errorOf([&] {
            writeSafetensors(file, {{"t", DType::F32, {100'000}, large.data()}});
        });
        setrlimit(RLIMIT_FSIZE, &limit);
        std::signal(SIGXFSZ, previous);
        QVERIFY2(error.contains("cannot write"), qPrintable(error));
        QCOMPARE(filesIn(dir_), std::vector<std::string>{"a.safetensors"});
        QCOMPARE(readText(file), before);
    }

    void anUnwritablePlaceIsAnErrorAndLeavesNothing() {
        fs::create_directories(dir_ / "folder.safetensors");
        writeText(dir_ / "file", "");
        const auto fifo = dir_ / "fifo";
        QCOMPARE(mkfifo(fifo.c_str(), 0600), 0);
        for (const auto& target : {dir_ / "folder.safetensors", dir_ / "none" / "a", fifo,
                                   dir_ / "file" / "a", fs::path("/proc/a.safetensors")}) {
            const auto error = errorOf([&] { writeSafetensors(target, sampleTensors()); });
            QVERIFY2(error.contains("cannot write " + QString::fromStdString(target.string())),
                     qPrintable(error));
        }
        QCOMPARE(filesIn(dir_), (std::vector<std::string>{"fifo", "file", "folder.safetensors"}));
    }

    void whatCannotBeReadBackIsNotWritten() {
        const auto refused = [&](std::vector<TensorBytes> tensors, std::string value = "") {
            return errorOf([&] { writeSafetensors(dir_ / "a", tensors, {{"key", value}}); });
        };
        const auto* data = kFloats.data();
        QVERIFY(
            refused({{"t", DType::F32, {1}, data}, {"t", DType::F32, {1}, data}}).contains("two"));
        QVERIFY(refused({{"__metadata__", DType::F32, {1}, data}}).contains("reserved"));
        QVERIFY(refused({{"t", DType::F32, {-1}, data}}).contains("impossible shape"));
        QVERIFY(refused({}, "\xff").contains("UTF-8"));
        QVERIFY(filesIn(dir_).empty());
    }

    void streamedTensorsAreAskedForOneByOneAsTheyLieInTheFile() {
        const auto written = sampleTensors();
        std::vector<TensorHeader> headers;
        for (const auto& tensor : written)
            headers.push_back({tensor.name, tensor.dtype, tensor.shape});
        std::vector<std::string> asked;
        streamSafetensors(dir_ / "streamed", headers, [&](const auto& tensor, const auto& write) {
            asked.push_back(tensor.name);
            const auto& given = *std::find_if(written.begin(), written.end(), [&](const auto& one) {
                return one.name == tensor.name;
            });
            const auto* data = static_cast<const std::byte*>(given.data);
            auto size = bytesPerElement(given.dtype);
            for (const auto extent : given.shape) size *= static_cast<std::size_t>(extent);
            write({data, size / 2});  // in two pieces
            write({data + size / 2, size - size / 2});
        });
        writeSafetensors(dir_ / "whole", written);
        QCOMPARE(asked, (std::vector<std::string>{"wide", "empty", "floats", "scalar", "bytes"}));
        QCOMPARE(readText(dir_ / "streamed"), readText(dir_ / "whole"));
    }

    void aStreamThatBreaksOffLeavesTheOldFile_data() {
        QTest::addColumn<std::size_t>("bytes");
        QTest::newRow("too few") << std::size_t{20};
        QTest::newRow("too many") << std::size_t{28};
        QTest::newRow("an error on the way") << std::size_t{0};
    }
    void aStreamThatBreaksOffLeavesTheOldFile() {
        QFETCH(std::size_t, bytes);
        writeText(dir_ / "a", "old");
        const std::vector<std::byte> data(28);
        const auto error = errorOf([&] {
            streamSafetensors(dir_ / "a", {{"t", DType::F32, {2, 3}}},
                              [&](const TensorHeader&, const WriteBytes& write) {
                                  if (bytes == 0) throw Error("tensor t is gone");
                                  write(std::span(data).first(bytes));
                              });
        });
        QVERIFY2(error.contains("tensor t"), qPrintable(error));
        QCOMPARE(filesIn(dir_), std::vector<std::string>{"a"});
        QCOMPARE(readText(dir_ / "a"), std::string("old"));
    }

    void whatIsDroppedFromMemoryIsReadAgain() {
        const std::vector<float> large(100'000, 1.5f);
        const std::string unpadded = R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} )";
        writeSafetensors(dir_ / "mapped", {{"t", DType::F32, {100'000}, large.data()}});
        writeText(dir_ / "copied", safetensorsText(unpadded, "12345678"));
        for (const auto* name : {"mapped", "copied"}) {
            const auto file = SafetensorsFile::open(dir_ / name);
            const auto before = checksum(file);
            dropFromMemory(file.tensors().at("t"));
            QCOMPARE(checksum(file), before);
        }
    }
};

QTEST_GUILESS_MAIN(SafetensorsTest)
#include "safetensors_test.moc"
