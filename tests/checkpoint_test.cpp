#include <sys/resource.h>
#include <sys/stat.h>

#include <QTemporaryDir>
#include <QtTest>
#include <bit>
#include <csignal>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/checkpoint/hf_folder.h"
#include "core/checkpoint/model_config.h"
#include "core/checkpoint/safetensors.h"
#include "core/error.h"

using namespace lvr;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

const fs::path kGoldens = LVR_GOLDENS;
const fs::path kModels = kGoldens / "models";

// The sentence of the Error, or nothing when all went well.
template <class Action>
QString errorOf(Action&& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

void writeText(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    fs::remove(file);  // some file systems wait for the disk when a file is rewritten in place
    std::ofstream(file, std::ios::binary) << text;
}

std::string readText(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

// Header length, header, data, as the format has it.
std::string safetensorsText(const std::string& header, const std::string& data) {
    const auto length = std::bit_cast<std::array<char, 8>>(std::uint64_t{header.size()});
    return std::string(length.begin(), length.end()) + header + data;
}

std::vector<std::string> filesIn(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
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

Json goldenConfig(const std::string& model) {
    return Json::parse(readText(kModels / model / "config.json"));
}

// The whole of a golden model in one map: the sum of all its floats.
double sumOf(const std::map<std::string, TensorView>& weights) {
    double sum = 0;
    for (const auto& [name, view] : weights)
        for (std::size_t i = 0; i < view.size / 4; ++i) sum += std::abs(view.as<float>()[i]);
    return sum;
}

}  // namespace

class CheckpointTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> temporary_;
    fs::path dir_;

    void makeCache(const std::string& name, const std::string& revision) {
        const auto snapshot = dir_ / "hub" / name / "snapshots" / revision;
        fs::create_directories(snapshot);
        for (const auto* file : {"config.json", "model.safetensors"})
            fs::copy_file(kModels / "random-a" / file, snapshot / file);
    }

private Q_SLOTS:
    void init() {
        temporary_ = std::make_unique<QTemporaryDir>();
        dir_ = temporary_->path().toStdString();
        for (const auto* name :
             {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"})
            qunsetenv(name);
        qputenv("HOME", temporary_->path().toUtf8());
    }

    // ---- safetensors

    void everyGoldenOpens() {
        int files = 0;
        std::size_t tensors = 0;
        for (const auto& entry : fs::recursive_directory_iterator(kGoldens)) {
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

    // ---- Hugging Face folders

    void bothLayoutsOpenUnderCanonicalNames() {
        // Sums of magnitudes computed by Python's safetensors and numpy.
        for (const auto& [model, count, sum, extra] :
             {std::tuple("random-a", 93, 129156.372888, "lm_head.weight"),
              std::tuple("random-b", 123, 111098.338241, "lvr_head.gate_proj.bias"),
              std::tuple("random-c", 99, 128225.336812, "lvr_head.ln_q.bias")}) {
            const auto weights = openWeights(kModels / model);
            qInfo("%s: %zu tensors, sum of magnitudes %.6f", model, weights.size(), sumOf(weights));
            QCOMPARE(weights.size(), std::size_t(count));
            QVERIFY(std::abs(sumOf(weights) - sum) < 1e-5);
            QVERIFY(weights.count("visual.patch_embed.proj.weight"));
            QVERIFY(weights.count("model.embed_tokens.weight"));
            QVERIFY(weights.count("model.layers.2.mlp.up_proj.weight"));
            QVERIFY(weights.count("model.norm.weight"));
            QVERIFY(weights.count(extra));
            for (const auto& [name, view] : weights) {
                QVERIFY(!name.starts_with("model.visual."));
                QVERIFY(!name.starts_with("model.language_model."));
            }
        }
        QVERIFY(openWeights(kModels / "random-b").count("lvr_latent_end_emb"));
        QVERIFY(!openWeights(kModels / "random-b").count("lm_head.weight"));
    }

    void anIndexMustFitItsShards_data() {
        QTest::addColumn<QString>("index");
        QTest::addColumn<QString>("says");
        QTest::newRow("fits") << R"({"weight_map":{"a":"1.st","b":"2.st"}})"
                              << "";
        QTest::newRow("shard missing") << R"({"weight_map":{"a":"1.st","b":"3.st","c":"4.st"}})"
                                       << "lacks 3.st, 4.st";
        QTest::newRow("tensor absent") << R"({"weight_map":{"a":"1.st","b":"2.st","c":"2.st"}})"
                                       << "c in 2.st";
        QTest::newRow("tensor elsewhere") << R"({"weight_map":{"a":"2.st","b":"2.st"}})"
                                          << "a in 2.st";
        QTest::newRow("in two shards") << R"({"weight_map":{"a":"1.st","b":"again.st"}})"
                                       << "there twice";
        QTest::newRow("both spellings")
            << R"({"weight_map":{"model.norm.weight":"old.st","model.language_model.norm.weight":"new.st"}})"
            << "there twice";
        QTest::newRow("parent") << R"({"weight_map":{"a":"../1.st"}})"
                                << "without a path";
        QTest::newRow("absolute") << R"({"weight_map":{"a":"/1.st"}})"
                                  << "without a path";
        QTest::newRow("dots") << R"({"weight_map":{"a":".."}})"
                              << "without a path";
        QTest::newRow("number") << R"({"weight_map":{"a":1}})"
                                << "'weight_map.a' must be a string";
        QTest::newRow("no map") << R"({})"
                                << "'weight_map' is missing";
        QTest::newRow("twice") << R"({"weight_map":{"a":"1.st","a":"2.st"}})"
                               << "occurs twice";
        QTest::newRow("not JSON") << "weights"
                                  << "stops being JSON";
    }

    void anIndexMustFitItsShards() {
        QFETCH(QString, index);
        QFETCH(QString, says);
        const auto shard = [&](const char* file, std::vector<std::string> names) {
            std::vector<TensorBytes> tensors;
            for (const auto& name : names)
                tensors.push_back({name, DType::F32, {1}, kFloats.data()});
            writeSafetensors(dir_ / file, tensors);
        };
        shard("1.st", {"a"});
        shard("2.st", {"b"});
        shard("again.st", {"a", "b"});
        shard("old.st", {"model.norm.weight"});
        shard("new.st", {"model.language_model.norm.weight"});
        writeText(dir_ / "model.safetensors.index.json", index.toStdString());
        const auto error = errorOf([&] { openWeights(dir_); });
        if (says.isEmpty()) QCOMPARE(error, QString());
        QVERIFY2(error.contains(says), qPrintable(error));
    }

    void aFolderWithoutSafetensorsSaysWhatIsNeeded() {
        writeText(dir_ / "pytorch_model.bin", "");
        const auto error = errorOf([&] { openWeights(dir_); });
        QVERIFY2(error.contains("must be converted"), qPrintable(error));
    }

    void allDifferencesComeInOneError() {
        const auto view = [](std::vector<std::int64_t> shape) {
            return TensorView{.shape = std::move(shape)};
        };
        ExpectedTensors expected{{"a", {2}}, {"b", {3, 4}}, {"c", {5}}};
        std::map<std::string, TensorView> found{
            {"a", view({2})}, {"b", view({4, 3})}, {"x", view({1})}, {"y", view({})}};
        const auto error = errorOf([&] { checkWeights(found, expected, "some/folder"); });
        for (const auto* part : {"some/folder", "1 missing: c [5]",
                                 "1 of the wrong shape: b is [4, 3] and should be [3, 4]",
                                 "2 unexpected: x [1], y []"})
            QVERIFY2(error.contains(part), qPrintable(error));
        for (int i = 0; i < 100; ++i) expected["layer" + std::to_string(i)] = {1};
        const auto longError = errorOf([&] { checkWeights(found, expected, "some/folder"); });
        QVERIFY2(longError.contains("101 missing") && longError.contains("and 61 more"),
                 qPrintable(longError));
        QCOMPARE(checkWeights({}, {}, "some/folder"), std::string());
        QCOMPARE(checkWeights(found, {{"a", {2}}, {"b", {4, 3}}}, "some/folder"),
                 std::string("x [1], y []"));
    }

    void aFolderIsFoundOrTheErrorSaysWhatIsThere() {
        const auto a = (kModels / "random-a").string();
        QCOMPARE(findCheckpoint(a), fs::path(a));
        const auto error = [&](const std::string& text) {
            return errorOf([&] { findCheckpoint(text); });
        };
        QVERIFY(error(dir_.string()).contains("has no config.json"));
        QVERIFY(error(a + "/config.json").contains("is not a folder"));
        QVERIFY(error("/no/such/folder").contains("no folder '/no/such/folder'"));
        QVERIFY(error("").contains("no folder"));
        QVERIFY(error("../a").contains("no folder"));
        QVERIFY(error(std::string("a/b\0c", 5)).contains("no folder"));
    }

    void aRepoIdIsLookedUpWhereTheVariablesSay_data() {
        QTest::addColumn<QByteArray>("variable");
        QTest::addColumn<QString>("suffix");  // of the folder the variable names
        QTest::newRow("HF_HUB_CACHE") << QByteArray("HF_HUB_CACHE") << "";
        QTest::newRow("HUGGINGFACE_HUB_CACHE") << QByteArray("HUGGINGFACE_HUB_CACHE") << "";
        QTest::newRow("HF_HOME") << QByteArray("HF_HOME") << "/hub";
        QTest::newRow("XDG_CACHE_HOME") << QByteArray("XDG_CACHE_HOME") << "/huggingface/hub";
        QTest::newRow("HOME") << QByteArray("HOME") << "/.cache/huggingface/hub";
    }

    void aRepoIdIsLookedUpWhereTheVariablesSay() {
        QFETCH(QByteArray, variable);
        QFETCH(QString, suffix);
        makeCache("models--org--some-model", "abc123");
        const auto hub = dir_ / ("place" + suffix.toStdString());
        fs::create_directories(hub.parent_path());
        fs::rename(dir_ / "hub", hub);
        qputenv(variable.constData(), QByteArray::fromStdString((dir_ / "place").string()));
        QCOMPARE(findCheckpoint("org/some-model"),
                 hub / "models--org--some-model" / "snapshots" / "abc123");
        QCOMPARE(cachedCheckpoints(), std::vector<std::string>{"org/some-model"});
        const auto error = errorOf([] { findCheckpoint("org/other"); });
        QVERIFY2(error.contains(QString::fromStdString(hub.string())), qPrintable(error));
        QVERIFY2(error.contains("hf download org/other"), qPrintable(error));
    }

    void withoutHomeNothingIsCached() {
        qunsetenv("HOME");
        QVERIFY(cachedCheckpoints().empty());
        QVERIFY(errorOf([] { findCheckpoint("org/model"); }).contains("neither HF_HOME nor HOME"));
        QCOMPARE(findCheckpoint((kModels / "random-a").string()), kModels / "random-a");
    }

    void refsMainWinsAndTheNewestSnapshotIsTheFallback() {
        qputenv("HF_HUB_CACHE", QByteArray::fromStdString((dir_ / "hub").string()));
        makeCache("models--org--m", "old");
        makeCache("models--org--m", "new");
        const auto model = dir_ / "hub" / "models--org--m";
        fs::last_write_time(
            model / "snapshots" / "old",
            fs::last_write_time(model / "snapshots" / "new") - std::chrono::hours(1));
        QCOMPARE(findCheckpoint("org/m"), model / "snapshots" / "new");
        writeText(model / "refs" / "main", "old");
        QCOMPARE(findCheckpoint("org/m"), model / "snapshots" / "old");
        writeText(model / "refs" / "main", "../../../elsewhere");
        QCOMPARE(findCheckpoint("org/m"), model / "snapshots" / "new");
        writeText(model / "refs" / "main", "gone");
        QCOMPARE(findCheckpoint("org/m"), model / "snapshots" / "new");
        fs::remove(model / "snapshots" / "old" / "config.json");
        fs::remove(model / "snapshots" / "new" / "config.json");
        QVERIFY(errorOf([] { findCheckpoint("org/m"); }).contains("no snapshot"));
    }

    void onlyCompleteQwenModelsAreListed() {
        const auto hub = dir_ / "hub";
        qputenv("HF_HUB_CACHE", QByteArray::fromStdString(hub.string()));
        for (const auto* name : {"models--org--good", "models--single", "models--org--no-weights",
                                 "models--org--bert", "models--org--broken", "models--org--sharded",
                                 "models--org--half", "datasets--org--data"})
            makeCache(name, "r");
        const auto at = [&](const std::string& model) { return hub / model / "snapshots" / "r"; };
        fs::remove(at("models--org--no-weights") / "model.safetensors");
        writeText(at("models--org--bert") / "config.json", R"({"model_type":"bert"})");
        writeText(at("models--org--broken") / "config.json", R"({"model_type":)");
        for (const auto* model : {"models--org--sharded", "models--org--half"}) {
            fs::rename(at(model) / "model.safetensors", at(model) / "1.safetensors");
            writeText(at(model) / "model.safetensors.index.json",
                      R"({"weight_map":{"a":"1.safetensors"}})");
        }
        fs::remove(at("models--org--half") / "1.safetensors");
        QCOMPARE(cachedCheckpoints(),
                 (std::vector<std::string>{"org/good", "org/sharded", "single"}));
    }

    // ---- Configuration

    void flatAndNestedConfigsAreRead() {
        const auto a = readModelConfig(kModels / "random-a");
        QCOMPARE(a.text.hiddenSize, 64);
        QCOMPARE(a.text.mropeSection, (std::array{2, 3, 3}));
        QCOMPARE(a.text.tieWordEmbeddings, false);
        QCOMPARE(a.vision.fullattBlockIndexes, (std::vector{1, 3}));
        QCOMPARE(a.lvr, (LvrConfig{LvrHead::None, false, 1779, 1778, 1781, 1780}));
        QCOMPARE(a.imageTokenId, 1768);
        QCOMPARE(a.eosTokenId, 1758);
        const auto b = readModelConfig(kModels / "random-b");
        QCOMPARE(b.text, (TextConfig{96, 4, 3, 1, 160, 1856, 32768, 1e-6, 1e6, {4, 6, 6}, true}));
        QCOMPARE(b.vision, (VisionConfig{5, 80, 5, 112, 96, 14, 2, 2, 112, 3, {2, 4}}));
        QCOMPARE(b.lvr.head, LvrHead::Glu);
        QCOMPARE(b.lvr.latentEndToken, true);
        QCOMPARE(readModelConfig(kModels / "random-c").lvr.head, LvrHead::Mlp);
    }

    // An empty name = the field is absent.
    void tyingIsResolvedAsTransformersDoes_data() {
        QTest::addColumn<QString>("base");
        QTest::addColumn<QString>("top");
        QTest::addColumn<QString>("nested");
        QTest::addColumn<bool>("tied");
        QTest::newRow("flat, absent") << "random-a"
                                      << ""
                                      << "" << true;
        QTest::newRow("flat, true") << "random-a"
                                    << "true"
                                    << "" << true;
        QTest::newRow("flat, false") << "random-a"
                                     << "false"
                                     << "" << false;
        QTest::newRow("nested, absent") << "random-b"
                                        << ""
                                        << "" << false;
        QTest::newRow("nested, at the top only") << "random-b"
                                                 << "true"
                                                 << "" << true;
        QTest::newRow("nested, untied at the top only") << "random-b"
                                                        << "false"
                                                        << "" << false;
        QTest::newRow("nested, inside only") << "random-b"
                                             << ""
                                             << "true" << true;
        QTest::newRow("nested, inside wins") << "random-b"
                                             << "true"
                                             << "false" << false;
        QTest::newRow("nested, inside wins over untied") << "random-b"
                                                         << "false"
                                                         << "true" << true;
    }

    void tyingIsResolvedAsTransformersDoes() {
        QFETCH(QString, base);
        QFETCH(QString, top);
        QFETCH(QString, nested);
        auto config = goldenConfig(base.toStdString());
        const auto put = [](Json& object, const QString& value) {
            object.erase("tie_word_embeddings");
            if (!value.isEmpty()) object["tie_word_embeddings"] = value == "true";
        };
        put(config, top);
        if (config.contains("text_config")) put(config["text_config"], nested);
        writeText(dir_ / "config.json", config.dump());
        QTEST(readModelConfig(dir_).text.tieWordEmbeddings, "tied");
    }

    void lvrFieldsAreReadFromTheTopLevelOnly() {
        auto config = goldenConfig("random-b");
        config["text_config"]["lvr_head"] = false;
        config["text_config"]["lvr_start_id"] = 5;
        config.erase("lvr_id");
        config["text_config"]["lvr_id"] = 6;
        writeText(dir_ / "config.json", config.dump());
        const auto lvr = readModelConfig(dir_).lvr;
        QCOMPARE(lvr.head, LvrHead::Glu);
        QCOMPARE(lvr.lvrStartId, std::optional<std::int64_t>(1778));
        QCOMPARE(lvr.lvrId, std::nullopt);
    }

    void aPlainQwenFolderHasNoLvrIds() {
        auto config = goldenConfig("random-a");
        for (const auto* key : {"lvr_head", "lvr_head_type", "latent_end_token", "lvr_id",
                                "lvr_start_id", "lvr_end_id", "lvr_latent_end_id"})
            config.erase(key);
        writeText(dir_ / "config.json", config.dump());
        QCOMPARE(readModelConfig(dir_).lvr, LvrConfig());
    }

    void everyRopeSpellingMeansTheSame() {
        const auto wanted = readModelConfig(kModels / "random-b").text;
        const auto base = goldenConfig("random-b");
        for (const auto* rope :
             {R"({"rope_scaling":{"type":"mrope","mrope_section":[4,6,6]}})",
              R"({"rope_scaling":{"rope_type":"default","mrope_section":[4,6,6]}})",
              R"({"rope_scaling":null,"rope_theta":null,"rope_parameters":
                                    {"type":"mrope","rope_type":"default","rope_theta":1000000.0,
                                     "mrope_section":[4,6,6]}})"}) {
            auto config = base;
            config["text_config"].erase("rope_scaling");
            config["text_config"].merge_patch(Json::parse(rope));
            writeText(dir_ / "config.json", config.dump());
            QCOMPARE(readModelConfig(dir_).text, wanted);
        }
    }

    void aConfigThatCannotBeBuiltIsRefused_data() {
        QTest::addColumn<QString>("patch");  // merged into random-a's config.json
        QTest::addColumn<QString>("says");
        const auto row = [](const char* patch, const char* says) {
            QTest::newRow(patch) << QString(patch) << QString(says);
        };
        row(R"({"model_type":"llama"})", "'model_type' is 'llama'");
        row(R"({"model_type":null})", "'model_type' is missing");
        row(R"({"hidden_size":null})", "'hidden_size' is missing");
        row(R"({"hidden_size":"64"})", "'hidden_size' must be an integer");
        row(R"({"hidden_size":64.5})", "'hidden_size' must be an integer");
        row(R"({"hidden_size":0})", "'hidden_size' is 0");
        row(R"({"hidden_size":-64})", "'hidden_size' is -64");
        row(R"({"hidden_size":9223372036854775808})", "'hidden_size' must be an integer");
        row(R"({"hidden_size":1000000000000})", "'hidden_size' is 1000000000000");
        row(R"({"hidden_size":66})", "multiple of num_attention_heads (4)");
        row(R"({"num_key_value_heads":3})", "multiple of num_key_value_heads (3)");
        row(R"({"num_hidden_layers":2000000})", "'num_hidden_layers'");
        row(R"({"intermediate_size":null})", "'intermediate_size' is missing");
        row(R"({"vocab_size":null})", "'vocab_size' is missing");
        row(R"({"vocab_size":1000})", "outside the vocabulary of 1000");
        row(R"({"rms_norm_eps":0})", "'rms_norm_eps' must be positive");
        row(R"({"rms_norm_eps":"x"})", "'rms_norm_eps' must be a number");
        row(R"({"rope_theta":-1})", "'rope_theta' must be positive");
        row(R"({"hidden_act":"gelu"})", "'hidden_act' is 'gelu'");
        row(R"({"use_sliding_window":true})", "'use_sliding_window'");
        row(R"({"tie_word_embeddings":"yes"})", "'tie_word_embeddings' must be true or false");
        row(R"({"rope_scaling":null})", "'rope_scaling' is missing");
        row(R"({"rope_scaling":[]})", "'rope_scaling' must be an object");
        row(R"({"rope_scaling":{"type":"yarn"}})", "'yarn'");
        row(R"({"rope_scaling":{"mrope_section":[2,3,4]}})", "half of the head size, 16");
        row(R"({"rope_scaling":{"mrope_section":[8]}})", "'rope_scaling.mrope_section'");
        row(R"({"rope_scaling":{"mrope_section":[9223372036854775807,9223372036854775807,10]}})",
            "'rope_scaling.mrope_section'");
        row(R"({"vision_config":null})", "'vision_config' is missing");
        row(R"({"vision_config":{"depth":0}})", "'vision_config.depth' is 0");
        row(R"({"vision_config":{"num_heads":3}})", "'vision_config.hidden_size' is 64");
        row(R"({"vision_config":{"num_heads":32}})", "multiple of 4 * num_heads (128)");
        row(R"({"vision_config":{"out_hidden_size":32}})", "hidden_size, 64");
        row(R"({"vision_config":{"window_size":100}})", "multiple of patch_size");
        row(R"({"vision_config":{"hidden_act":"quick_gelu"}})", "'vision_config.hidden_act'");
        row(R"({"vision_config":{"in_channels":1}})", "'vision_config.in_channels' must be 3");
        row(R"({"vision_config":{"fullatt_block_indexes":[1,4]}})", "names block 4");
        row(R"({"vision_config":{"fullatt_block_indexes":7}})", "must be an array of numbers");
        row(R"({"lvr_head_type":"wide"})", "'lvr_head_type' is 'wide'");
        row(R"({"lvr_head":1})", "'lvr_head' must be true or false");
        row(R"({"lvr_start_id":1856})", "'lvr_start_id' is 1856");
        row(R"({"image_token_id":null})", "usual 151655 is outside");
        row(R"({"eos_token_id":"x"})", "'eos_token_id' must be an integer");
    }

    void aConfigThatCannotBeBuiltIsRefused() {
        QFETCH(QString, patch);
        QFETCH(QString, says);
        auto config = goldenConfig("random-a");
        config.merge_patch(Json::parse(patch.toStdString()));
        writeText(dir_ / "config.json", config.dump());
        const auto error = errorOf([&] { readModelConfig(dir_); });
        QVERIFY2(error.contains(says), qPrintable(error));
        QVERIFY2(error.contains("config.json"), qPrintable(error));
    }

    void aConfigFileThatIsNoJsonObjectIsRefused() {
        QVERIFY(errorOf([&] { readModelConfig(dir_); }).contains("there is no file"));
        for (const auto* text : {"", "[]", "3", "{", "{\"a\":1}}", "\xff\xfe", "null"}) {
            writeText(dir_ / "config.json", text);
            const auto error = errorOf([&] { readModelConfig(dir_); });
            QVERIFY2(error.contains("config.json"), qPrintable(error));
        }
        fs::remove(dir_ / "config.json");
        QCOMPARE(mkfifo((dir_ / "config.json").c_str(), 0600), 0);
        QVERIFY(errorOf([&] { readModelConfig(dir_); }).contains("not a regular file"));
    }

    void aWrittenConfigReadsBackEqual() {
        for (const auto* model : {"random-a", "random-b", "random-c"}) {
            auto config = readModelConfig(kModels / model);
            writeModelConfig(config, dir_);
            QCOMPARE(readModelConfig(dir_), config);
            config.lvr = {};
            config.padTokenId = 3;
            config.text.ropeTheta = 12345.678;
            config.text.rmsNormEps = 1e-7;
            writeModelConfig(config, dir_);
            QCOMPARE(readModelConfig(dir_), config);
        }
        QCOMPARE(filesIn(dir_), std::vector<std::string>{"config.json"});
    }

    void generationConfigKeepsItsStopTokens() {
        const auto golden = readGenerationConfig(kModels / "random-a");
        const std::vector<std::int64_t> both{1758, 1756}, seven{7}, one{1758};
        QCOMPARE(golden.eosTokenIds, both);
        QCOMPARE(golden.padTokenId, 1756);
        writeGenerationConfig(golden, dir_);
        QCOMPARE(readGenerationConfig(dir_).eosTokenIds, both);
        QCOMPARE(readGenerationConfig(dir_).padTokenId, 1756);
        writeText(dir_ / "generation_config.json", R"({"eos_token_id":7})");
        QCOMPARE(readGenerationConfig(dir_).eosTokenIds, seven);
        QCOMPARE(readGenerationConfig(dir_).padTokenId, 7);
        writeText(dir_ / "generation_config.json", R"({"eos_token_id":[-7]})");
        QVERIFY(errorOf([&] { readGenerationConfig(dir_); }).contains("'eos_token_id'"));
        fs::remove(dir_ / "generation_config.json");
        fs::copy_file(kModels / "random-a" / "config.json", dir_ / "config.json");
        QCOMPARE(readGenerationConfig(dir_).eosTokenIds, one);
        QCOMPARE(readGenerationConfig(dir_).padTokenId, 1758);
    }

    // As transformers' generate() takes them, and the release's loops (lvr-spec 4).
    void generationConfigSaysHowToDecode_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("sampling");  // temperature, top-p, top-k, penalty
        QTest::addColumn<QString>("exit");
        const auto row = [](const char* name, const char* file, const char* sampling,
                            const char* exit = "") {
            QTest::newRow(name) << QString(file) << QString(sampling) << QString(exit);
        };
        row("nothing", "{}", "0 1 0 1");
        row("greedy whatever the temperature", R"({"temperature":0.7,"top_p":0.9})", "0 0.9 0 1");
        row("greedy with a penalty", R"({"do_sample":false,"repetition_penalty":1.2})",
            "0 1 0 1.2");
        row("Qwen2.5-VL", R"({"do_sample":true,"temperature":1e-06,"repetition_penalty":1.05})",
            "1e-06 1 50 1.05");
        row("all", R"({"do_sample":true,"temperature":0.5,"top_p":0.8,"top_k":3})", "0.5 0.8 3 1");
        row("top-k off", R"({"do_sample":true,"top_k":0})", "1 1 0 1");
        row("steps", R"({"lvr_steps":4})", "0 1 0 1", "fixed:4");
        row("a list of steps", R"({"lvr_steps":[4],"decoding_strategy":"steps"})", "0 1 0 1",
            "fixed:4");
        row("latent", R"({"decoding_strategy":"latent","lvr_steps":5,"criterion":"cosine",
            "lvr_end_threshold":0.5})",
            "0 1 0 1", "latent-end:cosine:0.5:5");
        row("latent, usual", R"({"decoding_strategy":"latent"})", "0 1 0 1",
            "latent-end:mse:0.02:16");
        row("mode switching", R"({"decoding_strategy":"vanilla","lvr_steps":9})", "0 1 0 1",
            "end-token:9");
    }
    void generationConfigSaysHowToDecode() {
        QFETCH(QString, file);
        QFETCH(QString, sampling);
        QFETCH(QString, exit);
        writeText(dir_ / "generation_config.json", file.toStdString());
        const auto config = readGenerationConfig(dir_);
        const auto& s = config.sampling;
        QCOMPARE(QString("%1 %2 %3 %4")
                     .arg(s.temperature)
                     .arg(s.topP)
                     .arg(s.topK)
                     .arg(s.repetitionPenalty),
                 sampling);
        QCOMPARE(config.exit ? QString::fromStdString(toText(*config.exit)) : QString(), exit);
    }

    void generationConfigThatCannotBeIsRefused() {
        for (const auto* text :
             {R"({"temperature":-1})", R"({"top_p":0})", R"({"top_k":-1})", R"({"lvr_steps":-1})",
              R"({"lvr_steps":[1,2]})", R"({"repetition_penalty":0})", R"({"do_sample":"yes"})",
              R"({"decoding_strategy":"latent","criterion":"l1"})", R"({"force_lvr_start":1})",
              R"({"max_new_tokens":0})"}) {
            writeText(dir_ / "generation_config.json", text);
            QVERIFY2(
                errorOf([&] { readGenerationConfig(dir_); }).contains("generation_config.json"),
                text);
        }
    }

    void generationFieldsThatAreNotBuiltInAreNamed() {
        writeText(dir_ / "generation_config.json",
                  R"({"num_beams":4,"min_p":0.1,"typical_p":1.0,"no_repeat_ngram_size":0,
                      "bad_words_ids":[[1]],"suppress_tokens":[],"guidance_scale":null})");
        QCOMPARE(readGenerationConfig(dir_).notBuiltIn,
                 (std::vector<std::string>{"bad_words_ids", "min_p", "num_beams"}));
    }

    void anotherExitRuleTakesTheOldOnesPlace() {
        const auto file = dir_ / "generation_config.json";
        writeText(file, R"({"do_sample": true, "lvr_steps": 8, "x": 1.50})");
        writeGenerationExit(FixedSteps{8}, dir_);
        QCOMPARE(readText(file), R"({"do_sample": true, "lvr_steps": 8, "x": 1.50})");
        writeGenerationExit(FixedSteps{4}, dir_);
        QCOMPARE(Json::parse(readText(file)).dump(), R"({"do_sample":true,"lvr_steps":4,"x":1.5})");
        writeGenerationExit(EndProbability{}, dir_);
        QCOMPARE(Json::parse(readText(file)).dump(), R"({"do_sample":true,"x":1.5})");
    }

    void provenanceReadsBackEqual() {
        QCOMPARE(readProvenance(dir_), std::nullopt);
        const Provenance written{.defaultExit = "end-prob:0.5:16",
                                 .latentFeed = "filler",
                                 .command = "lvr sft --seed 3",
                                 .seed = ~std::uint64_t{0},
                                 .data = "scenes",
                                 .notes = "naïve \"quotes\"\n"};
        writeProvenance(written, dir_);
        QCOMPARE(readProvenance(dir_), std::optional(written));
        writeText(dir_ / "lvr_workbench.json", R"({"seed":"1"})");
        QVERIFY(errorOf([&] { readProvenance(dir_); }).contains("'seed' must be"));
    }

    void aSidecarKeepsWhatItsParentSaidAndWhatIsNotKnownHere() {
        const auto said = Json::parse(R"({"default_exit":"fixed:4","latent_feed":"filler",
            "roi_tokens":"pool:4","head_positions":"released","command":"lvr sft","seed":3,
            "data":"d","notes":"n","of_a_later_version":{"a":[1,2.5]}})");
        writeText(dir_ / "lvr_workbench.json", said.dump());
        writeProvenance(madeFrom(readProvenance(dir_), "lvr grpo"), dir_);
        auto expected = said;
        expected["command"] = "lvr sft\nlvr grpo";
        QCOMPARE(Json::parse(readText(dir_ / "lvr_workbench.json")).dump(), expected.dump());
    }
};

QTEST_GUILESS_MAIN(CheckpointTest)
#include "checkpoint_test.moc"
