#include "datasets/scenes/scene_painter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "datasets/scenes/scene_random.h"

namespace lvr {
namespace {

constexpr int kKnotDistance = 56;                       // pixels between random colours
constexpr int kKnots = kSceneSide / kKnotDistance + 1;  // along one side
constexpr int kDarkest = 30, kBrightest = 94;           // mean 62
constexpr double kDotRadius = 4.6, kRingRadius = 5.8;   // pixels
constexpr int kSubpixelBits = 4;                        // coordinates in 1/16 pixel
constexpr std::uint8_t kHole = 190;                     // brighter than gray, darker than white

using Outline = std::vector<cv::Point2d>;  // in units of the radius, centre (0, 0), y down
using KnotRow = std::array<int, std::size_t{3} * kKnots>;
using Knots = std::array<std::array<Rgb, kKnots>, kKnots>;

Knots drawKnots(SceneRandom& random) {
    Knots knots{};
    for (auto& row : knots)
        for (auto& knot : row)
            for (auto& channel : knot)
                channel = static_cast<std::uint8_t>(random.between(kDarkest, kBrightest));
    return knots;
}

// Position between two knots as a weight 0..256 of the second, without kinks (3t^2 - 2t^3).
int smoothWeight(int pixel) {
    const int t = pixel % kKnotDistance * 256 / kKnotDistance;
    return (t * t * (3 * 256 - 2 * t)) >> 16;
}

int blend(int a, int b, int weight) { return a * (256 - weight) + b * weight; }

// Triangular, standard deviation 5, from two of the 64 bits' bytes.
int grain(std::uint64_t bits) {
    return (static_cast<int>(bits & 255) + static_cast<int>(bits >> 8 & 255) - 255) * 49 / 1024;
}

// The knots of two rows blended to one, channel by channel; values times 256.
KnotRow blendRows(const Knots& knots, int y) {
    KnotRow row{};
    for (std::size_t i = 0; i < row.size(); ++i)
        row[i] = blend(knots[y / kKnotDistance][i / 3][i % 3],
                       knots[y / kKnotDistance + 1][i / 3][i % 3], smoothWeight(y));
    return row;
}

// Integers only, so that the texture does not depend on how a machine rounds.
void paintTexture(Image& image, SceneRandom& random) {
    const Knots knots = drawKnots(random);
    auto* pixel = image.rgb.data();
    for (int y = 0; y < kSceneSide; ++y) {
        const auto row = blendRows(knots, y);
        for (int x = 0; x < kSceneSide; ++x, pixel += 3) {
            const int* left = row.data() + static_cast<std::ptrdiff_t>(x / kKnotDistance * 3);
            std::uint64_t bits = random.next();
            for (int c = 0; c < 3; ++c, bits >>= 16)
                pixel[c] = static_cast<std::uint8_t>(
                    (blend(left[c], left[c + 3], smoothWeight(x)) >> 16) + grain(bits));
        }
    }
}

Outline arc(double radius, double from, double to, cv::Point2d centre = {}) {
    constexpr int kPieces = 24;
    Outline points;
    for (int i = 0; i <= kPieces; ++i) {
        const double angle = (from + (to - from) * i / kPieces) * std::numbers::pi / 180;
        points.push_back(centre + cv::Point2d(radius * std::cos(angle), radius * std::sin(angle)));
    }
    return points;
}

Outline starOutline() {
    Outline points;
    for (int i = 0; i < 10; ++i) {
        const double radius = i % 2 == 0 ? 1.15 : 0.52,
                     angle = (i * 36 - 90) * std::numbers::pi / 180;
        points.emplace_back(radius * std::cos(angle), radius * std::sin(angle));
    }
    return points;
}

Outline crossOutline() {
    constexpr double kArm = 0.38, kEnd = 1.05;
    return {{-kArm, -kEnd}, {kArm, -kEnd}, {kArm, -kArm},  {kEnd, -kArm},
            {kEnd, kArm},   {kArm, kArm},  {kArm, kEnd},   {-kArm, kEnd},
            {-kArm, kArm},  {-kEnd, kArm}, {-kEnd, -kArm}, {-kArm, -kArm}};
}

// A disc without the smaller disc to its right.
Outline moonOutline() {
    Outline points = arc(1.1, 45, 315, {-0.05, 0});
    const Outline inner = arc(0.84, 292.5, 67.5, {0.4, 0});
    points.insert(points.end(), inner.begin(), inner.end());
    return points;
}

Outline heartOutline() {
    Outline points;
    for (int i = 0; i < 40; ++i) {
        const double t = i * std::numbers::pi / 20, s = std::sin(t);
        const double up =
            13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t);
        points.emplace_back(16 * s * s * s / 15, -(up + 2) / 15);
    }
    return points;
}

// In the order of shapeWords().
const std::vector<Outline>& outlines() {
    static const std::vector<Outline> all{
        arc(1, 0, 360),
        {{-0.84, -0.84}, {0.84, -0.84}, {0.84, 0.84}, {-0.84, 0.84}},
        {{0, -1.1}, {1.08, 0.86}, {-1.08, 0.86}},
        starOutline(),
        crossOutline(),
        {{0, -1.12}, {0.84, 0}, {0, 1.12}, {-0.84, 0}},
        moonOutline(),
        heartOutline(),
    };
    return all;
}

// OpenCV counts from the centre of the first pixel, we from its corner.
int subpixels(double pixels) {
    return static_cast<int>(std::lround((pixels - 0.5) * (1 << kSubpixelBits)));
}

cv::Scalar ink(const Rgb& color) { return {double(color[0]), double(color[1]), double(color[2])}; }

void paintBody(cv::Mat& canvas, const SceneObject& object) {
    std::vector<cv::Point> points;
    for (const auto& p : outlines()[object.shape])
        points.emplace_back(subpixels(object.x + p.x * object.radius),
                            subpixels(object.y + p.y * object.radius));
    cv::fillPoly(canvas, std::vector{points}, ink(object.body), cv::LINE_AA, kSubpixelBits);
}

void paintDisc(cv::Mat& canvas, const SceneObject& object, double radius, const Rgb& color) {
    cv::circle(canvas, {subpixels(object.x), subpixels(object.y)},
               static_cast<int>(std::lround(radius * (1 << kSubpixelBits))), ink(color), cv::FILLED,
               cv::LINE_AA, kSubpixelBits);
}

std::uint8_t* cellRow(Image& image, const SceneObject& object, int line) {
    const int x = object.col * kSceneCell, y = object.row * kSceneCell + line;
    return image.rgb.data() + static_cast<std::ptrdiff_t>(3) * (y * kSceneSide + x);
}

void copyCell(Image& from, const SceneObject& source, Image& to, const SceneObject& target) {
    for (int line = 0; line < kSceneCell; ++line)
        std::copy_n(cellRow(from, source, line), 3 * kSceneCell, cellRow(to, target, line));
}

// The cell with the missing half.
SceneObject holeOf(const Scene& scene) {
    SceneObject hole = scene.objects[scene.jigsaw->cut];
    ++hole.col;
    return hole;
}

// The picture before it was cut, with the object that a piece is a half of.
Image paintWhole(const Scene& scene, int piece) {
    const Jigsaw& jigsaw = *scene.jigsaw;
    std::vector<SceneObject> objects;
    for (int i = 0; i < static_cast<int>(scene.objects.size()); ++i)
        if (i != jigsaw.cut && i != jigsaw.pieces[0] && i != jigsaw.pieces[1])
            objects.push_back(scene.objects[i]);
    objects.push_back(scene.objects[piece]);
    objects.back().x = scene.objects[jigsaw.cut].x;
    objects.back().y = scene.objects[jigsaw.cut].y;
    return paintObjects(objects, scene.seed, scene.index);
}

}  // namespace

