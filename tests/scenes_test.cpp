#include "datasets/scenes/scenes.h"

#include <QtTest>
#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text/tokenizer.h"
#include "core/vision/image_file.h"
#include "core/vision/patch_grid.h"
#include "datasets/dataset.h"
#include "datasets/scenes/clutter_scenes.h"
#include "datasets/scenes/scene_random.h"

using namespace lvr;
namespace fs = std::filesystem;

namespace {

constexpr int kScenes = 300;
constexpr PatchGrid kTokens{kSceneGrid, kSceneGrid};

std::string errorOf(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& e) {
        return e.what();
    }
    return "";
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

int indexOf(const std::vector<std::string>& words, const std::string& word) {
    return static_cast<int>(std::find(words.begin(), words.end(), word) - words.begin());
}

const SceneObject* withColor(const Scene& scene, int color) {
    for (const auto& object : scene.objects)
        if (object.color == color) return &object;
    return nullptr;
}

// Follows the painted dots, knowing nothing of Scene::chains.
std::vector<const SceneObject*> follow(const Scene& scene, int color) {
    std::vector<const SceneObject*> visited;
    while (color >= 0 && visited.size() <= scene.objects.size()) {
        visited.push_back(withColor(scene, color));
        color = visited.back()->dot;
    }
    return visited;
}

std::vector<std::string> wordsOf(const std::string& text, const std::vector<std::string>& from) {
    static const std::string kBreaks = " .?";
    std::vector<std::string> found;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find_first_of(kBreaks, at), text.size());
        const auto word = text.substr(at, end - at);
        if (indexOf(from, word) < static_cast<int>(from.size())) found.push_back(word);
        at = end + 1;
    }
    return found;
}

// The answer and the cells to look at, from the words of the question alone.
struct Truth {
    std::string answer;
    std::vector<int> tokens;
};

Truth truthOf(const Scene& scene, const SceneQuestion& question) {
    std::vector<const SceneObject*> seen;
    for (const auto& word : wordsOf(question.text, colorWords()))
        seen.push_back(withColor(scene, indexOf(colorWords(), word)));
    Truth truth;
    if (question.kind == "chain") {
        seen = follow(scene, seen.front()->color);
        truth.answer = shapeWords()[seen.back()->shape];
    } else if (question.kind == "color-to-shape") {
        truth.answer = shapeWords()[seen[0]->shape];
    } else if (question.kind == "dot-to-shape") {
        const int color = seen[0]->color;
        for (const auto& object : scene.objects)
            if (object.dot == color) seen = {&object};
        truth.answer = shapeWords()[seen[0]->shape];
    } else if (question.kind == "shape-to-color") {
        const int shape = indexOf(shapeWords(), wordsOf(question.text, shapeWords()).front());
        for (const auto& object : scene.objects)
            if (object.shape == shape) seen.push_back(&object);
        truth.answer = colorWords()[seen[0]->color];
    } else if (question.kind == "color-to-dot") {
        truth.answer = colorWords()[seen[0]->dot];
    } else if (question.kind == "has-dot") {
        truth.answer = seen[0]->dot >= 0 ? "yes" : "no";
    } else if (question.kind == "left-right") {
        truth.answer = seen[0]->col < seen[1]->col ? "left" : "right";
        if (seen[0]->col == seen[1]->col) truth.answer = "neither";
    } else if (question.kind == "above-below") {
        truth.answer = seen[0]->row < seen[1]->row ? "above" : "below";
        if (seen[0]->row == seen[1]->row) truth.answer = "neither";
    }
    for (const auto* object : seen) truth.tokens.push_back(object->row * kSceneGrid + object->col);
    return truth;
}

int cellOf(const SceneObject& object) { return object.row * kSceneGrid + object.col; }

using Seen = std::vector<const SceneObject*>;

// In reading order, found cell by cell.
Seen objectsWith(const Scene& scene, int SceneObject::*value, int wanted) {
    Seen found;
    for (int cell = 0; cell < kSceneGrid * kSceneGrid; ++cell)
        for (const auto& object : scene.objects)
            if (cellOf(object) == cell && object.*value == wanted) found.push_back(&object);
    return found;
}

// By the angle, from pixels; between 27 and 63 degrees there is no answer.
std::string directionOf(const SceneObject& a, const SceneObject& b) {
    const double right = std::round((a.x - b.x) / kSceneCell),
                 down = std::round((a.y - b.y) / kSceneCell),
                 steepness = std::atan2(std::abs(down), std::abs(right));
    if (steepness <= std::atan(.5) + 1e-9) return right < 0 ? "left" : "right";
    if (steepness >= std::atan(2.) - 1e-9) return down < 0 ? "above" : "below";
    return "neither";
}

bool isSo(const std::string& text, const SceneObject& a, const SceneObject& b) {
    if (contains(text, " left of ")) return a.x < b.x;
    if (contains(text, " right of ")) return a.x > b.x;
    return contains(text, " above ") ? a.y < b.y : a.y > b.y;
}

std::string yesNo(bool yes) { return yes ? "yes" : "no"; }

Truth truthOfJigsaw(const Scene& scene) {
    const auto& [cut, pieces, fitting] = scene.jigsaw.value();
    const auto &whole = scene.objects[cut], &first = scene.objects[pieces[0]],
               &second = scene.objects[pieces[1]];
    const auto fits = [&](const SceneObject& piece) {
        return piece.shape == whole.shape && piece.color == whole.color;
    };
    if (fits(first) == fits(second) || first.col >= second.col) return {"ambiguous", {}};
    const auto& piece = fits(first) ? first : second;
    return {fits(first) ? "first" : "second", {cellOf(whole), cellOf(piece)}};
}

