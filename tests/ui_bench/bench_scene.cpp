#include "tests/ui_bench/bench_scene.h"

#include <qcustomplot.h>

#include <cmath>

#include "widgets/runs/curve_plot.h"

namespace lvr {
namespace {

constexpr PatchGrid kGrid{.rows = 26, .cols = 50};
constexpr int kTokenPixels = 28;
constexpr int kSteps = 16;

Image picture() {
    Image image{.width = kGrid.cols * kTokenPixels, .height = kGrid.rows * kTokenPixels};
    image.rgb.resize(static_cast<std::size_t>(image.width) * image.height * 3);
    for (std::size_t i = 0; i < image.rgb.size(); ++i)
        image.rgb[i] = static_cast<std::uint8_t>((i * 2654435761u) >> 24);
    return image;
}

DecodeStep latentStep(int index) {
    LatentStep latent{.index = index,
                      .norm = 20.0f + static_cast<float>(index),
                      .endProbability = static_cast<float>(index) / kSteps,
                      .endDistance = 1.0f / static_cast<float>(index + 1)};
    for (int patch = 0; patch < kGrid.count(); ++patch) {
        const float wave = std::sin(0.01f * static_cast<float>(patch * (index + 3)));
        latent.cosine.push_back(wave);
        latent.l2.push_back(1 - wave);
    }
    return {.position = index + 1, .text = "<|lvr|>", .what = latent};
}

}  // namespace

Trace longThought() {
    Trace trace;
    trace.question = {{picture()}, "What is in the picture?"};
    trace.grids = {kGrid};
    trace.steps = {{.text = "<|lvr_start|>", .what = TextStep{.probability = 1}}};
    for (int i = 0; i < kSteps; ++i) trace.steps.push_back(latentStep(i));
    trace.steps.push_back({.position = kSteps + 1, .text = "cat", .what = TextStep{}});
    return trace;
}

int curvesUpTo(const QWidget& workspace, const QString& metric, double step) {
    int count = 0;
    for (const auto* plot : workspace.findChildren<CurvePlot*>()) {
        if (QString::fromStdString(plot->metric()) != metric) continue;
        const auto* picture = plot->findChild<QCustomPlot*>();
        for (int i = 0; i < picture->graphCount(); ++i) {
            const auto* graph = picture->graph(i);
            const auto& data = *graph->data();
            const bool isLine = graph->lineStyle() != QCPGraph::lsNone;
            count += isLine && !data.isEmpty() && (data.constEnd() - 1)->key >= step;
        }
    }
    return count;
}

}  // namespace lvr