Image paintObjects(const std::vector<SceneObject>& objects, std::uint64_t seed,
                   std::uint64_t index) {
    Image image{kSceneSide, kSceneSide,
                std::vector<std::uint8_t>(std::size_t{3} * kSceneSide * kSceneSide)};
    SceneRandom random(seed, index, SceneStream::Texture);
    paintTexture(image, random);
    cv::Mat canvas(kSceneSide, kSceneSide, CV_8UC3, image.rgb.data());
    for (const auto& object : objects) {
        paintBody(canvas, object);
        if (object.dot < 0) continue;
        paintDisc(canvas, object, kRingRadius, {0, 0, 0});
        paintDisc(canvas, object, kDotRadius, object.dotBody);
    }
    return image;
}

Image paintJigsaw(const Scene& scene) {
    const Jigsaw& jigsaw = *scene.jigsaw;
    const int fitting = jigsaw.pieces[jigsaw.fitting], unfit = jigsaw.pieces[1 - jigsaw.fitting];
    const SceneObject hole = holeOf(scene);
    Image whole = paintWhole(scene, fitting), other = paintWhole(scene, unfit);
    Image image = whole;
    copyCell(whole, hole, image, scene.objects[fitting]);
    copyCell(other, hole, image, scene.objects[unfit]);
    for (int line = 0; line < kSceneCell; ++line)
        std::fill_n(cellRow(image, hole, line), 3 * kSceneCell, kHole);
    return image;
}

}  // namespace lvr
