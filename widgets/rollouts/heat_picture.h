#pragma once

#include <QImage>
#include <QWidget>
#include <vector>

#include "core/trace/heat.h"
#include "core/values/run.h"

namespace lvr {

// The picture of a rollout with what its latents were near: the mean of them, or one.
class HeatPicture : public QWidget {
    Q_OBJECT
public:
    static constexpr int kMean = -1;
    explicit HeatPicture(QWidget* parent = nullptr);

    // heat: [latents, grid.count()] as in Rollout; empty when nothing was looked at.
    void showHeat(PatchGrid grid, const std::vector<std::int8_t>& heat);
    void selectLatent(int latent);  // kMean: all of them
    int selectedLatent() const { return latent_; }
    void showPicture(const QImage& picture);
    void showNoPicture(const QString& reason);  // the heat stays
    QString explain(const QPoint& at) const;    // cell and value under a point; empty when none
    QString emptyText() const;                  // what stands where a picture would be

    QSize sizeHint() const override { return {320, 300}; }
    QSize minimumSizeHint() const override { return {160, 140}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    QRectF pictureRect() const;
    void paintLegend(QPainter& painter) const;
    QString caption() const;

    PatchGrid grid_;
    std::vector<std::int8_t> heat_;
    std::vector<float> shown_;  // cosine, [grid.count()], empty: none
    HeatScale scale_;  // of all latents, so that their colours compare; of the mean its own
    QImage picture_;
    QString reason_;  // why there is no picture
    QString hovered_;
    int latent_ = kMean;
};

// Mean over the latents, or one of them as cosine -1..1, [grid.count()]; empty when there is none.
std::vector<float> heatOf(PatchGrid grid, const std::vector<std::int8_t>& heat, int latent);
int latentCount(PatchGrid grid, const std::vector<std::int8_t>& heat);
HeatScale scaleOf(const std::vector<float>& heat);

}  // namespace lvr
