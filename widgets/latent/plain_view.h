#pragma once

#include <QImage>
#include <QWidget>

#include "widgets/latent/latent_state.h"

namespace lvr {

// The picture with the heat of one latent step, painted without OpenGL: what is shown where the
// ImGui panel cannot run. Always the first image, without zoom, small pictures and curves.
class PlainView : public QWidget {
    Q_OBJECT
public:
    // `reason` is shown under the picture. Trace and state stay the caller's and must outlive the
    // view; it says where the picture lies in the state.
    PlainView(const Trace& trace, LatentViewState& state, const QString& reason,
              QWidget* parent = nullptr);
    void setPicture(const Image& image);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

private:
    QRectF pictureRect() const;
    void point(const QMouseEvent& event, RegionPointer::Phase phase) const;
    QString caption() const;

    const Trace& trace_;
    LatentViewState& state_;
    QString reason_;
    QImage picture_;
};

}  // namespace lvr
