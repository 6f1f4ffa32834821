// What a frozen vision tower saw is kept, in memory and in a folder, and never more than may be.

#include "core/train/vision_features.h"

#include <ATen/Parallel.h>

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <future>

#include "core/torch.h"
#include "core/train/feature_cache.h"
#include "core/vision/image_file.h"
#include "tests/support/goldens.h"

namespace fs = std::filesystem;
using namespace lvr;

namespace {

constexpr int kSide = 168;

// No two numbers give the same.
fs::path picture(const fs::path& folder, int number) {
    Image image{kSide, kSide, {}};
    for (int i = 0; i < 3 * kSide * kSide; ++i)
        image.rgb.push_back(static_cast<std::uint8_t>(i * (number + 1) / 7));
    const auto file = folder / (std::to_string(number) + ".png");
    writePng(image, file);
    return file;
}

std::uintmax_t bytesIn(const fs::path& folder) {
    std::uintmax_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(folder)) bytes += entry.file_size();
    return bytes;
}

// All that was given to LibTorch's one inter-op thread before is done.
void waitForInterOpThread() {
    std::promise<void> done;
    at::launch([&] { done.set_value(); });
    done.get_future().wait();
}

}  // namespace

class VisionFeaturesTest : public QObject {
    Q_OBJECT
    QTemporaryDir dir_;
    std::optional<LvrCheckpoint> checkpoint_;
    std::vector<fs::path> files_;
    std::uintmax_t entry_ = 0;  // bytes a picture takes

    fs::path folder(const char* name) const {
        const fs::path path = dir_.filePath(name).toStdString();
        fs::create_directories(path);
        return path;
    }
    FeatureCache cacheOf(const char* name, std::uintmax_t most) const {
        return FeatureCache(folder(name), *checkpoint_, most);
    }

private Q_SLOTS:
    void initTestCase() {
        at::set_num_interop_threads(1);
        checkpoint_ = LvrCheckpoint::open(LVR_RESOURCES "/models/tiny");
        for (int i = 0; i < 24; ++i) files_.push_back(picture(folder("pictures"), i));
        VisionFeatures features(*checkpoint_, folder("one"));
        features.of(files_.front());
        entry_ = bytesIn(folder("one"));
        QVERIFY(entry_ > 0);
    }

    void aCacheNeverHoldsMoreThanItsLimit() {
        const auto most = 6 * entry_;
        auto cache = cacheOf("limited", most);
        VisionFeatures features(*checkpoint_);
        for (const auto& file : files_) {
            cache.keep(file, features.of(file));
            QVERIFY(bytesIn(folder("limited")) <= most);
        }
        QVERIFY(cache.find(files_.back()));
        QVERIFY(!cache.find(files_.front()));
        QVERIFY(bytesIn(folder("limited")) >= 3 * entry_);  // it does keep some
        QCOMPARE(cache.trouble(), std::string());
    }

    void trainingsThatShareACacheShareItsLimit() {
        const auto most = 8 * entry_;
        auto one = cacheOf("shared", most), other = cacheOf("shared", most);
        VisionFeatures features(*checkpoint_);
        for (std::size_t i = 0; i < files_.size(); ++i) {
            (i % 2 ? one : other).keep(files_[i], features.of(files_[i]));
            QVERIFY(bytesIn(folder("shared")) <= most);
        }
        QVERIFY(one.find(files_[files_.size() - 2]));  // what the other kept
    }

    void whatAKilledTrainingLeftHalfWrittenMakesRoomToo() {
        const auto most = 6 * entry_;
        QFile half(QString::fromStdString((folder("half") / ".a.safetensors.tmp-1-0").string()));
        QVERIFY(half.open(QIODevice::WriteOnly));
        half.write(QByteArray(static_cast<int>(5 * entry_), 'x'));
        half.close();
        auto cache = cacheOf("half", most);
        VisionFeatures features(*checkpoint_);
        for (const auto& file : files_) cache.keep(file, features.of(file));
        QVERIFY(bytesIn(folder("half")) <= most);
        QVERIFY(!half.exists());
    }

