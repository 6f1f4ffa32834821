#pragma once

#include <QImage>
#include <QWidget>

#include "core/values/trace.h"
#include "widgets/heat.h"

namespace lvr {

// The picture with the heat of one latent step, painted without OpenGL: what is shown where the
// ImGui panel cannot run. Always the first image.
class PlainView : public QWidget {
    Q_OBJECT
public:
    // `reason` is shown under the picture. The trace stays the caller's and must outlive the view.
    PlainView(const Trace& trace, const QString& reason, QWidget* parent = nullptr);
    void setPicture(const Image& image);
    void selectStep(int step);  // index into latentSteps(); -1: none

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QRectF pictureRect() const;
    void paintHeat(QPainter& painter, const LatentStep& step) const;
    void paintRois(QPainter& painter) const;
    QString caption() const;

    const Trace& trace_;
    QString reason_;
    QImage picture_;
    int step_ = -1;
};

}  // namespace lvr