// First those that a colour names, then those that a shape does.
Seen objectsNamedIn(const std::string& text, const Scene& scene) {
    Seen named;
    const auto add = [&](const Seen& objects) {
        named.insert(named.end(), objects.begin(), objects.end());
    };
    for (const auto& word : wordsOf(text, colorWords()))
        add(objectsWith(scene, &SceneObject::color, indexOf(colorWords(), word)));
    for (const auto& word : wordsOf(text, shapeWords()))
        add(objectsWith(scene, &SceneObject::shape, indexOf(shapeWords(), word)));
    return named;
}

bool eachWordNamesOne(const std::string& text, const Scene& scene) {
    bool one = true;
    for (const auto& words : {wordsOf(text, colorWords()), wordsOf(text, shapeWords())})
        for (const auto& word : words) one = one && objectsNamedIn(word, scene).size() == 1;
    return one;
}

// truthOf for questions about clutter, where a word may name several objects, or none.
Truth truthOfClutter(const Scene& scene, const SceneQuestion& question) {
    const auto& [kind, text, answer, targets, rois] = question;
    if (kind == "jigsaw") return truthOfJigsaw(scene);
    static const std::vector<std::string> numbers{"none", "one", "two", "three", "four", "five"};
    auto seen = objectsNamedIn(text, scene);
    if (kind != "count" && !eachWordNamesOne(text, scene)) return {"ambiguous", {}};
    Truth truth;
    if (kind == "attr-color") truth.answer = colorWords()[seen.at(0)->color];
    if (kind == "attr-shape") truth.answer = shapeWords()[seen.at(0)->shape];
    if (kind == "relpos") truth.answer = directionOf(*seen.at(0), *seen.at(1));
    if (kind == "spatial") truth.answer = yesNo(isSo(text, *seen.at(0), *seen.at(1)));
    if (kind == "count") truth.answer = numbers.at(seen.size());
    if (kind == "dot-pair") truth.answer = yesNo(seen.at(0)->dot >= 0);
    if (kind == "two-hop") {
        auto same = objectsWith(scene, &SceneObject::color, seen.at(0)->color);
        if (same.size() != 2) return {"ambiguous", {}};
        seen.push_back(same[0] == seen[0] ? same[1] : same[0]);
        truth.answer = shapeWords()[seen[1]->shape];
    }
    for (const auto* object : seen) truth.tokens.push_back(cellOf(*object));
    return truth;
}

std::vector<int> tokensOf(const SceneQuestion& question) {
    std::vector<int> tokens;
    for (const auto& roi : question.rois)
        for (int token : boxTokens(roi, kTokens, EmptyBox::NoTokens)) tokens.push_back(token);
    return tokens;
}

class Fingerprint {  // FNV-1a
public:
    void add(int value) {
        for (int shift = 0; shift < 32; shift += 8)
            hash_ = (hash_ ^ (static_cast<unsigned>(value) >> shift & 255)) * 1099511628211ULL;
    }
    void add(const std::string& text) {
        for (char c : text) add(c);
    }
    QString text() const { return QString::number(hash_, 16); }

private:
    std::uint64_t hash_ = 14695981039346656037ULL;
};

void addObject(Fingerprint& print, const SceneObject& object) {
    for (int value : {object.shape, object.color, object.dot, object.row, object.col,
                      static_cast<int>(object.x * 16), static_cast<int>(object.y * 16),
                      static_cast<int>(object.radius * 16)})
        print.add(value);
    for (const auto& rgb : {object.body, object.dotBody})
        for (int channel : rgb) print.add(channel);
}

bool near(const Rgb& color, const std::uint8_t* pixel, int tolerance) {
    for (int c = 0; c < 3; ++c)
        if (std::abs(color[c] - pixel[c]) > tolerance) return false;
    return true;
}

// Pixels of an object's cell that have a colour.
int pixelsOf(const Image& image, const SceneObject& object, const Rgb& color) {
    int count = 0;
    for (int y = object.row * kSceneCell; y < (object.row + 1) * kSceneCell; ++y)
        for (int x = object.col * kSceneCell; x < (object.col + 1) * kSceneCell; ++x)
            count += near(color, &image.rgb[(y * image.width + x) * 3], 3);
    return count;
}

std::vector<std::uint8_t> cellPixels(const Image& image, int row, int col) {
    std::vector<std::uint8_t> pixels;
    for (int y = row * kSceneCell; y < (row + 1) * kSceneCell; ++y) {
        const auto* line = &image.rgb[(y * image.width + col * kSceneCell) * 3];
        pixels.insert(pixels.end(), line, line + 3 * kSceneCell);
    }
    return pixels;
}

// Cells in which two pictures differ.
std::vector<int> changedCells(const Image& a, const Image& b) {
    std::vector<int> changed;
    for (int row = 0; row < kSceneGrid; ++row)
        for (int col = 0; col < kSceneGrid; ++col)
            if (cellPixels(a, row, col) != cellPixels(b, row, col))
                changed.push_back(row * kSceneGrid + col);
    return changed;
}

int differentValues(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
    int different = 0;
    for (std::size_t i = 0; i < a.size(); ++i) different += std::abs(a[i] - b[i]) > 8;
    return different;
}

nlohmann::json oneRecord() {
    return {{"dataset", "d"},
            {"question_id", 7},
            {"image", "a.png"},
            {"conversations",
             {{{"from", "human"}, {"value", "<image>\nWhat?"}},
              {{"from", "gpt"}, {"value", "Well: <lvr>\n<answer> red </answer>"}}}},
            {"bboxes", {{0.0, 0.0, 0.5, 0.5}}}};
}