    // As a version would have kept it that knew nothing of DeepStack, or a tower of another shape.
    void anEntryThatDoesNotFitTheTowerIsAsGoodAsNone() {
        const auto stacked = LvrCheckpoint::open(golden::own("qwen3vl/models/b"));
        FeatureCache cache(folder("stacked"), stacked);
        const auto& file = files_.front();
        const auto seen = VisionFeatures(stacked).of(file);
        cache.keep(file, seen);
        const auto found = cache.find(file);
        QVERIFY(found && torch::equal(found->tokens, seen.tokens));
        QVERIFY(torch::equal(found->deepstack, seen.deepstack));
        std::vector<torch::Tensor> others{torch::Tensor(), seen.deepstack[0]};
        for (const int axis : {0, 1, 2}) others.push_back(seen.deepstack.narrow(axis, 0, 1));
        for (const auto& other : others) {
            cache.keep(file, {seen.grids, seen.tokens, other});
            QVERIFY(!cache.find(file));
        }
        cache.keep(file, {seen.grids, seen.tokens.narrow(1, 0, 1), seen.deepstack});
        QVERIFY(!cache.find(file));
        auto flat = cacheOf("flat", entry_ * 4);
        const auto plain = VisionFeatures(*checkpoint_).of(file);
        flat.keep(file, {plain.grids, plain.tokens, plain.tokens.unsqueeze(0)});
        QVERIFY(!flat.find(file));
    }

    void theSameWeightsInAnotherTowerAreAnother() {
        const auto model = golden::own("qwen3vl/models/b");
        const auto other = folder("other");
        fs::copy(model, other, fs::copy_options::overwrite_existing);
        auto config = golden::read(other / "config.json");
        config["vision_config"]["deepstack_visual_indexes"] = {0, 3};
        std::ofstream(other / "config.json") << config;
        const auto a = LvrCheckpoint::open(model), b = LvrCheckpoint::open(other);
        FeatureCache ofA(folder("towers"), a), ofB(folder("towers"), b);
        const auto& file = files_.front();
        ofA.keep(file, VisionFeatures(a).of(file));
        QVERIFY(ofA.find(file) && !ofB.find(file));
    }

    void aCacheThatCannotWriteSaysSoOnceAndTheTrainingSeesOn() {
        VisionFeatures features(*checkpoint_, folder("gone"));
        features.of(files_[0]);
        QCOMPARE(features.trouble(), std::string());
        fs::remove_all(folder("gone"));
        const auto tokens = features.of(files_[1]).tokens;
        QVERIFY(tokens.defined());
        const auto said = features.trouble();
        QVERIFY2(said.find("keeps nothing more") != std::string::npos, said.c_str());
        features.of(files_[2]);
        QCOMPARE(features.trouble(), std::string());
    }

    // Twice as many as may wait are announced and never asked for: those announced next are read
    // all the same.
    void whatWasAnnouncedAndNotAskedForMakesRoom() {
        const auto copies = folder("copies");
        std::vector<fs::path> never, next;
        for (int i = 0; i < 128; ++i) {
            never.push_back(copies / ("never-" + std::to_string(i) + ".png"));
            fs::copy_file(files_[0], never.back());
        }
        for (int i = 0; i < 4; ++i) {
            next.push_back(copies / ("next-" + std::to_string(i) + ".png"));
            fs::copy_file(files_[i], next.back());
        }
        VisionFeatures features(*checkpoint_);
        features.prefetch(never);
        features.prefetch(next);
        waitForInterOpThread();
        for (std::size_t i = 0; i < next.size(); ++i) {
            fs::remove(next[i]);
            QVERIFY(torch::equal(features.of(next[i]).tokens, features.of(files_[i]).tokens));
        }
    }
};

QTEST_GUILESS_MAIN(VisionFeaturesTest)
#include "vision_features_test.moc"