// Within four standard deviations of `share` of `total`.
bool balanced(int count, int total, double share) {
    return std::abs(count - share * total) < 4 * std::sqrt(total * share * (1 - share));
}

}  // namespace

class ScenesTest : public QObject {
    Q_OBJECT

    QTemporaryDir temporary_;
    fs::path path(const char* name) const {
        return fs::path(temporary_.path().toStdString()) / name;
    }
    fs::path write(const nlohmann::json& json, const char* name = "list.json") const {
        std::ofstream(path(name)) << json.dump();
        return path(name);
    }
    static std::vector<DataRecord> readLvrJson(const fs::path& data) {
        return readUsable({.data = data}, [](const std::string&) {}).records;
    }
    std::string readError(const nlohmann::json& record) const {
        const auto file = write(nlohmann::json::array({oneRecord(), record}));
        return errorOf([&] { readLvrJson(file); });
    }

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(temporary_.isValid());
        writePng({1, 1, {1, 2, 3}}, path("a.png"));
    }

    void scenesAreTheSameOnEveryMachine() {
        Fingerprint print;
        for (int i = 0; i < 20; ++i) {
            const auto picture = sceneWithQuestion(1, i, sceneKinds()[i % 8], {});
            for (const auto& object : picture.scene.objects) addObject(print, object);
            print.add(picture.questions[0].text + picture.questions[0].answer);
        }
        QCOMPARE(print.text(), QString("3a58b9d2037b0dec"));
    }

    void alignPicturesAreTheSameOnEveryMachine() {
        Fingerprint print;
        for (const auto& cell : alignPicture(1, 2).cells)
            for (int value : {cell.shape, cell.color, cell.dot}) print.add(value);
        QCOMPARE(print.text(), QString("baab8d2a4cc6a33c"));
    }

    void theTextureIsTheSameOnEveryMachine() {
        Fingerprint print;
        for (int value : paintedBackground().rgb) print.add(value);
        QCOMPARE(print.text(), QString("a9085c68069d8587"));
    }

    void sameSeedAndIndexPaintTheSamePicture() {
        QCOMPARE(paint(makeScene(5, 3)), paint(makeScene(5, 3)));
        QVERIFY(makeScene(5, 3).objects != makeScene(5, 4).objects);
        QVERIFY(makeScene(5, 3).objects != makeScene(6, 3).objects);
        QCOMPARE(alignPicture(5, 3).image, alignPicture(5, 3).image);
    }

    void everySceneHasTwelveColorsInTwelveCells() {
        for (int i = 0; i < kScenes; ++i) {
            std::set<int> colors, cells;
            for (const auto& object : makeScene(2, i).objects) {
                colors.insert(object.color);
                cells.insert(object.row * kSceneGrid + object.col);
                QVERIFY(std::abs(object.x - (object.col + .5) * kSceneCell) <= 1.5);
                QVERIFY(std::abs(object.y - (object.row + .5) * kSceneCell) <= 1.5);
                QVERIFY(object.radius >= 11 && object.radius <= 13);
                QVERIFY(object.dot != object.color);
            }
            QCOMPARE(colors.size(), 12U);
            QCOMPARE(cells.size(), 12U);
        }
    }

    void exactlyFourShapesAreUnique() {
        for (int i = 0; i < kScenes; ++i) {
            std::map<int, int> counts;
            for (const auto& object : makeScene(2, i).objects) ++counts[object.shape];
            QCOMPARE(std::count_if(counts.begin(), counts.end(),
                                   [](const auto& entry) { return entry.second == 1; }),
                     4);
        }
    }

    void dotsFormThreeOrFourChainsThatEndInDifferentShapes() {
        for (int i = 0; i < kScenes; ++i) {
            const Scene scene = makeScene(2, i);
            std::set<int> pointedAt, endShapes;
            int ends = 0, visited = 0;
            for (const auto& object : scene.objects) {
                if (object.dot >= 0) QVERIFY(pointedAt.insert(object.dot).second);
                if (object.dot < 0) endShapes.insert(object.shape), ++ends;
            }
            QVERIFY(ends == 3 || ends == 4);
            QCOMPARE(static_cast<int>(endShapes.size()), ends);
            for (const auto& object : scene.objects) {
                if (pointedAt.contains(object.color)) continue;
                const auto chain = follow(scene, object.color);
                QVERIFY(chain.size() <= kMaxTrainedHops + 1);
                visited += static_cast<int>(chain.size());
            }
            QCOMPARE(visited, kSceneObjects);
        }
    }

    void aDotHasTheBodyColorOfTheNextObject() {
        const Scene scene = makeScene(2, 0);
        for (const auto& object : scene.objects)
            if (object.dot >= 0) QCOMPARE(object.dotBody, withColor(scene, object.dot)->body);
    }

    void aLongestChainCanBeForced_data() {
        QTest::addColumn<int>("hops");
        for (int hops : {4, 6, 7, 8, 9}) QTest::addRow("%d hops", hops) << hops;
    }
    void aLongestChainCanBeForced() {
        QFETCH(int, hops);
        for (int i = 0; i < 50; ++i) {
            std::size_t longest = 0;
            const Scene scene = makeScene(3, i, hops);
            for (const auto& chain : scene.chains) longest = std::max(longest, chain.size());
            QVERIFY(static_cast<int>(longest) >= hops + 1);
            QVERIFY(static_cast<int>(longest) <= std::max(hops, kMaxTrainedHops) + 1);
            QVERIFY(scene.chains.size() == 3 || scene.chains.size() == 4);
        }
    }

    void everyAnswerAndRoiFollowsFromTheObjects() {
        int questions = 0;
        for (int i = 0; i < kScenes; ++i) {
            const Scene scene = makeScene(2, i);
            for (const auto& kind : sceneKinds())
                for (const auto& question : questionsAbout(scene, kind)) {
                    const Truth truth = truthOf(scene, question);
                    QCOMPARE(question.kind, kind);
                    QCOMPARE(question.answer, truth.answer);
                    std::vector<int> tokens;
                    for (const auto& roi : question.rois) {
                        QCOMPARE(boxTokens(roi, kTokens, EmptyBox::NoTokens).size(), 1U);
                        tokens.push_back(boxTokens(roi, kTokens, EmptyBox::NoTokens).front());
                    }
                    QCOMPARE(tokens, truth.tokens);
                    ++questions;
                }
        }
        qInfo("checked %d questions on %d scenes", questions, kScenes);
    }

    void relationsIncludeNeighbouringCells() {
        std::map<std::string, int> byOneCell;
        for (int i = 0; i < kScenes; ++i)
            for (const char* kind : {"left-right", "above-below"}) {
                const auto picture = sceneWithQuestion(4, i, kind);
                const auto& a = picture.scene.objects[picture.questions[0].targets[0]];
                const auto& b = picture.scene.objects[picture.questions[0].targets[1]];
                const int apart = kind[0] == 'l' ? a.col - b.col : a.row - b.row;
                byOneCell[kind] += std::abs(apart) == 1;
            }
        QVERIFY(byOneCell["left-right"] > kScenes / 8);
        QVERIFY(byOneCell["above-below"] > kScenes / 8);
    }

    void twoWayAnswersAreBalanced() {
        for (const char* kind : {"has-dot", "left-right", "above-below"}) {
            std::map<std::string, int> counts;
            for (int i = 0; i < 1000; ++i)
                ++counts[sceneWithQuestion(6, i, kind).questions[0].answer];
            QCOMPARE(counts.size(), 2U);
            for (const auto& [answer, count] : counts) QVERIFY(balanced(count, 1000, .5));
        }
    }

    void hopsAreUniform() {
        std::map<std::size_t, int> counts;
        for (int i = 0; i < 1400; ++i)
            ++counts[sceneWithQuestion(7, i, "chain").questions[0].targets.size() - 1];
        QCOMPARE(counts.size(), 7U);
        for (const auto& [hops, count] : counts) QVERIFY(balanced(count, 1400, 1 / 7.0));
    }

    void hopsBeyondTrainingCanBeAsked() {
        std::set<std::size_t> hops;
        for (int i = 0; i < 60; ++i) {
            const auto picture = sceneWithQuestion(8, i, "chain", {.minHops = 7, .maxHops = 9});
            hops.insert(picture.questions[0].targets.size() - 1);
            QCOMPARE(picture.questions[0].answer,
                     truthOf(picture.scene, picture.questions[0]).answer);
        }
        QCOMPARE(hops, (std::set<std::size_t>{7, 8, 9}));
    }

    void sharedPicturesKeepHopsUniformAndAnswersBalanced() {
        std::map<std::size_t, int> hops;
        std::map<std::string, int> kinds, answers;
        int questions = 0;
        for (const auto& picture : scenePictures(9, 6000)) {
            std::set<std::string> texts;
            QVERIFY(picture.questions.size() <= 12U);
            for (const auto& question : picture.questions) {
                QVERIFY(texts.insert(question.text).second);
                QCOMPARE(question.answer, truthOf(picture.scene, question).answer);
                ++questions, ++kinds[question.kind];
                if (question.kind == "chain") ++hops[question.targets.size() - 1];
                if (question.kind == "has-dot") ++answers[question.answer];
            }
        }
        QCOMPARE(questions, 6000);
        for (const auto& kind : sceneKinds())
            QVERIFY(balanced(kinds[kind], 6000, sceneKindWeight(kind) / 8));
        for (const auto& [n, count] : hops) QVERIFY(balanced(count, kinds["chain"], 1 / 7.0));
        QVERIFY(balanced(answers["no"], kinds["has-dot"], .5));
    }

    void onePictureKindThatRunsOutGoesOnWithTheNextPicture() {
        const auto pictures = scenePictures(9, 40, {.kinds = {"shape-to-color"}});
        QCOMPARE(pictures.size(), 10U);  // four unique shapes each
    }

    void bodiesAndDotsArePaintedWhereTheyShouldBe() {
        int leastBody = 1 << 20, leastDot = 1 << 20;
        for (int i = 0; i < kScenes; ++i) {
            const Scene scene = makeScene(2, i);
            const Image image = paint(scene);
            for (const auto& object : scene.objects) {
                leastBody = std::min(leastBody, pixelsOf(image, object, object.body));
                if (object.dot >= 0)
                    leastDot = std::min(leastDot, pixelsOf(image, object, object.dotBody));
            }
        }
        qInfo("smallest body %d px, smallest dot %d px", leastBody, leastDot);
        QVERIFY(leastBody >= 60);
        QVERIFY(leastDot >= 45);
    }

    void theTextureIsDarkAndSmooth() {
        double sum = 0, jumps = 0;
        const Image image = paintedBackground();
        const int count = static_cast<int>(image.rgb.size());
        for (int i = 0; i < count; ++i) sum += image.rgb[i];
        for (int i = 3; i < count; ++i) jumps += std::pow(image.rgb[i] - image.rgb[i - 3], 2);
        qInfo("texture mean %.1f, noise %.2f", sum / count, std::sqrt(jumps / count / 2));
        QVERIFY(std::abs(sum / count - 62) < 8);
        QVERIFY(std::abs(std::sqrt(jumps / count / 2) - 5) < 1);
    }

    void alignLabelsSayWhatEachCellShows() {
        int objects = 0, dotless = 0;
        for (int i = 0; i < 100; ++i) {
            const AlignPicture picture = alignPicture(3, i);
            QCOMPARE(picture.cells.size(), 64U);
            QCOMPARE(picture.image.rgb.size(), std::size_t(224 * 224 * 3));
            int here = 0;
            for (const auto& cell : picture.cells) {
                QCOMPARE(cell.shape < 0, cell.color < 0);
                if (cell.shape < 0) QCOMPARE(cell.dot, -1);
                here += cell.shape >= 0;
                dotless += cell.shape >= 0 && cell.dot < 0;
            }
            QVERIFY(here >= 8 && here <= 50);
            objects += here;
        }
        QVERIFY(balanced(dotless, objects, .1));
        QVERIFY(std::abs(objects / 100.0 - 29) < 5);
    }

    // What `lvr align` makes a model with.
    void everyWordOfAQuestionIsATokenOfTheShippedTokenizer() {
        const auto tokenizer = Tokenizer::open(LVR_RESOURCES "/models/tiny");
        const auto isMark = [](char c) { return c == ' ' || c == '.' || c == '?' || c == ','; };
        for (int i = 0; i < 4; ++i)  // some 6,000 questions
            for (const auto& kind : sceneKinds())
                for (const auto& question : questionsAbout(makeScene(2, i), kind)) {
                    const auto& text = question.text;
                    const auto marks = std::count_if(text.begin(), text.end(), isMark);
                    // A blank begins the word after it; the mark at the end is one of its own.
                    QCOMPARE(std::ssize(tokenizer.encode(text)), marks + 1);
                    QCOMPARE(tokenizer.encode(" " + question.answer).size(), 1U);
                }
    }

    void wrongOptionsAreNamed() {
        const auto wrong = [](SceneOptions options) { return errorOf([&] { check(options); }); };
        QVERIFY(contains(wrong({.kinds = {"colour-to-shape"}}), "\"color-to-shape\""));
        QVERIFY(contains(wrong({.kinds = {"leftright"}}), "\"left-right\""));
        QVERIFY(contains(wrong({.minHops = 3, .maxHops = 2}), "3:2"));
        QVERIFY(contains(wrong({.maxHops = 10}), "0:10"));
        QVERIFY(contains(wrong({.minHops = -1}), "-1:6"));
        QVERIFY(contains(wrong({.perPicture = 0}), "0"));
        QVERIFY(contains(errorOf([] { makeScene(1, 1, 12); }), "12"));
        QVERIFY(contains(errorOf([] { sceneSample(1, 1, "chains"); }), "\"chain\""));
    }

    void writtenScenesReadBackEqual() {
        const auto folder = path("scenes");
        std::vector<int> reported;
        QCOMPARE(writeScenes(folder, 40, 11, {}, [&](int done, int) { reported.push_back(done); }),
                 SceneFolder::Written);
        QCOMPARE(reported.back(), 40);
        const auto records = readLvrJson(folder);
        QCOMPARE(records.size(), 40U);
        std::size_t next = 0;
        for (const auto& picture : scenePictures(11, 40)) {
            QCOMPARE(readImage(records[next].images[0]), paint(picture.scene));
            for (const auto& question : picture.questions) {
                const auto& record = records[next++];
                QCOMPARE(record.dataset, question.kind);
                QCOMPARE(record.question, question.text);
                QCOMPARE(record.answer, question.answer);
                QCOMPARE(record.response, "<lvr>\n<answer> " + question.answer + " </answer>");
                QCOMPARE(record.boxes, question.rois);
            }
        }
    }

    void clutterIsTheSameOnEveryMachine() {
        Fingerprint print;
        for (int i = 0; i < 40; ++i) {
            const auto picture = clutterWithQuestion(1, i, clutterKinds()[i % 8]);
            for (const auto& object : picture.scene.objects) addObject(print, object);
            print.add(picture.questions[0].text + picture.questions[0].answer);
        }
        QCOMPARE(print.text(), QString("7bfe84baba7206bd"));
    }

    void aSampleOfClutterFollowsFromSeedAndIndex() {
        for (const auto& kind : clutterKinds()) {
            const auto samples = clutterSamples(5, 2, 3, kind);
            QCOMPARE(clutterSamples(5, 3, 1, kind)[0], samples[1]);
            QVERIFY(clutterSamples(6, 2, 1, kind)[0].question.images != samples[0].question.images);
            QVERIFY(samples[0].id != samples[1].id && samples[0].kind == kind);
        }
    }

    void everyAnswerAndRoiAboutClutterFollowsFromTheObjects() {
        int questions = 0;
        for (int i = 0; i < kScenes; ++i)
            for (const auto& made : clutterKinds()) {
                const auto [scene, asked] = clutterWithQuestion(2, i, made);
                const bool alone = made == "jigsaw" || made == "dot-pair";
                for (const auto& kind : clutterKinds()) {
                    const auto all = clutterQuestionsAbout(scene, kind);
                    if (alone) QCOMPARE(all.size(), kind == made ? 1U : 0U);
                    for (const auto& question : all) {
                        const Truth truth = truthOfClutter(scene, question);
                        QVERIFY2(question.answer == truth.answer, question.text.c_str());
                        QCOMPARE(question.kind, kind);
                        QCOMPARE(tokensOf(question), truth.tokens);
                        ++questions;
                    }
                }
                const auto all = clutterQuestionsAbout(scene, made);
                QVERIFY(std::find(all.begin(), all.end(), asked.at(0)) != all.end());
            }
        qInfo("checked %d questions about clutter", questions);
    }

    void everyQuestionThatHasAnAnswerIsAsked() {
        for (int i = 0; i < 50; ++i) {
            const Scene scene = clutterWithQuestion(2, i, "relpos").scene;
            std::size_t unambiguous = 0;
            for (const auto& a : scene.objects)
                for (const auto& b : scene.objects)
                    unambiguous += a.color != b.color && directionOf(a, b) != "neither" &&
                                   objectsWith(scene, &SceneObject::color, a.color).size() == 1 &&
                                   objectsWith(scene, &SceneObject::color, b.color).size() == 1;
            QCOMPARE(clutterQuestionsAbout(scene, "relpos").size(), unambiguous);
        }
    }

    void answersAboutClutterAreBalanced_data() {
        QTest::addColumn<int>("answers");
        QTest::newRow("relpos") << 4;
        QTest::newRow("spatial") << 2;
        QTest::newRow("count") << 5;
        QTest::newRow("dot-pair") << 2;
        QTest::newRow("jigsaw") << 2;
    }
    void answersAboutClutterAreBalanced() {
        QFETCH(int, answers);
        std::map<std::string, int> counts;
        for (int i = 0; i < 1000; ++i)
            ++counts[clutterWithQuestion(6, i, QTest::currentDataTag()).questions[0].answer];
        QCOMPARE(static_cast<int>(counts.size()), answers);
        for (const auto& [answer, count] : counts) QVERIFY(balanced(count, 1000, 1. / answers));
    }

    void clutterIsEasySometimesAndHardMostly() {
        constexpr int kPictures = 2000;
        std::map<int, int> sizes;
        int objects = 0, dotless = 0;
        for (int i = 0; i < kPictures; ++i) {
            const Scene scene = clutterWithQuestion(7, i, "attr-shape").scene;
            ++sizes[static_cast<int>(scene.objects.size())];
            objects += static_cast<int>(scene.objects.size());
            std::set<int> cells;
            for (const auto& object : scene.objects) {
                QVERIFY(cells.insert(cellOf(object)).second);
                dotless += object.dot < 0;
            }
        }
        QCOMPARE(sizes.begin()->first, 2);
        QCOMPARE(sizes.rbegin()->first, 14);
        QVERIFY(balanced(sizes[2], kPictures, .12 / 3));
        QVERIFY(balanced(sizes[6], kPictures, .30 / 6));
        QVERIFY(balanced(sizes[12], kPictures, .58 / 7));
        QVERIFY(balanced(dotless, objects, .5));
    }

    void thePicturesOfAPairDifferInOneDot() {
        int yesFirst = 0;
        for (int i = 0; i < 200; i += 2) {
            const auto samples = clutterSamples(8, i, 2, "dot-pair");
            QCOMPARE(samples[0].question.text, samples[1].question.text);
            QCOMPARE(samples[0].rois, samples[1].rois);
            QVERIFY(samples[0].answer != samples[1].answer);
            yesFirst += samples[0].answer == "yes";
            const auto changed =
                changedCells(samples[0].question.images[0], samples[1].question.images[0]);
            QCOMPARE(changed, boxTokens(samples[0].rois[0], kTokens, EmptyBox::NoTokens));
        }
        QVERIFY(balanced(yesFirst, 100, .5));
    }

    void theFittingPieceContinuesTheObject() {
        int leastDifference = 1 << 20;
        for (int i = 0; i < 200; ++i) {
            const Scene scene = clutterWithQuestion(9, i, "jigsaw").scene;
            const auto& [cutIndex, pieces, fitting] = scene.jigsaw.value();
            const auto &cut = scene.objects[cutIndex], &fit = scene.objects[pieces[fitting]],
                       &unfit = scene.objects[pieces[1 - fitting]];
            Scene whole = scene, without = scene;
            whole.jigsaw.reset(), without.jigsaw.reset();
            whole.objects.resize(cutIndex + 1), without.objects.resize(cutIndex);
            const Image shown = paint(scene), uncut = paint(whole);
            const int hole = cellOf(cut) + 1;
            QCOMPARE(changedCells(uncut, paint(without)), (std::vector{hole - 1, hole}));
            QCOMPARE(changedCells(uncut, shown),
                     (std::vector{hole, std::min(cellOf(fit), cellOf(unfit)),
                                  std::max(cellOf(fit), cellOf(unfit))}));
            const auto missing = cellPixels(uncut, cut.row, cut.col + 1);
            QCOMPARE(cellPixels(shown, fit.row, fit.col), missing);
            leastDifference = std::min(
                leastDifference, differentValues(cellPixels(shown, unfit.row, unfit.col), missing));
            const auto flat = cellPixels(shown, cut.row, cut.col + 1);
            QCOMPARE(std::set(flat.begin(), flat.end()).size(), 1U);
        }
        qInfo("the other piece differs in %d values of 2352 at least", leastDifference);
        QVERIFY(leastDifference >= 60);
    }

    void sharedPicturesOfClutterKeepKindsAndAnswersBalanced() {
        std::map<std::string, int> kinds, directions;
        int records = 0, turns = 0;
        double weights = 0;
        for (const auto& kind : clutterKinds()) weights += clutterKindWeight(kind);
        const auto pictures = clutterPictures(9, 6000);
        for (std::size_t p = 0; p < pictures.size(); ++p) {
            const auto& [scene, questions] = pictures[p];
            QVERIFY(!questions.empty() && questions.size() <= 12U);
            std::set<std::string> texts;
            for (const auto& question : questions) {
                QVERIFY(texts.insert(question.text).second);
                QCOMPARE(question.answer, truthOfClutter(scene, question).answer);
                ++records, ++kinds[question.kind];
                if (question.kind == "relpos") ++directions[question.answer];
            }
            if (scene.pairedObject && kinds["dot-pair"] % 2 == 0)
                QCOMPARE(pictures[p - 1].questions[0].text, questions[0].text);
        }
        QCOMPARE(records, 6000);
        kinds["dot-pair"] /= 2;
        for (const auto& [kind, count] : kinds) turns += count;
        for (const auto& kind : clutterKinds())
            QVERIFY2(balanced(kinds[kind], turns, clutterKindWeight(kind) / weights), kind.c_str());
        for (const auto& [answer, count] : directions)
            QVERIFY(balanced(count, kinds["relpos"], .25));
        qInfo("%zu pictures for %d records", pictures.size(), records);
    }

    void clutterOfOneKindHoldsAsManyRecordsAsAsked() {
        for (const auto& kind : clutterKinds()) {
            std::size_t records = 0;
            for (const auto& picture : clutterPictures(9, 15, {.kinds = {kind}, .perPicture = 4})) {
                QVERIFY(picture.questions.size() <= 4U);
                records += picture.questions.size();
            }
            QCOMPARE(records, 15U);
        }
    }

    void wrongOptionsForClutterAreNamed() {
        const auto wrong = [](ClutterOptions options) { return errorOf([&] { check(options); }); };
        QVERIFY(contains(wrong({.kinds = {"jigsw"}}), "\"jigsaw\""));
        QVERIFY(contains(wrong({.kinds = {"count", "dots-pair"}}), "\"dot-pair\""));
        QVERIFY(contains(wrong({.kinds = {"left-right"}}), "unknown question kind"));
        QVERIFY(contains(wrong({.perPicture = 0}), "0"));
        QVERIFY(contains(errorOf([] { clutterSamples(1, 0, 1, "realpos"); }), "\"relpos\""));
        QVERIFY(contains(errorOf([&] { writeClutter(path("none"), 5, 1, {.kinds = {"counts"}}); }),
                         "\"count\""));
        QVERIFY(!fs::exists(path("none")));
    }

    void writtenClutterReadsBackEqual() {
        const auto folder = path("clutter");
        QCOMPARE(writeClutter(folder, 40, 11, {}), SceneFolder::Written);
        QCOMPARE(writeClutter(folder, 40, 11, {}), SceneFolder::AlreadyThere);
        const auto records = readLvrJson(folder);
        QCOMPARE(records.size(), 40U);
        std::size_t next = 0;
        for (const auto& picture : clutterPictures(11, 40)) {
            QCOMPARE(readImage(records[next].images[0]), paint(picture.scene));
            for (const auto& question : picture.questions) {
                const auto& record = records[next++];
                QCOMPARE(record.dataset, question.kind);
                QCOMPARE(record.question, question.text);
                QCOMPARE(record.response, "<lvr>\n<answer> " + question.answer + " </answer>");
                QCOMPARE(record.boxes, question.rois);
            }
        }
    }

    void theSameRequestIsNotWrittenTwice() {
        const auto folder = path("twice");
        QCOMPARE(writeScenes(folder, 5, 1, {}), SceneFolder::Written);
        const auto written = fs::last_write_time(folder / "data.json");
        QCOMPARE(writeScenes(folder, 5, 1, {}), SceneFolder::AlreadyThere);
        QVERIFY(fs::last_write_time(folder / "data.json") == written);
        QVERIFY(contains(errorOf([&] { writeScenes(folder, 5, 2, {}); }), folder.string()));
        QCOMPARE(readLvrJson(folder).size(), 5U);
    }

    void aStoppedRunLeavesNothing() {
        std::stop_source stop;
        const auto folder = path("stopped");
        const auto afterOne = [&](int, int) { stop.request_stop(); };
        QVERIFY_THROWS_EXCEPTION(Cancelled,
                                 writeScenes(folder, 50, 1, {}, afterOne, stop.get_token()));
        QVERIFY(!fs::exists(folder));
    }

    void foldersThatCannotBeWrittenAreNamed() {
        const auto belowAFile = path("a.png") / "scenes";
        QVERIFY(contains(errorOf([&] { writeScenes(belowAFile, 5, 1, {}); }), belowAFile.string()));
        QVERIFY(contains(errorOf([&] { writeScenes(path("a.png"), 5, 1, {}); }), "a.png"));
        QVERIFY(contains(errorOf([&] { writeScenes("/proc/scenes", 5, 1, {}); }), "/proc/scenes"));
        QVERIFY(contains(errorOf([&] { writeScenes(path("none"), 0, 1, {}); }), "0 records"));
        QVERIFY(!fs::exists(path("none")));
    }

    void recordsKeepTheWholeResponse() {
        auto two = oneRecord();
        two["conversations"][1]["value"] = "<lvr> and <lvr>\n<answer> both </answer>";
        two["bboxes"].push_back({.5, .5, 1, 1});
        auto plain = oneRecord();
        plain["conversations"][0]["value"] = "one\n<image>\n\ntwo";
        plain["conversations"][1]["value"] = " 42\n";
        plain.erase("bboxes");
        const auto records = readLvrJson(write({oneRecord(), two, plain}));
        QCOMPARE(records[0].response, std::string("Well: <lvr>\n<answer> red </answer>"));
        QCOMPARE(records[0].questionId, std::string("7"));
        QCOMPARE(records[0].images, std::vector{path("a.png").string()});
        QCOMPARE(records[1].response, std::string("<lvr> and <lvr>\n<answer> both </answer>"));
        QCOMPARE(records[1].answer, std::string("both"));
        QCOMPARE(records[1].boxes.size(), 2U);
        QCOMPARE(records[2].question, std::string("one\n<image>\n\ntwo"));
        QCOMPARE(records[2].answer, std::string("42"));
    }

    void aMetaListJoinsItsFiles() {
        fs::create_directories(path("sub"));
        write(nlohmann::json::array({oneRecord(), oneRecord()}), "sub/one.json");
        auto nameless = oneRecord();
        nameless.erase("dataset");
        write(nlohmann::json::array({nameless}), "sub/two.json");
        nlohmann::json meta{
            {{"ds_name", "one"}, {"data_path", "sub/one.json"}, {"image_folder", "."}},
            {{"ds_name", "two"}, {"data_path", "sub/two.json"}, {"image_folder", ""}}};
        const auto records = readLvrJson(write(meta, "meta.json"));
        QCOMPARE(records.size(), 3U);
        QCOMPARE(records[0].dataset, std::string("d"));
        QCOMPARE(records[2].dataset, std::string("two"));
        meta[1]["ds_name"] = "one";
        const auto twice = errorOf([&] { readLvrJson(write(meta, "meta.json")); });
        QVERIFY(contains(twice, "meta.json, record 2") && contains(twice, "ds_name"));
    }

    void brokenRecordsAreNamedByFileRecordAndField_data() {
        QTest::addColumn<QString>("patch");  // JSON merge patch
        QTest::addColumn<QString>("named");
        QTest::newRow("no image") << R"({"image": null})"
                                  << "image";
        QTest::newRow("image number") << R"({"image": 3})"
                                      << "image";
        QTest::newRow("image list empty") << R"({"image": []})"
                                          << "image";
        QTest::newRow("image absent") << R"({"image": "b.png"})"
                                      << "b.png";
        QTest::newRow("image on the web") << R"({"image": "https://x/y.png"})"
                                          << "download";
        QTest::newRow("no turns") << R"({"conversations": null})"
                                  << "conversations";
        QTest::newRow("turn text") << R"({"conversations": "hi"})"
                                   << "conversations";
        QTest::newRow("one turn") << R"({"conversations": [{"from": "human", "value": ""}]})"
                                  << "conversations";
        QTest::newRow("turn not object") << R"({"conversations": [1, 2]})"
                                         << "conversations[0]";
        QTest::newRow("wrong speaker")
            << R"({"conversations": [{"from": "gpt", "value": ""}, {"from": "gpt", "value": ""}]})"
            << "conversations[0].from";
        QTest::newRow("value number")
            << R"({"conversations": [{"from": "human", "value": ""}, {"from": "gpt", "value": 1}]})"
            << "conversations[1].value";
        QTest::newRow("boxes text") << R"({"bboxes": "x"})"
                                    << "bboxes";
        QTest::newRow("box short") << R"({"bboxes": [[0, 1]]})"
                                   << "bboxes";
        QTest::newRow("box of text") << R"({"bboxes": [[0, 0, "1", 1]]})"
                                     << "bboxes";
        QTest::newRow("box in pixels") << R"({"bboxes": [[10, 10, 200, 100]]})"
                                       << "bboxes";
        QTest::newRow("mark without box") << R"({"bboxes": []})"
                                          << "bboxes";
        QTest::newRow("dataset number") << R"({"dataset": 1})"
                                        << "dataset";
        QTest::newRow("two marks, one image") << R"({"image": ["a.png", "a.png"]})"
                                              << "<image>";
    }
    void brokenRecordsAreNamedByFileRecordAndField() {
        QFETCH(QString, patch);
        QFETCH(QString, named);
        auto record = oneRecord();
        record.merge_patch(nlohmann::json::parse(patch.toStdString()));
        const auto error = readError(record);
        QVERIFY2(contains(error, "list.json, record 2"), error.c_str());
        QVERIFY2(contains(error, named.toStdString()), error.c_str());
    }

    void filesThatAreNoListAreErrors_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("empty") << QByteArray("");
        QTest::newRow("cut") << QByteArray("[{\"image\": \"a");
        QTest::newRow("object") << QByteArray("{\"image\": []}");
        QTest::newRow("number") << QByteArray("3");
        QTest::newRow("empty list") << QByteArray("[]");
        QTest::newRow("list of numbers") << QByteArray("[1]");
        QTest::newRow("list of lists") << QByteArray("[[]]");
        QTest::newRow("deep") << QByteArray(200000, '[');
        QTest::newRow("not UTF-8") << QByteArray("[{\"image\": \"\xff\"}]");
    }
    void filesThatAreNoListAreErrors() {
        QFETCH(QByteArray, bytes);
        std::ofstream(path("bad.json"), std::ios::binary).write(bytes.data(), bytes.size());
        QVERIFY(contains(errorOf([&] { readLvrJson(path("bad.json")); }), "bad.json"));
    }

    void missingFilesAreErrors() {
        QVERIFY(contains(errorOf([&] { readLvrJson(path("none.json")); }), "none.json"));
        fs::create_directories(path("hollow"));
        QVERIFY(contains(errorOf([&] { readLvrJson(path("hollow")); }), "data.json"));
        QVERIFY(contains(errorOf([&] { readLvrJson(std::string(5000, 'x')); }), "xxx"));
    }

private:
    static Image paintedBackground() {
        Scene scene = makeScene(1, 1);
        scene.objects.clear();
        return paint(scene);
    }
};

QTEST_GUILESS_MAIN(ScenesTest)
#include "scenes_test.moc"
